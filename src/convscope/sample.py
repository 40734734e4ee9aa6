"""The pictures that are there without a download: scikit-learn's, found without importing it."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from .errors import DataError

NAME = "china.jpg"
DIGITS = "digits.csv.gz"  # a line of 64 values 0 to 16 and the label for each 8×8 picture


def sample_photo() -> Path:
    """Where the photo of a temple lies, 427×640 in colour. Raises `DataError` where it does not.

    >>> sample_photo().name
    'china.jpg'
    """
    path = _installed("images", NAME)
    if path is None:
        raise DataError(
            f"the sample photo {NAME} of scikit-learn is not installed; name a picture of your own."
        )
    return path


def sample_digits() -> list[np.ndarray]:
    """The first picture of each digit from 0 to 9 in the data set `digits`, uint8 (8, 8), light on dark.

    Raises `DataError` where they are not installed.

    >>> len(sample_digits()), sample_digits()[0].shape, int(sample_digits()[0].max())
    (10, (8, 8), 239)
    """
    path = _installed("data", DIGITS)
    if path is None:
        raise DataError(f"the digits {DIGITS} of scikit-learn are not installed; name a picture of your own.")
    found: dict[int, np.ndarray] = {}
    with gzip.open(path, "rt") as lines:
        for line in lines:
            *values, label = map(int, line.split(","))
            picture = (np.array(values).reshape(8, 8) * 255 + 8) // 16
            found.setdefault(label, picture.astype(np.uint8))
            if len(found) == 10:
                break
    return [found[digit] for digit in sorted(found)]


def _installed(kind: str, name: str) -> Path | None:
    spec = importlib.util.find_spec("sklearn")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "datasets" / kind / name
        if path.is_file():
            return path
    return None
