"""How much colour there is in one picture, told from some of its pixels."""

from __future__ import annotations

import numpy as np

_LOOKED_AT = 32  # rows and columns of a picture of any size


def colourfulness(pixels: np.ndarray) -> float:
    """About the `colour` of one picture, uint8 (H, W, 3) of any size, from about 32×32 of its pixels.

    >>> colourfulness(np.full((500, 400, 3), (200, 90, 20), np.uint8))
    180.0
    """
    down, across = (max(1, length // _LOOKED_AT) for length in pixels.shape[:2])
    some = pixels[down // 2 :: down, across // 2 :: across]
    red, green, blue = some[..., 0], some[..., 1], some[..., 2]
    largest = np.maximum(np.maximum(red, green), blue)
    return float((largest - np.minimum(np.minimum(red, green), blue)).mean())
