"""Pictures without their classes: all that are in a folder, an archive, a list or a file of arrays."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import ConvscopeWarning, DataError
from .archive import is_archive, open_archive
from .array_files import picture_arrays
from .layout import Folder, Picture, picture_files, spelled
from .lists import csv_rows
from .opening import ARRAYS, LISTS, TABLES
from .tables import parquet_rows


class Pixels(NamedTuple):
    """A picture of an array: its name, such as "digits.npz/x_test/7", and uint8 (H, W, C)."""

    name: str
    pixels: np.ndarray


def pictures_in(path: Path) -> list[Picture] | list[Pixels] | None:
    """Every picture at a path, in order; None where it is itself a file to be read as a picture.

    A folder and an archive are searched whole, in the order of the names. A CSV or Parquet list needs no
    column for the class here, and an .npz or .npy file no labels. Raises `DataError` where there is no
    picture in it, or it cannot be read.
    """
    found: list[Picture] | list[Pixels]
    ending = path.suffix.lower()
    if path.is_dir():
        found = _files(path, path)
    elif not path.exists():
        return None
    elif is_archive(path):
        root = open_archive(path)
        found = _files(root, path)
        for note in root.archive.notes:
            warnings.warn(ConvscopeWarning("passed-over", f"{path}: {note}"), stacklevel=2)
    elif ending in LISTS:
        found = [row.picture for row in csv_rows(path, labelled=False)]
    elif ending in TABLES:
        found = [row.picture for row in parquet_rows(path, labelled=False)]
    elif ending in ARRAYS:
        found = [
            Pixels("/".join(filter(None, (str(path), key, str(number)))), pixels)
            for key, pictures in picture_arrays(path).items()
            for number, pixels in enumerate(pictures)
        ]
    else:
        return None
    if not found:
        raise DataError(f"{path} lists no pictures.")
    return found


def _files(folder: Folder, path: Path) -> list[Picture]:
    others: Counter[str] = Counter()
    found = picture_files(folder, others)
    if not found:
        raise DataError(f"{path} has no pictures in it{f', but {spelled(others)}' if others else ''}.")
    return found
