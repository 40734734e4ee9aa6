"""Pictures to begin with, that suit what a network takes."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

from ..data import InputPreprocessing, Preprocessing
from ..errors import DataError
from ..sample import sample_digits, sample_photo

SIDE, DIGIT = 28, 20  # of a picture, and of the digit in its middle, as MNIST has them
PHOTOS = ("china.jpg", "flower.jpg")

Sample = tuple[str, bytes]  # a file's name, and what is in it


def samples(preprocessing: InputPreprocessing) -> list[Sample]:
    """Handwritten digits for grey networks, photos for colour ones; nothing for signals."""
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


def _enlarged(picture: Image.Image) -> Image.Image:
    frame = Image.new("L", (SIDE, SIDE))
    corner = (SIDE - DIGIT) // 2
    frame.paste(picture.resize((DIGIT, DIGIT), Image.Resampling.BICUBIC), (corner, corner))
    return frame


def _png(picture: Image.Image, dark: bool) -> bytes:
    content = io.BytesIO()
    (Image.fromarray(255 - np.asarray(picture)) if dark else picture).save(content, format="PNG")
    return content.getvalue()
