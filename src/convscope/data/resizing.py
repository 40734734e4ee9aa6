"""Resizing pictures held in arrays, many at a time, with Pillow's resampling.

Resampling is one pass over the columns and one over the rows, each rounded to 8 bits. Here the columns
always come first; Pillow itself takes the cheaper order, which depends on its version and moves a value
by one at most. Columns never mix pictures that are stacked one above the other, so one call does many;
rows are columns of the transposed.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

#: Pillow's bilinear filter: it averages over the whole covered area when a picture shrinks (antialiased)
#: and does not overshoot when it grows, so values stay within the picture's own.
RESAMPLING = Image.Resampling.BILINEAR

Resize = Literal["fit", "crop", "stretch"]

_STACKED_ROWS = 1 << 15


def resize(pictures: np.ndarray, *, height: int, width: int, mode: Resize) -> np.ndarray:
    """uint8 (N, h, w, C) within the frame (height, width): (N, H, W, C).

    With "crop" and "stretch" the result has the frame's size, with "fit" one of the two sides may be
    shorter. A side that keeps its length is not resampled.
    """
    if len(pictures) == 1:
        grey = pictures.shape[3] == 1
        image = Image.fromarray(np.ascontiguousarray(pictures[0, :, :, 0] if grey else pictures[0]))
        return resize_image(image, height=height, width=width, mode=mode)[None]
    natural_height, natural_width = pictures.shape[1:3]
    if mode == "fit":
        height, width = fit((natural_height, natural_width), (height, width))
    elif mode == "crop":
        crop_height, crop_width = fit((height, width), (natural_height, natural_width))
        top, left = (natural_height - crop_height) // 2, (natural_width - crop_width) // 2
        pictures = pictures[:, top : top + crop_height, left : left + crop_width]
    pictures = _resample_columns(pictures, width)
    return _resample_columns(pictures.transpose(0, 2, 1, 3), height).transpose(0, 2, 1, 3)


def resize_image(image: Image.Image, *, height: int, width: int, mode: Resize) -> np.ndarray:
    """`resize` of one picture that is a Pillow image "L" or "RGB": uint8 (H, W, C), with fewer copies."""
    if mode == "fit":
        height, width = fit((image.height, image.width), (height, width))
    elif mode == "crop":
        crop_height, crop_width = fit((height, width), (image.height, image.width))
        top, left = (image.height - crop_height) // 2, (image.width - crop_width) // 2
        image = image.crop((left, top, left + crop_width, top + crop_height))
    for size in ((width, image.height), (width, height)):  # the columns, and then the rows alone
        if image.size != size:
            image = image.resize(size, RESAMPLING)
    return np.asarray(image).reshape(height, width, -1)


def to_grey(pictures: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, 3) to (N, H, W, 1): ITU-R 601 luma, (299 R + 587 G + 114 B) / 1000."""
    count, height, width, _ = pictures.shape
    image = Image.fromarray(np.ascontiguousarray(pictures).reshape(count * height, width, 3))
    return np.asarray(image.convert("L")).reshape(count, height, width, 1)


def fit(size: tuple[int, int], frame: tuple[int, int]) -> tuple[int, int]:
    """The largest (height, width) in the proportions of `size` within `frame`, at least one pixel.

    >>> fit((375, 500), (64, 64))
    (48, 64)
    """
    height, width = size
    frame_height, frame_width = frame
    if width * frame_height >= height * frame_width:
        return max(1, (2 * height * frame_width + width) // (2 * width)), frame_width  # rounded half up
    return frame_height, max(1, (2 * width * frame_height + height) // (2 * height))


def _resample_columns(pictures: np.ndarray, width: int) -> np.ndarray:
    count, height, natural_width, channels = pictures.shape
    if width == natural_width:
        return pictures
    resampled = np.empty((count, height, width, channels), dtype=np.uint8)
    step = max(1, _STACKED_ROWS // height)
    for start in range(0, count, step):
        chunk = np.ascontiguousarray(pictures[start : start + step])
        stacked = chunk.reshape(len(chunk) * height, natural_width, channels)  # (n*H, w, C)
        image = Image.fromarray(stacked[:, :, 0] if channels == 1 else stacked)
        image = image.resize((width, len(stacked)), RESAMPLING)
        resampled[start : start + step] = np.asarray(image).reshape(len(chunk), height, width, channels)
    return resampled
