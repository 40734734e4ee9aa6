"""How much colour there is in pictures, told from some of their pixels."""

from __future__ import annotations

import numpy as np

_LOOKED_AT = 32  # rows and columns of a picture of any size


def colourfulness(pictures: np.ndarray) -> np.ndarray:
    """About the `colour` of pictures, uint8 (N, H, W, 3) of any size, from about 32×32 pixels of each: (N,).

    >>> colourfulness(np.full((1, 500, 400, 3), (200, 90, 20), np.uint8))
    array([180.])
    """
    down, across = (max(1, length // _LOOKED_AT) for length in pictures.shape[1:3])
    some = pictures[:, down // 2 :: down, across // 2 :: across]
    red, green, blue = some[..., 0], some[..., 1], some[..., 2]
    largest = np.maximum(np.maximum(red, green), blue)
    mean: np.ndarray = (largest - np.minimum(np.minimum(red, green), blue)).mean(axis=(1, 2))
    return mean
