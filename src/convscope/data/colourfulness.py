"""How much colour there is in one picture, told from some of its pixels."""

from __future__ import annotations

import numpy as np

_LOOKED_AT = 64  # rows and columns of a picture of any size


def colourfulness(pixels: np.ndarray) -> float:
    """About the `colour` of one picture, uint8 (H, W, 3) of any size, from up to 64×64 of its pixels.

    >>> colourfulness(np.full((500, 400, 3), (200, 90, 20), np.uint8))
    180.0
    """
    down, across = (max(1, length // _LOOKED_AT) for length in pixels.shape[:2])
    some = pixels[down // 2 :: down, across // 2 :: across]
    return float((some.max(axis=2) - some.min(axis=2)).mean())
