"""Labels as people have them, whole numbers or names, as positions in a list of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import DataError

_NAMED = 5


def class_positions(
    labels: Mapping[str, np.ndarray], classes: Sequence[str] | None = None, *, where: str = "the data"
) -> tuple[tuple[str, ...], dict[str, np.ndarray]]:
    """The classes, and for each part int64 (N,) positions among them.

    `labels` has "train" and perhaps other parts: (N,) names, or whole numbers of any type, negative ones
    too. The classes are those of the training labels, sorted. With `classes`, labels are names among these or
    positions. Raises `DataError` for labels that are neither, that training does not have, or of one class.

    >>> class_positions({"train": np.array([7, -1, 7]), "test": np.array([-1.0])})
    (('-1', '7'), {'train': array([1, 0, 1]), 'test': array([0])})
    """
    plain = {part: _plain(values, f"the {part} labels of {where}") for part, values in labels.items()}
    if len({values.dtype.kind for values in plain.values()}) > 1:
        raise DataError(f"the labels of {where} are names in one part and numbers in another; use one kind.")
    known = np.unique(plain["train"])
    if classes is None:
        names = tuple(str(value) for value in known)
    else:
        names = tuple(map(str, classes))
        if len(set(names)) < len(names):
            raise DataError(f"the classes of {where} name one class twice: {', '.join(names)}.")
        known = np.arange(len(names)) if known.dtype.kind == "i" else np.array(names)
    if len(names) < 2:
        raise DataError(f"{where} has one class only, {', '.join(names)}; a classifier needs at least two.")
    order = np.argsort(known, kind="stable")
    positions = {}
    for part, values in plain.items():
        unknown = np.setdiff1d(values, known)
        if len(unknown):
            more = ", ..." if len(unknown) > _NAMED else ""
            raise DataError(
                f"the {part} labels of {where} have {', '.join(map(str, unknown[:_NAMED]))}{more}, which "
                f"{'is none of its classes' if classes is not None else 'the training labels have not'}."
            )
        positions[part] = order[np.searchsorted(known, values, sorter=order)].astype(np.int64)
    return names, positions


def _plain(values: np.ndarray, what: str) -> np.ndarray:
    """Labels as int64 or text."""
    values = np.asarray(values)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(f"{what} are an array {values.shape}; there should be one per input, (N,).")
    if len(values) == 0:
        raise DataError(f"{what} are empty.")
    kind = values.dtype.kind
    if kind == "S":
        try:
            return np.char.decode(values, "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(f"{what} are bytes that are no UTF-8; save them as text.") from error
    whole = np.isfinite(values) & (values == np.floor(values)) if kind == "f" else np.ones(len(values), bool)
    if kind == "f" and whole.all():
        return values.astype(np.int64)
    if kind in "iu":
        return values.astype(np.int64)
    if kind == "b":
        return values.astype(str)
    if kind != "U":
        example = "" if kind != "f" else f", such as {values[~whole][0]}"
        raise DataError(f"{what} are {values.dtype}{example}; they should be whole numbers or names.")
    return values
