"""What people give a widget as a picture, as numbers; and how these go to the page and come back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..data.pictures import read_picture
from ..errors import ShapeError, UsageError
from ..ops.arrays import as_array, as_kernel, as_numbers
from ..written_matrix import FILES, stored_matrix
from .words import typed_planes

MOST_CHANNELS = 64
OF_A_PHOTO = 16  # more rows and columns than that, and three or four numbers last

Sent = dict[str, Any]  # {"name", "kind": "picture" or "numbers", "shape": (C, ...), "data": bytes}


def numbers_of(given: Any) -> np.ndarray:
    """A picture as numbers: (length,), (height, width), or after channels.

    given: an array or nested lists, a Pillow image, a torch tensor, the path of a picture or of numbers
    (.npy, .csv), or typed numbers. uint8 arrays (height, width, 3 or 4), as Pillow and matplotlib have them,
    become (3, height, width). Raises `UsageError`, `DataError` and `ShapeError`.

    >>> numbers_of("1 2; 3 4").tolist(), numbers_of(np.zeros((20, 30, 3), np.uint8)).shape
    ([[1, 2], [3, 4]], (3, 20, 30))
    """
    if isinstance(given, str) and (typed := typed_planes(given)) is not None:
        return typed
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        if path.suffix.lower() in FILES:
            return as_numbers(stored_matrix(path), str(path))
        return _channels_first(np.asarray(read_picture(path, name=str(path))))
    if isinstance(given, Image.Image):
        if given.mode not in ("L", "RGB", "I;16", "I", "F"):
            given = given.convert("L" if given.mode in ("1", "LA") else "RGB")
        return _channels_first(np.asarray(given))
    array = _channels_first(as_kernel(as_array(given), "the picture"))
    _check_channels(array.shape)
    return array


def _check_channels(shape: tuple[int, ...]) -> None:
    if len(shape) != 3:
        return
    colours_last = shape[2] in (3, 4) and min(shape[:2]) > OF_A_PHOTO
    if colours_last or shape[0] > MOST_CHANNELS:
        looks = "looks like a photo whose colours come last" if colours_last else "has too many channels"
        raise ShapeError(
            f"the picture of shape {shape} {looks}; channels come first here, up to {MOST_CHANNELS} of them. "
            "Of a photo give np.moveaxis(photo, -1, 0), or a PIL image."
        )


def _channels_first(array: np.ndarray) -> np.ndarray:
    of_pillow = array.ndim == 3 and array.dtype == np.uint8 and array.shape[2] in (3, 4)
    if of_pillow and array.shape[0] not in (1, 3, 4):
        return np.ascontiguousarray(np.moveaxis(array[:, :, :3], -1, 0))
    return array


def sent(channels: np.ndarray, name: str) -> Sent:
    """Numbers (C, ...) for the page: bytes of a picture as bytes, all else as doubles."""
    picture = channels.dtype == np.uint8 and channels.ndim == 3 and _has_colours_of_a_file(channels)
    data = np.ascontiguousarray(channels if picture else channels.astype("<f8"))
    kind = "picture" if picture else "numbers"
    return {"name": name, "kind": kind, "shape": list(channels.shape), "data": data.tobytes()}


def _has_colours_of_a_file(channels: np.ndarray) -> bool:
    """One channel, or three; of three that are alike the page would make one."""
    return len(channels) == 1 or (len(channels) == 3 and bool((channels != channels[0]).any()))


def received(message: Sent) -> np.ndarray:
    """What the page has, (C, ...). Raises `UsageError` where the message is none of the page's.

    >>> received(sent(np.arange(6, dtype=np.uint8).reshape(1, 2, 3), "grey.png")).tolist()
    [[[0, 1, 2], [3, 4, 5]]]
    """
    try:
        kind = np.dtype(np.uint8 if message["kind"] == "picture" else "<f8")
        values = np.frombuffer(bytes(message["data"]), kind).reshape(message["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the page sent no picture: {error}.") from error
    if values.dtype != np.uint8 and values.size and (values % 1 == 0).all() and abs(values).max() < 2**53:
        return values.astype(np.int64)  # as they were typed
    return values.copy()
