"""Pictures or signals and their labels in NumPy's files: an .npz, or .npy files that lie together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ..errors import DataError
from . import array_pictures
from .arrays import ArrayPreprocessing
from .labels import class_positions
from .layout import PARTS
from .npy import ArchivedArrays, ArrayFiles, Arrays
from .signal_source import SignalSource
from .source import ArraySource, Source
from .subject import subject_of

Role = Literal["inputs", "labels", "classes"]

_SIGNALS = frozenset(["signal", "signals"])
_WORDS: dict[Role, frozenset[str]] = {
    "inputs": _SIGNALS | {"x", "image", "images", "picture", "pictures", "img", "imgs", "data", "pixels"},
    "labels": frozenset(["y", "label", "labels", "target", "targets"]),
    "classes": frozenset(("classes", "names")),
}
_PARTS = {word: part for part, words in PARTS.items() for word in words}
_ROWS = {2: ("X", "y"), 4: ("x_train", "y_train", "x_test", "y_test")}  # of arrays saved without names
_USUAL = (
    "x_train and y_train, train_images and train_labels, images and labels, signals and labels, or X and y "
    "(and x_test, val_images and so on)"
)


@dataclass
class Found:
    """What belongs to one data set: by part, the keys of its pictures or signals, and of its labels."""

    inputs: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    classes: str | None = None
    others: list[str] = field(default_factory=list)


def open_npz(path: Path, *, strict: bool = False) -> Source:
    """The data set in an .npz file; nothing in it is executed.

    Its keys are those of Keras (`x_train, y_train, x_test, y_test`), of MedMNIST (`train_images,
    train_labels, val_images, ...`), `images, labels`, `signals, labels`, `X, y`, or `arr_0, arr_1` (and
    `arr_2, arr_3` for the test); `classes` may name the classes. Raises `DataError` with the keys and shapes
    that were found.
    """
    with ArchivedArrays.open(path) as arrays:
        return _source(path.stem, arrays, find(arrays.keys, str(path)), str(path), strict=strict)


def open_npy(path: Path, *, strict: bool = False) -> Source:
    """The data set that an .npy file belongs to: with the labels, and other parts, beside it.

    `images.npy` has its labels in `labels.npy` or `y.npy`, `X_train.npy` in `y_train.npy`, `cats.npy` in
    `cats_labels.npy`. Its values are read from the file when they are needed.
    """
    together = _beside(path.parent)
    stem = path.stem
    if _role(stem)[1] != "inputs" and f"{stem}_images" not in together:
        together = {f"{stem}_images" if other == stem else other: file for other, file in together.items()}
        stem = f"{stem}_images"
    group = _role(stem)[2]
    mine = {key: file for key, file in together.items() if _role(key)[2] == group}
    if not any(_role(key)[1] == "labels" for key in mine):  # labels of no name in particular will do
        mine |= {
            key: file for key, file in together.items() if _role(key)[1:] in (("labels", ""), ("classes", ""))
        }
    found = find(list(mine), str(path.parent))
    if stem not in found.inputs.values() or not found.labels:
        lying = ", ".join(sorted(file.name for file in together.values()))
        raise DataError(
            f"{path} has no labels beside it: put them into {path.parent / 'labels.npy'}, or into one .npz "
            f"with the pictures ({_USUAL}). Beside each other lie {lying}."
        )
    name = path.stem if group else path.resolve().parent.name
    return _source(name, ArrayFiles(mine), found, str(path.parent), strict=strict)


def open_npy_folder(folder: Path, *, strict: bool = False) -> Source | None:
    """The data set of the .npy files in a folder, such as X_train.npy and y_train.npy, if there is one."""
    together = _beside(folder)
    found = find(list(together), str(folder))
    if not found.inputs or not found.labels:
        return None
    return _source(folder.resolve().name, ArrayFiles(together), found, str(folder), strict=strict)


def picture_blocks(arrays: Arrays, where: str) -> Iterator[tuple[str, np.ndarray]]:
    """The pictures in an .npz or .npy file, without labels: keys, and uint8 (n, H, W, C), some at a time.

    What the numbers stand for is told by all of them (`array_pictures`), so that those that are not bytes
    are read twice. Raises `DataError` where there are no pictures.
    """
    keys = input_keys(arrays, where)
    heads = {key: arrays.header(key) for key in keys}
    for key, head in heads.items():
        if is_signals(key, head.shape, head.dtype):
            raise DataError(f"{arrays.name(key)} holds signals, and the network takes pictures.")
    names = {key: arrays.name(key) for key in keys}
    laid = {key: array_pictures.shape_of(head.shape, head.dtype, names[key]) for key, head in heads.items()}
    array_pictures.check_alike(laid, names)
    factor = 1.0
    if any(head.dtype != np.uint8 for head in heads.values()):
        ends = [array_pictures.range_of(block, names[key]) for key in keys for block in arrays.blocks(key)]
        least, most = min(low for low, _ in ends), max(high for _, high in ends)
        kinds = {head.dtype.kind for head in heads.values()}
        factor = array_pictures.scale_of(kinds, least, most, " and ".join(names.values()))
    for key in keys:
        for block in arrays.blocks(key):
            yield key, array_pictures.scaled(array_pictures.height_width_channels(block, names[key]), factor)


def signal_blocks(
    arrays: Arrays, where: str, preprocessing: ArrayPreprocessing
) -> Iterator[tuple[str, np.ndarray]]:
    """The signals that a network takes, in an .npz or .npy file without labels: keys, and some at a time.

    Raises `DataError` for an array of others.
    """
    for key in input_keys(arrays, where):
        shape = arrays.header(key).shape
        if not preprocessing.takes(shape[1:]):
            preprocessing.check_shape(shape, arrays.name(key))
        if preprocessing.takes(shape):
            yield key, arrays.read(key)[None]
            continue
        for block in arrays.blocks(key):
            yield key, block


def input_keys(arrays: Arrays, where: str) -> list[str]:
    """The keys of pictures or signals: those of a usual name, or the only one. `DataError` where none is."""
    keys = arrays.keys if len(arrays.keys) == 1 else list(find(arrays.keys, where).inputs.values())
    if not keys:
        raise DataError(
            f"{where} has no pictures under a usual name: {_USUAL}. It holds {arrays.described()}."
        )
    return keys


def is_signals(key: str, shape: tuple[int, ...], dtype: np.dtype) -> bool:
    """Whether an array holds signals, by its name and its shape.

    One that is called `signals` does. One called `x` does where it is floats (N, length); with more axes it
    may be pictures as well, and is not taken for signals.

    >>> is_signals("test_signals", (9, 3, 50), np.dtype("i2")), is_signals("x", (9, 50), np.dtype("f4"))
    (True, True)
    >>> is_signals("x", (9, 28, 28), np.dtype("f4")), is_signals("x", (9, 784), np.dtype("u1"))
    (False, False)
    """
    words = _words(key)
    return not _SIGNALS.isdisjoint(words) or ("x" in words and len(shape) == 2 and dtype.kind == "f")


def find(keys: list[str], where: str) -> Found:
    """Which arrays are pictures or signals, labels and class names, by their names.

    >>> find(["x_train", "y_train", "x_test", "y_test"], "data.npz").inputs
    {'train': 'x_train', 'test': 'x_test'}
    >>> find(["images", "labels", "class_names"], "data.npz")
    Found(inputs={'train': 'images'}, labels={'train': 'labels'}, classes='class_names', others=[])
    """
    found = Found()
    unnamed = keys and all(re.fullmatch(r"arr_\d+", key) for key in keys)
    rows = _ROWS.get(len(keys), ())
    for key in keys:
        part, role, _ = _role(rows[int(key[4:])] if unnamed and int(key[4:]) < len(rows) else key)
        if role == "classes":
            found.classes = key
            continue
        named = {"inputs": found.inputs, "labels": found.labels}.get(role or "")
        if named is None:
            found.others.append(key)
        elif part in named:
            raise DataError(f"{where}: {named[part]} and {key} could both be the {part} {role}; keep one.")
        else:
            named[part] = key
    return found


def _role(key: str) -> tuple[str, Role | None, str]:
    """Part ("train" where none is said), role, and what else the name says."""
    part, rest = "train", []
    role: Role | None = None
    for word in _words(key):
        meant = next((one for one, known in _WORDS.items() if word in known), None)
        if word in _PARTS:
            part = _PARTS[word]
        elif word == "class":
            continue
        elif meant and (role is None or meant == "classes"):  # label_names are names
            role = meant
        else:
            rest.append(word)
    return part, role, " ".join(rest)


def _words(key: str) -> list[str]:
    """The words of a name, however they are put together: `X_train`, `trainX`, `xtrain`."""
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", key)]
    return [
        piece for word in words for piece in re.sub(f"^([xy])({'|'.join(_PARTS)})$", r"\1 \2", word).split()
    ]


def _beside(folder: Path) -> dict[str, Path]:
    try:
        return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".npy"}
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from error


def _source(name: str, arrays: Arrays, found: Found, where: str, *, strict: bool) -> Source:
    heads = {key: arrays.header(key) for key in found.inputs.values()}
    signals = any(is_signals(key, head.shape, head.dtype) for key, head in heads.items())
    noun = "signals" if signals else "pictures"
    _check_parts(found, noun, where, arrays)
    notes = []
    if found.others:
        passed_over = ", ".join(found.others)
        notes.append(f"arrays that are neither {noun} nor labels by name were passed over: {passed_over}.")
    classes = _class_names(arrays.read(found.classes), arrays.name(found.classes)) if found.classes else None
    labels = {part: arrays.read(found.labels[part]) for part in PARTS if part in found.labels}
    if signals:
        key = found.inputs["train"]
        if len(shape := heads[key].shape) == 2 and _SIGNALS.isdisjoint(_words(key)):
            notes.append(f"{key} of {name} has two axes, so it is taken for signals of 1×{shape[1]}.")
        given = {part: _numbers(arrays, found.inputs[part]) for part in labels}
        return SignalSource(given, labels, classes=classes, name=name, strict=strict, notes=notes)
    names = {part: arrays.name(key) for part, key in found.inputs.items()}
    images, dark = array_pictures.pictures({part: arrays.read(found.inputs[part]) for part in labels}, names)
    labelled = {part: arrays.name(key) for part, key in found.labels.items()}
    class_names, positions = class_positions(labels, classes, where=labelled)
    for part, pixels in images.items():
        if len(pixels) != len(positions[part]):
            raise DataError(
                f"{where}: {found.inputs[part]} has {len(pixels):,} pictures but {found.labels[part]} has "
                f"{len(positions[part]):,} labels; they do not belong together."
            )
    subject = subject_of(class_names, grey=images["train"].shape[3] == 1)
    return ArraySource(name, class_names, images, positions, subject=subject, notes=[*dark, *notes])


def _numbers(arrays: Arrays, key: str) -> np.ndarray:
    """As float32 where they are numbers; nothing else need then fill the memory."""
    return arrays.read(key, np.float32 if arrays.header(key).dtype.kind in "iuf" else None)


def _check_parts(found: Found, noun: str, where: str, arrays: Arrays) -> None:
    """Every part has inputs and labels, and there is one to train on."""
    fault = ""
    if not found.inputs:
        fault = f" has no pictures or signals under a usual name: {_USUAL}"
    elif "train" not in found.inputs:
        fault = f" has {' and '.join(found.inputs)} {noun} but none to train on"
    for one, two, what in ((found.inputs, found.labels, "labels"), (found.labels, found.inputs, noun)):
        missing = next((key for part, key in one.items() if part not in two), None)
        if missing and not fault:
            fault = f": there are no {what} for {missing}"
    if fault:
        raise DataError(f"{where}{fault}. It holds {arrays.described()}.")


def _class_names(array: np.ndarray, where: str) -> list[str] | list[int]:
    if array.ndim != 1 or array.dtype.kind not in "SUiu":
        raise DataError(f"{where} is {array.dtype} {array.shape}, but class names are strings in one row.")
    names: list[str] | list[int] = (
        np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else array
    ).tolist()
    return names
