"""Small JPEGs, decoded by Pillow's decoder without Pillow's reading of the head, which takes as long again.

Of one of 32×32 pixels the decoder takes 21 µs, `Image.open` and an array of it 46 µs, and more than half of
that is Python, which only one thread runs at a time. Here the head is read for what decides how the pixels
look. Whatever is not ordinary is left to Pillow, as is all that cannot be decoded, so that the reasons are in
one place.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from .large_pictures import draft_scale

LONGEST = 1 << 16  # bytes, what Pillow hands its decoder at once
_MOST_SIDE = 512

# markers (ITU-T T.81, table B.1)
_START = b"\xff\xd8\xff"
_FRAMES = (0xC0, 0xC1, 0xC2)  # baseline, extended, progressive; all of Huffman's code
_SCAN = 0xDA
#: Tables, JFIF, Adobe's colours and comments, which the decoder reads itself.
_NO_MATTER = (0xC4, 0xDB, 0xDD, 0xE0, 0xEE, 0xFE)
_MODES = {1: "L", 3: "RGB"}


def decoded(content: bytes, at_least: tuple[int, int]) -> np.ndarray | None:
    """The pixels of an ordinary small JPEG, uint8 (H, W, 1 or 3); None for any other file.

    Ordinary is one of 8 bits without EXIF, in grey or colour. It is decoded at a half, quarter or eighth of
    its size where that leaves `at_least` (height, width), as `large_pictures.draft` has Pillow do it.
    """
    if len(content) > LONGEST or not content.startswith(_START):
        return None
    try:
        frame = _frame(content)
        if frame is None:
            return None
        height, width, mode = frame
        scale = draft_scale((height, width), at_least)
        height, width = math.ceil(height / scale), math.ceil(width / scale)
        core = Image.core.new(mode, (width, height))  # type: ignore[attr-defined]
        decoder = Image._getdecoder(mode, "jpeg", (mode, ""), (scale, 0))
        decoder.setimage(core, None)
        left, fault = decoder.decode(content)
        if left >= 0 or fault < 0:  # it ends early, or is damaged
            return None
        encoder = Image._getencoder(mode, "raw", (mode,), ())
        encoder.setimage(core, (0, 0, width, height))
        size = width * height * len(mode)
        values = encoder.encode(size)[2]
    except Exception:  # these are Pillow's inner parts, which another version may have changed
        return None
    if len(values) != size:
        return None
    return np.frombuffer(values, np.uint8).reshape(height, width, len(mode))


def _frame(content: bytes) -> tuple[int, int, str] | None:
    """Height, width and Pillow's mode; None where something in the head is not ordinary."""
    at, frame = 2, None
    while True:
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == _SCAN:
            return frame
        if marker in _FRAMES:
            height, width = content[at + 5] << 8 | content[at + 6], content[at + 7] << 8 | content[at + 8]
            mode = _MODES.get(content[at + 9])
            small = 0 < height <= _MOST_SIDE and 0 < width <= _MOST_SIDE
            if frame or content[at + 4] != 8 or not mode or not small:
                return None
            frame = height, width, mode
        elif marker not in _NO_MATTER:
            return None
        at += 2 + (content[at + 2] << 8 | content[at + 3])
