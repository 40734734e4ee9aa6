"""Labels as people have them, whole numbers or names, as positions in a list of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import DataError


def class_positions(
    labels: Mapping[str, np.ndarray],
    classes: Sequence[str] | Sequence[int] | None = None,
    *,
    where: Mapping[str, str],
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """The classes, and for each part int64 (N,) positions among them.

    `labels` has "train" and perhaps other parts: whole numbers of any type, or names, of shape (N,) or
    (N, 1), or one-hot rows (N, K). The classes are their values, sorted. With `classes`, labels are among
    these, or positions of names. `where` says what messages call each part's labels. Raises `DataError` for
    labels that are none, for a class that training does not have, and where there is one class only.

    >>> class_positions({"train": np.array([[7], [-1], [7]])}, where={"train": "y"})
    (('-1', '7'), {'train': array([1, 0, 1])})
    >>> class_positions({"train": np.array([1, 0])}, ["no", "yes"], where={"train": "y"})
    (('no', 'yes'), {'train': array([1, 0])})
    """
    flat = {part: _flat(values, where[part]) for part, values in labels.items()}
    text = {values.dtype.kind == "U" for values in flat.values()}
    if len(text) > 1:
        raise DataError(
            f"the labels of {' and '.join(where[part] for part in flat)} are numbers in one and text in the "
            "other."
        )
    trained = np.unique(flat["train"])
    known = trained if classes is None else np.array(classes)
    names = tuple(map(str, known.tolist()))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"the classes of {where['train']} have the name {twice!r} twice.")
    if text == {True}:
        known = np.array(names)
    elif known.dtype.kind == "U":
        known = np.arange(len(names))
    if len(names) < 2:
        raise DataError(
            f"{where['train']} has {f'one class only, {names[0]!r}' if names else 'no classes'}; "
            "a classifier needs at least two."
        )
    order = np.argsort(known, kind="stable")
    positions = {}
    for part, values in flat.items():
        present = np.unique(values)
        if classes is not None:
            _check_among(known, names, present, where[part])
        unseen = np.setdiff1d(present, trained).tolist()
        if unseen:
            raise DataError(
                f"{where[part]} has the label {unseen[0]!r}, which {where['train']} never has; "
                "there is nothing to learn it from."
            )
        positions[part] = order[np.searchsorted(known, values, sorter=order)].astype(np.int64)
    return names, positions


def _check_among(known: np.ndarray, names: Sequence[str], present: np.ndarray, where: str) -> None:
    unknown = np.setdiff1d(present, known).tolist()
    if unknown and np.array_equal(known, np.arange(len(names))):
        raise DataError(
            f"{where} has the label {unknown[0]}, but the {len(names)} class names are for 0 to "
            f"{len(names) - 1}."
        )
    if unknown:
        raise DataError(
            f"{where} has the label {unknown[0]!r}, which is not among the {len(names)} class names."
        )


def _flat(values: np.ndarray, where: str) -> np.ndarray:
    """Labels (N,) as int64, text or truth values."""
    values = np.asarray(values)
    kind, shape = values.dtype.kind, values.shape
    if values.ndim == 2 and shape[1] > 1 and kind in "buif":
        if not (np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()):
            raise DataError(
                f"{where} has labels {shape}: they are one number or name per input, or one-hot rows, and an "
                "input cannot have several classes here."
            )
        return np.asarray(values.argmax(axis=1), dtype=np.int64)
    if not (values.ndim == 1 or (values.ndim == 2 and shape[1] == 1)) or kind not in "buifSU":
        raise DataError(
            f"{where} has labels of {values.dtype} {shape}, but they are whole numbers or names, (N,) or "
            "(N, 1)."
        )
    flat = values.reshape(-1)
    if len(flat) == 0:
        raise DataError(f"{where} has no labels.")
    if kind == "S":
        try:
            return np.char.decode(flat, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{where} has labels of bytes that are no UTF-8; save them as text.") from error
    if kind == "f":
        wrong = flat[~np.isfinite(flat) | (flat != np.floor(flat))]
        if len(wrong):
            raise DataError(f"{where} has labels such as {wrong[0]:g}, but they are whole numbers or names.")
    return flat if kind in "Ub" else flat.astype(np.int64)
