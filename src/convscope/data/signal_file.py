"""Signals and their labels in one file: `numpy.savez("set.npz", signals=..., labels=...)` writes it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

import numpy as np

from ..errors import DataError
from .layout import PARTS
from .npy import Header, read_floats, read_header, read_values
from .signal_source import SignalSource

KINDS = {"signals": "signals", "x": "x", "labels": "labels", "y": "labels"}
FORM = "numpy.savez(path, signals=..., labels=...) writes one"

_Read = TypeVar("_Read")


def is_signals(kind: str, shape: tuple[int, ...], dtype: np.dtype) -> bool:
    """Whether an array holds signals, by its name and its shape.

    One that is called `signals` does. One called `x` does where it is floats (N, length); with more axes it
    may be pictures as well, and is not taken for signals.

    >>> is_signals("signals", (9, 3, 50), np.dtype("i2")), is_signals("x", (9, 50), np.dtype("f4"))
    (True, True)
    >>> is_signals("x", (9, 28, 28), np.dtype("f4")), is_signals("x", (9, 784), np.dtype("u1"))
    (False, False)
    """
    return kind == "signals" or (kind == "x" and len(shape) == 2 and dtype.kind == "f")


def meaning(key: str) -> tuple[str, str] | None:
    """What an array's name says, kind and part; None where it says nothing.

    >>> meaning("signals"), meaning("x_test"), meaning("val_labels"), meaning("mean")
    (('signals', 'train'), ('x', 'test'), ('labels', 'validation'), None)
    """
    words = key.lower().split("_")
    kinds = [KINDS[word] for word in words if word in KINDS]
    parts = [part for word in words for part, names in PARTS.items() if word in names]
    if len(kinds) != 1 or len(kinds) + len(parts) != len(words) or len(parts) > 1:
        return None
    return kinds[0], parts[0] if parts else "train"


def holds_signals(path: Path) -> bool:
    """Whether a `.npz` file holds signals (`is_signals`); only the heads of its arrays are read.

    Raises `DataError` for a file that is damaged, or is none.
    """

    def look(archive: zipfile.ZipFile) -> bool:
        for key, member in _members(archive).items():
            said = meaning(key)
            if said and said[0] in ("signals", "x"):
                with archive.open(member) as stream:
                    header = read_header(stream, f"{key} of {path}")
                if is_signals(said[0], header.shape, header.dtype):
                    return True
        return False

    return _opened(path, look)


def open_signals(path: Path, *, strict: bool = False) -> SignalSource:
    """The signals and labels in a `.npz` file; `SignalSource` says what they may be.

    `signals` (or `x`) and `labels` (or `y`) are for training; with `train`, `val` and `test` before or behind
    (`x_train`, `test_signals`) they are of that part. `classes` may name the classes. Other arrays are named
    in a note. Numbers are read some at a time, so that nothing but float32 fills the memory. Raises
    `DataError` for what is missing, damaged or does not fit.
    """

    def read(archive: zipfile.ZipFile) -> SignalSource:
        signals: dict[str, np.ndarray] = {}
        labels: dict[str, np.ndarray] = {}
        classes, notes, others = None, [], []
        for key, member in _members(archive).items():
            name, said = f"{key} of {path}", meaning(key)
            if key == "classes":
                classes = _names(_read(archive, member, name, read_values), path)
                continue
            if said is None:
                others.append(key)
                continue
            kind, part = said
            arrays, values = (labels, read_values) if kind == "labels" else (signals, read_floats)
            if part in arrays:
                what = "labels" if kind == "labels" else "signals"
                raise DataError(f"{path} has two arrays of {part} {what}; leave one of them out.")
            arrays[part] = _read(archive, member, name, values)
            if said == ("x", "train") and arrays[part].ndim == 2:
                size = f"1×{arrays[part].shape[1]}"
                notes.append(f"{key} of {path.name} has two axes, so it is taken for signals of {size}.")
        if others:
            passed_over = ", ".join(others)
            notes.append(f"neither signals nor labels in {path.name}, and passed over: {passed_over}.")
        return SignalSource(signals, labels, classes=classes, name=path.stem, strict=strict, notes=notes)

    return _opened(path, read)


def _opened(path: Path, use: Callable[[zipfile.ZipFile], _Read]) -> _Read:
    try:
        with zipfile.ZipFile(path) as archive:
            return use(archive)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # damage anywhere in the archive; zipfile raises nearly anything for it
        raise DataError(f"{path} is not an .npz file, or is damaged ({error}); {FORM}.") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The arrays by their names."""
    return {
        member.filename.removesuffix(".npy"): member
        for member in archive.infolist()
        if member.filename.endswith(".npy")
    }


def _read(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    name: str,
    values: Callable[[IO[bytes], Header, str], np.ndarray],
) -> np.ndarray:
    with archive.open(member) as stream:
        header = read_header(stream, name)
        if header.bytes > member.file_size:  # before room is made for what is not there
            raise DataError(f"{name} is damaged: its head promises {header.bytes:,} bytes; write it again.")
        return values(stream, header, name)


def _names(classes: np.ndarray, path: Path) -> list[str]:
    if classes.ndim != 1 or classes.dtype.kind != "U":
        raise DataError(f"classes of {path} are {classes.dtype} {classes.shape}; they should be text, (N,).")
    return [str(name) for name in classes]
