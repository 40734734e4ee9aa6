"""Small grey versions of pictures, and short ones of signals, to compare many with many."""

from __future__ import annotations

import numpy as np

_BLOCK = 1024  # pictures at a time


def thumbnails(images: np.ndarray, side: int) -> np.ndarray:
    """uint8 (N, H, W, C) → grey float32 (N, h, w) of at most `side` × `side`: means of blocks of pixels.

    Signals (N, C, L) and arrays (N, C, H, W) of floats become means over pieces of their last axis, at most
    `side`² numbers per channel. What is left over at the far end is cut off.

    >>> thumbnails(np.full((2, 64, 40, 3), 9, np.uint8), 32).shape
    (2, 32, 20)
    """
    if images.dtype != np.uint8:
        return _pieces(images, side * side)
    height, width = images.shape[1:3]
    factor = -(-max(height, width) // side)
    factor = min(factor, height, width)
    small = np.empty((len(images), height // factor, width // factor), np.float32)
    for start in range(0, len(images), _BLOCK):
        grey = images[start : start + _BLOCK].mean(axis=3, dtype=np.float32)
        grey = grey[:, : small.shape[1] * factor, : small.shape[2] * factor]
        grey = grey.reshape(len(grey), small.shape[1], factor, small.shape[2], factor)
        small[start : start + _BLOCK] = grey.mean(axis=(2, 4))
    return small


def unit_rows(small: np.ndarray, *, floor: float = 0.0) -> np.ndarray:
    """(N, ...) → float32 (N, F): each without its mean, of length 1; shorter where it has little contrast.

    `floor` is a deviation that counts as little: noise of the sensor or of a JPEG.
    """
    rows = small.reshape(len(small), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    lengths = np.sqrt(np.einsum("nf,nf->n", rows, rows) + floor**2 * rows.shape[1])
    rows /= np.maximum(lengths, 1e-12)[:, None]
    return rows


def _pieces(signals: np.ndarray, most: int) -> np.ndarray:
    flat = signals.reshape(*signals.shape[:2], -1)
    piece = -(-flat.shape[2] // most)
    count = flat.shape[2] // piece
    pieces = flat[:, :, : count * piece].reshape(*flat.shape[:2], count, piece)
    means: np.ndarray = pieces.mean(axis=3, dtype=np.float32)
    return means
