"""Pictures as files: written as PNG, and read back as the network reads any file."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from ...data import Preprocessing


def as_file(preprocessing: Preprocessing, picture: np.ndarray) -> bytes:
    """PNG of what a network sees, uint8 (height, width, channels): `preprocessing.one` of it is `picture`.

    Where the preprocessing inverts, the file holds the inverse: the ink of a person's own picture.

    >>> inverting = Preprocessing(height=1, width=2, channels=1, invert=True)
    >>> seen = np.array([[[0], [200]]], np.uint8)
    >>> inverting.one(as_file(inverting, seen)).tolist()
    [[[0], [200]]]
    """
    pixels = given(preprocessing, picture)
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def given(preprocessing: Preprocessing, pictures: np.ndarray) -> np.ndarray:
    """Pictures in the polarity in which they were given, of those that a network sees."""
    return 255 - pictures if preprocessing.invert else pictures


def reread(preprocessing: Preprocessing, pictures: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, C) pictures through PNG files in memory and the preprocessing, as they come back."""
    with ThreadPoolExecutor() as pool:
        back = pool.map(lambda picture: preprocessing.one(as_file(preprocessing, picture)), pictures)
        return np.stack(list(back)) if len(pictures) else pictures
