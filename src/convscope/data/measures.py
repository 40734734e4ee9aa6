"""Figures of single pictures, or other arrays of numbers: how bright, on which ground, where the ink is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .input_preprocessing import InputPreprocessing
from .preprocessing import Preprocessing
from .resizing import to_grey

_BLOCK = 1 << 22  # numbers that are looked at in one go
_SUMMED = (2**32 - 1) // 255**2  # squares of bytes, which 32 bits hold the sum of

#: What stands out from the ground by this share of the largest difference is ink.
INK = 0.5

Measures = dict[str, np.ndarray]


def measures(
    preprocessing: InputPreprocessing, stored: np.ndarray, sizes: np.ndarray | None = None
) -> Measures:
    """Figures of each of what is stored, float64 (N,) by name.

    `mean` and `deviation` are of all numbers of one. Pictures have more, all without the borders that `fit`
    fills; `sizes` (N, 2) are heights and widths before the pictures were resized, without which there are no
    `aspect` and `enlarged`, and a picture is taken to fill its frame:

    - `ground`: the median of its outermost rows and columns, in grey
    - `extent`: the longer side of the box around its ink, as a share of the picture's side; `across`, `down`:
      where the middle of that box is, 0..1. Ink is what differs from the ground by at least half of the
      largest difference
    - `ink`: its mean level less the ground's, below 0 where it is darker. It and the box are NaN where
      nothing differs
    - `colour`, where there are three channels: the mean of the largest less the smallest
    - `aspect`: width over height; `enlarged`: how many times as large resizing made it

    >>> square = np.zeros((1, 4, 4, 1), np.uint8)
    >>> square[0, 1:3, 1:3] = 200
    >>> found = measures(Preprocessing(height=4, width=4, channels=1), square)
    >>> [(name, round(float(values[0]), 3)) for name, values in found.items()]
    [('mean', 50.0), ('deviation', 86.603), ('ground', 0.0), ('extent', 0.5), ('across', 0.5), ...]
    """
    if not isinstance(preprocessing, Preprocessing):
        return _in_blocks(_of_arrays, stored)
    if sizes is None:
        return _in_blocks(_of_pictures, stored)
    found: Measures = {}
    alike = _alike(preprocessing, sizes)
    for (top, left, height, width), rows in alike.items():
        within = stored[:, top : top + height, left : left + width]
        of_these = _in_blocks(_of_pictures, within[rows] if len(alike) > 1 else within)
        for name, values in of_these.items():
            found.setdefault(name, np.empty(len(stored)))[rows] = values
    heights, widths = sizes[:, 0], sizes[:, 1]
    found["aspect"] = widths / heights
    down, across = preprocessing.height / heights, preprocessing.width / widths
    found["enlarged"] = (
        np.minimum(down, across) if preprocessing.resize == "fit" else np.maximum(down, across)
    )
    return found


def _alike(preprocessing: Preprocessing, sizes: np.ndarray) -> dict[tuple[int, int, int, int], np.ndarray]:
    """The rows that lie at each place of the frame."""
    keys = sizes[:, 0].astype(np.int64) << 32 | sizes[:, 1]
    rows: dict[tuple[int, int, int, int], list[np.ndarray]] = {}
    for key in sorted(set(keys.tolist())):  # np.unique imports the whole of numpy.ma
        place = preprocessing.place((key >> 32, key & 0xFFFFFFFF))
        rows.setdefault(place, []).append(np.flatnonzero(keys == key))
    return {place: np.sort(np.concatenate(several)) for place, several in rows.items()}


def _in_blocks(of: Callable[[np.ndarray], Measures], stored: np.ndarray) -> Measures:
    step = max(1, _BLOCK // max(1, stored[:1].size))
    blocks = [of(stored[start : start + step]) for start in range(0, max(len(stored), 1), step)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _of_arrays(arrays: np.ndarray) -> Measures:
    rows = arrays.reshape(len(arrays), -1).astype(np.float64)
    return {"mean": rows.mean(axis=1), "deviation": rows.std(axis=1)}


def _of_pictures(pictures: np.ndarray) -> Measures:
    count, height, width, channels = pictures.shape
    rows = pictures.reshape(count, height * width * channels)
    size = rows.shape[1]
    kind = np.uint32 if size <= _SUMMED else np.int64
    total = rows.sum(axis=1, dtype=kind).astype(np.int64)
    squares = np.multiply(rows, rows, dtype=np.uint16).sum(axis=1, dtype=kind).astype(np.int64)
    found: Measures = {
        "mean": total / size,
        "deviation": np.sqrt(size * squares - total * total) / size,  # of integers, so exact
    }
    grey = (to_grey(pictures) if channels == 3 and count else pictures)[..., 0]
    found |= _figure(grey)
    if channels == 3:
        red, green, blue = (np.ascontiguousarray(pictures[..., channel]) for channel in range(3))
        largest = np.maximum(np.maximum(red, green), blue)
        smallest = np.minimum(np.minimum(red, green), blue)
        found["colour"] = (largest - smallest).reshape(count, -1).mean(axis=1)
    return found


def _figure(grey: np.ndarray) -> Measures:
    """The ground of grey pictures (N, H, W), the box around their ink, and how much lighter that is."""
    count, height, width = grey.shape
    sides = grey[:, 1:-1, 0], grey[:, 1:-1, -1]
    border = np.concatenate([grey[:, 0], grey[:, -1], *sides], axis=1)
    middle = border.shape[1] // 2
    ground = np.partition(border, middle, axis=1)[:, middle]
    level = ground[:, None, None]
    difference = np.maximum(grey, level) - np.minimum(grey, level)
    largest = difference.reshape(count, height * width).max(axis=1)
    ink = difference >= np.maximum(1, np.ceil(INK * largest)).astype(np.uint8)[:, None, None]
    top, bottom = _ends(ink.any(axis=2))
    left, right = _ends(ink.any(axis=1))
    level_of_ink = (grey * ink).sum(axis=(1, 2), dtype=np.int64) / ink.sum(axis=(1, 2)).clip(1)
    figure = {
        "extent": np.maximum((bottom - top) / height, (right - left) / width),
        "across": (left + right) / (2 * width),
        "down": (top + bottom) / (2 * height),
        "ink": level_of_ink - ground,
    }
    empty = largest == 0
    return {"ground": ground.astype(np.float64)} | {
        name: np.where(empty, np.nan, values) for name, values in figure.items()
    }


def _ends(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Along each row of (N, L), where the first that is true is, and the end of the last."""
    return found.argmax(axis=1), found.shape[1] - found[:, ::-1].argmax(axis=1)
