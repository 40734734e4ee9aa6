"""How the numbers of `convscope conv` become shades of a picture."""

from __future__ import annotations

import numpy as np

ROBUST = 0.99  # share of the magnitudes that are told apart in a robust picture


def scaled(channels: np.ndarray, *, robust: bool = False) -> tuple[np.ndarray, str]:
    """Any numbers, (channels, height, width) or (1, length), as uint8, and how they became shades.

    robust: the few largest magnitudes are cut off, which would leave all others nearly alike.

    >>> scaled(np.array([[[0, 4], [8, 10]]]))
    (array([[  0, 102],
           [204, 255]], dtype=uint8), '0 is black, 10 white')
    """
    numbers = channels.astype(np.float64)
    magnitudes = np.abs(numbers)
    largest = float(magnitudes.max())
    if largest == 0:
        return as_pixels(numbers), "all numbers are 0, which is black"
    end = float(np.quantile(magnitudes, ROBUST)) if robust else largest
    end = end or largest  # where nearly all are 0
    cut = int((magnitudes > end).sum())
    beyond = f"; {cut:,} of {numbers.size:,} were cut off there" if cut else ""
    if numbers.min() < 0:
        told = f"0 is mid-grey, {-end:.4g} black and {end:.4g} white{beyond}"
        return as_pixels(128 + numbers * (127 / end)), told
    return as_pixels(numbers * (255 / end)), f"0 is black, {end:.4g} white{beyond}"


def as_pixels(shades: np.ndarray) -> np.ndarray:
    """Shades, (channels, height, width) or (1, length), as uint8 (height, width) or (height, width, 3)."""
    shades = shades[:, None] if shades.ndim == 2 else shades
    pixels = np.moveaxis(np.clip(np.rint(shades), 0, 255).astype(np.uint8), 0, -1)
    return np.asarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
