"""Pictures to begin with, that suit what a network takes."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

from ..data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from ..errors import DataError
from ..sample import sample_digits, sample_photo

SIDE, DIGIT = 28, 20  # of a picture, and of the digit in its middle, as MNIST has them
PHOTOS = ("china.jpg", "flower.jpg")

Sample = tuple[str, bytes]  # a file's name, and what is in it


def samples(preprocessing: InputPreprocessing) -> list[Sample]:
    """Handwritten digits for grey networks, photos for colour ones; curves as `.npy` files for signals."""
    if isinstance(preprocessing, ArrayPreprocessing):
        return signals(preprocessing)
    if not isinstance(preprocessing, Preprocessing):
        return []
    if preprocessing.channels == 3:
        return photos()
    large = min(preprocessing.height, preprocessing.width) >= DIGIT
    return digits(enlarged=large, dark=preprocessing.invert)


@cache
def photos() -> list[Sample]:
    """scikit-learn's two, those of them that are installed."""
    try:
        folder = sample_photo().parent
    except DataError:
        return []
    return [(name, (folder / name).read_bytes()) for name in PHOTOS if (folder / name).is_file()]


@cache
def digits(*, enlarged: bool, dark: bool = False) -> list[Sample]:
    """One of each of scikit-learn's digits as a PNG file, light on dark; with `dark`, dark ink on light.

    They are 8×8, or enlarged to the middle of 28×28.

    >>> [name for name, _ in digits(enlarged=True)][:2]
    ['digit-0.png', 'digit-1.png']
    """
    try:
        pictures = [Image.fromarray(digit) for digit in sample_digits()]
    except DataError:
        return []
    return [
        (f"digit-{digit}.png", _png(_enlarged(picture) if enlarged else picture, dark))
        for digit, picture in enumerate(pictures)
    ]


def signals(preprocessing: ArrayPreprocessing) -> list[Sample]:
    """A wave, a pulse and a step, later in each channel than in the one before, in the units of the training.

    >>> signals(ArrayPreprocessing(shape=(1, 128)))[0][0]
    'wave.npy'
    """
    channels, length = preprocessing.shape[0], preprocessing.shape[-1]
    late = np.arange(channels)[:, None] / (4 * channels)
    along = (np.arange(length) + 0.5) / length - late  # 0 to 1
    curves = {
        "wave": np.sin(2 * np.pi * 4 * along),
        "pulse": np.exp(-(((along - 0.5) / 0.05) ** 2)),
        "step": np.where(along < 0.5, -1.0, 1.0),
    }
    column = (channels, *(1 for _ in preprocessing.shape[1:]))
    mean = np.reshape(preprocessing.mean or (0.0,) * channels, column)
    std = np.reshape(preprocessing.std or (1.0,) * channels, column)
    return [
        (f"{name}.npy", _npy(mean + std * curve.reshape(channels, *column[2:], length), preprocessing.shape))
        for name, curve in curves.items()
    ]


def _npy(values: np.ndarray, shape: tuple[int, ...]) -> bytes:
    content = io.BytesIO()
    np.save(content, np.broadcast_to(values, shape).astype(np.float32))
    return content.getvalue()


def _enlarged(picture: Image.Image) -> Image.Image:
    frame = Image.new("L", (SIDE, SIDE))
    corner = (SIDE - DIGIT) // 2
    frame.paste(picture.resize((DIGIT, DIGIT), Image.Resampling.BICUBIC), (corner, corner))
    return frame


def _png(picture: Image.Image, dark: bool) -> bytes:
    content = io.BytesIO()
    (Image.fromarray(255 - np.asarray(picture)) if dark else picture).save(content, format="PNG")
    return content.getvalue()
