"""Numbers as shades of grey, and as text for a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ..steps import WHOLE


def shades(values: np.ndarray) -> np.ndarray:
    """Any numbers as uint8 greys of the same shape.

    With negative ones among them 0 is mid-grey, and the largest magnitude black or white. Without, 0 is
    black, and white is 255 where that is enough, 1 for fractions, else the largest number. NaN counts as 0.

    >>> shades(np.array([-2.0, 0.0, 1.0])), shades(np.array([0.0, 0.5])), shades(np.array([0, 510]))
    (array([  1, 128, 192], dtype=uint8), array([  0, 128], dtype=uint8), array([  0, 255], dtype=uint8))
    """
    if values.dtype == np.uint8:
        return values
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    least, most = float(numbers.min(initial=0.0)), float(numbers.max(initial=0.0))
    if least < 0:
        return np.rint(128 + numbers * (127 / max(-least, most))).astype(np.uint8)
    fractions = values.dtype.kind == "f" and most <= 1
    white = 1.0 if fractions else max(255.0, most)
    return np.rint(numbers * (255 / white)).astype(np.uint8)


def fitted(greys: np.ndarray, most: int) -> tuple[np.ndarray, float]:
    """A picture (height, width) as large as `most` pixels allow, and how much larger it got.

    Small ones keep their pixels as squares; large ones are averaged.

    >>> fitted(np.zeros((2, 3), np.uint8), 9)[0].shape, fitted(np.zeros((90, 30), np.uint8), 9)[0].shape
    ((6, 9), (9, 3))
    """
    side = max(greys.shape[:2])
    if side <= most:
        factor = most // side
        return greys.repeat(factor, axis=0).repeat(factor, axis=1), float(factor)
    scale = most / side
    height, width = (max(1, round(n * scale)) for n in greys.shape[:2])
    return np.asarray(Image.fromarray(greys).resize((width, height), Image.Resampling.BOX)), scale


def cell_text(number: Any, digits: int = 3) -> str:
    """A number for a cell: whole ones whole, others with `digits` significant digits or all before the point.

    >>> [cell_text(x) for x in (np.int64(-1020), 12663.0, 0.125, 1 / 3, 1234.5, -0.0, 1e-9, np.nan)]
    ['-1020', '12663', '0.125', '0.333', '1234', '0', '1e-9', 'nan']
    """
    value = float(number)
    if abs(value) < WHOLE and value.is_integer():
        return str(int(value))
    if digits <= 3:  # little room: no longer behind the point
        digits = max(1, digits - (abs(value) < 0.1))
    text = f"{value:.0f}" if 10**digits <= abs(value) < WHOLE else f"{value:.{digits}g}"
    return text.replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
