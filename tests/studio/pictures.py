"""Picture files made by hand, with what is hard about them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image


def png(pixels: np.ndarray, **settings: Any) -> bytes:
    """uint8 (H, W), (H, W, 3) or (H, W, 4), or uint16 (H, W), as Pillow writes it."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG", **settings)
    return content.getvalue()


def jpeg(pixels: np.ndarray, *, orientation: int = 1) -> bytes:
    """uint8 (H, W[, 3]) with an EXIF orientation."""
    content, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(content, format="JPEG", quality=95, exif=exif)
    return content.getvalue()


def written_png(pixels: np.ndarray) -> bytes:
    """A grey PNG from its specification: signature, IHDR, one IDAT of unfiltered rows, IEND."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Random bytes."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
