"""Inputs without their classes: all that are in a folder, an archive, a list or a file of arrays.

They come one after the other, and none is read before it is asked for: any number takes the same memory.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from ..errors import DataError
from .archive import ArchivePath
from .archive_kind import SUFFIXES, is_archive
from .array_files import picture_blocks, signal_blocks
from .arrays import ArrayPreprocessing
from .input_preprocessing import InputPreprocessing
from .layout import picture_files, spelled
from .listing import ending, joined
from .lists import csv_rows
from .npy import ArchivedArrays, ArrayFiles, Arrays
from .opening import ARRAYS, LISTS, TABLES
from .packed import packed_files
from .pictures import EXTENSIONS
from .preprocessing import Preprocessing
from .stored import StoredFile
from .tables import parquet_rows


class Element(NamedTuple):
    """A picture or signal of an array: its name, such as "digits.npz/x_test/7", and its numbers."""

    name: str
    values: np.ndarray


_INTO = re.compile(rf"(?:{'|'.join(map(re.escape, (*SUFFIXES, *ARRAYS)))})[/\\]", re.IGNORECASE)
Unlabelled = str | Path | StoredFile | Element


def inputs_at(name: str, preprocessing: InputPreprocessing) -> Iterator[Unlabelled] | None:
    """Every input at a path, in order; None where it is itself a file to be read as one, or nothing.

    A folder is searched whole, in the order of the names, an archive in its own. A CSV or Parquet list needs
    no column for the class here, and an .npz or .npy file no labels. A path may lead into an archive or a
    file of arrays, to a folder or an input there. The iterator raises `DataError` where there is no input at
    all, or the rest cannot be read.
    """
    kind = ending(name)
    is_folder = os.path.isdir(name)  # noqa: PTH112 (a Path takes as long as all else)
    for into in _INTO.finditer(name):
        packed, within = name[: into.end() - 1], name[into.end() :]
        if within and os.path.isfile(packed):  # noqa: PTH113
            return _inside(packed, within, preprocessing)
    if kind in EXTENSIONS and not is_folder:  # most are
        return None
    path = Path(name)
    if is_folder:
        return _in_folder(path, preprocessing)
    if not path.exists():
        return None
    if is_archive(path):
        return iter(packed_files(path, None, endings(preprocessing), preprocessing.noun))
    if kind in LISTS or kind in TABLES:
        return _listed(path, preprocessing.noun)
    if kind in ARRAYS and not _is_one(path, preprocessing):
        return arrays_in(path, None, preprocessing)
    return None


def _inside(packed: str, within: str, preprocessing: InputPreprocessing) -> Iterator[Unlabelled]:
    """The inputs in a folder of an archive, or in an array of a file; or the one of a name."""
    parts = [part for part in re.split(r"[/\\]", within) if part not in ("", ".")]
    name = "/".join((str(Path(packed)), *parts))
    nothing = True
    for one in inputs_at(packed, preprocessing) or ():
        found = one.name if isinstance(one, Element) else str(one)
        if found == name:
            yield one
            return
        if found.startswith(f"{name}/"):
            nothing = False
            yield one
    if nothing:
        raise DataError(f"there is no {preprocessing.noun} {within} in {packed}.")


def endings(preprocessing: InputPreprocessing) -> frozenset[str]:
    """Those of the files that hold one input."""
    return EXTENSIONS if isinstance(preprocessing, Preprocessing) else frozenset([".npy"])


def arrays_in(path: Path, file: IO[bytes] | None, preprocessing: InputPreprocessing) -> Iterator[Element]:
    """The rows of the arrays in an .npz or .npy file; `file` is what `path` names, if it is open."""
    if path.suffix.lower() == ".npy":
        yield from elements(path, ArrayFiles({"": path}, file), preprocessing)
    else:
        with ArchivedArrays.open(path, file) as arrays:
            yield from elements(path, arrays, preprocessing)


def elements(path: Path, arrays: Arrays, preprocessing: InputPreprocessing) -> Iterator[Element]:
    """The rows of arrays that lie in a file at `path`."""
    if isinstance(preprocessing, ArrayPreprocessing):
        blocks = signal_blocks(arrays, str(path), preprocessing)
    else:
        blocks = picture_blocks(arrays, str(path))
    number, before = 0, None
    for key, values in blocks:
        number = number if key == before else 0
        before, stem = key, f"{path}/{key}/" if key else f"{path}/"
        for row in values:
            yield Element(f"{stem}{number}", row)
            number += 1


def _is_one(path: Path, preprocessing: InputPreprocessing) -> bool:
    """Whether a file of an array holds one signal, or cannot be read, which is said when it is."""
    if not isinstance(preprocessing, ArrayPreprocessing) or path.suffix.lower() != ".npy":
        return False
    try:
        shape = ArrayFiles({"": path}).header("").shape
    except DataError:
        return True
    return not preprocessing.takes(shape[1:]) or preprocessing.takes(shape)


def _listed(path: Path, noun: str) -> Iterator[Unlabelled]:
    rows = csv_rows if path.suffix.lower() in LISTS else parquet_rows
    empty = True
    for row in rows(path, labelled=False):
        empty = False
        assert not isinstance(row.picture, ArchivePath)
        yield row.picture
    if empty:
        raise DataError(f"{path} lists no {noun}s.")


def _in_folder(path: Path, preprocessing: InputPreprocessing) -> Iterator[str]:
    others: Counter[str] = Counter()
    before, within = None, ""
    for folder, name in picture_files(path, others, endings(preprocessing)):
        if folder is not before:
            before, within = folder, "" if str(folder) == os.curdir else str(folder)
        yield joined(within, name)
    if before is None:
        raise DataError(
            f"{path} has no {preprocessing.noun}s in it{f', but {spelled(others)}' if others else ''}."
        )
