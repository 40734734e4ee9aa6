"""Pictures inside the page: small, and as data URIs, so that the page needs nothing beside it."""

from __future__ import annotations

import base64
import io

import numpy as np
import numpy.typing as npt
from PIL import Image

LARGEST = 224  # pixels on the longer side; twice what the page shows, for sharp screens


def data_uri(png: bytes) -> str:
    """
    >>> data_uri(b"png")
    'data:image/png;base64,cG5n'
    """
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def to_png(picture: npt.NDArray[np.uint8]) -> bytes:
    """PNG of a picture (height, width, channels) or (height, width), reduced when it is large.

    One channel is grey, three are RGB, four RGBA; of any other number the first is shown, in grey.

    >>> to_png(np.zeros((8, 8, 1), dtype=np.uint8))[:4]
    b'\\x89PNG'
    """
    if picture.ndim == 3 and picture.shape[2] not in (3, 4):
        picture = picture[:, :, 0]
    image = Image.fromarray(np.ascontiguousarray(picture))
    if max(image.size) > LARGEST:
        image.thumbnail((LARGEST, LARGEST))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
