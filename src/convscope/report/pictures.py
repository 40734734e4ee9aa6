"""Pictures and signals inside the page: small, and as data URIs, so that the page needs nothing beside it."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..drawing.tiles import lines, to_png

SMALL = 96  # pixels of one among many in a table
LARGEST = 224  # pixels on the longer side; twice what the page shows, for sharp screens
LOSSLESS = 64  # pixels up to which a picture keeps each of them


def data_uri(image: bytes) -> str:
    r"""
    >>> data_uri(b"\x89PNG")
    'data:image/png;base64,iVBORw=='
    """
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(image).decode("ascii")


def of_record(record: npt.NDArray[Any], largest: int = LARGEST) -> bytes:
    """PNG or JPEG of a record: the picture, or the signal as lines."""
    if record.dtype == np.float32:
        return to_png(Image.fromarray(lines(record, width=largest, height=largest // 2)))
    return encoded(record, largest)


def encoded(picture: npt.NDArray[np.uint8], largest: int = LARGEST) -> bytes:
    """A picture (height, width, channels) or (height, width), reduced to `largest` pixels.

    One channel is grey, three are RGB, four RGBA; of any other number the first is shown, in grey. PNG; JPEG
    for RGB that is larger than `LOSSLESS`, as photos are.

    >>> encoded(np.zeros((8, 8, 1), dtype=np.uint8))[:4]
    b'\\x89PNG'
    """
    if picture.ndim == 3 and picture.shape[2] not in (3, 4):
        picture = picture[:, :, 0]
    image = Image.fromarray(np.ascontiguousarray(picture))
    if max(image.size) > largest:
        image.thumbnail((largest, largest))
    buffer = io.BytesIO()
    if image.mode == "RGB" and max(image.size) > LOSSLESS:
        image.save(buffer, format="JPEG", quality=90)
    else:
        image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
