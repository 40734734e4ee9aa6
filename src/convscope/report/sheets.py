"""Many records as few pictures: sheets of equal tiles, from which the page's script cuts them out."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..drawing.tiles import lines
from .content import Answer
from .selection import MOST_PIXELS, SMALLEST, at_most

MOST_BYTES = 2_600_000  # of all sheets, which are a third more in the page
LARGEST = 128  # pixels of a tile's longer side, where there are few
SIGNAL = (112, 56)  # width and height of a signal's tile
ACROSS, DOWN = 16, 16
BLOCK = (
    8  # pixels that JPEG compresses together: a tile begins with one, so that none has a neighbour's colours
)
QUALITY = 85


@dataclass(frozen=True)
class Sheets:
    """PNG or JPEG files of `ACROSS` × `DOWN` tiles each, of `count` records in order.

    A tile is `width` × `height` pixels, and the next one begins `pitch` (across, down) further.
    """

    files: tuple[bytes, ...]
    count: int
    width: int
    height: int
    pitch: tuple[int, int]


def make_sheets(answers: Sequence[Answer]) -> Sheets:
    """The records of the answers, as many as fit, small ones pixel for pixel.

    Grey ones as PNG and without a loss, colour as JPEG. All tiles have the proportions of the first record.
    """
    if not answers:
        return Sheets((), 0, 0, 0, (0, 0))
    signals, colour = answers[0].is_signal, any(_is_colour(answer) for answer in answers)
    height, width = SIGNAL[::-1] if signals else _tile(answers[0].record, len(answers))
    unit = BLOCK if colour else 1
    pitch = -(-width // unit) * unit, -(-height // unit) * unit
    files: list[bytes] = []
    size = shown = 0
    for start in range(0, len(answers), ACROSS * DOWN):
        part = answers[start : start + ACROSS * DOWN]
        tiles = [_tile_of(answer, width, height, colour) for answer in part]
        file = _encoded(_joined(tiles, pitch), lossless=signals or not colour)
        if size + len(file) > MOST_BYTES and files:
            break
        files.append(file)
        size, shown = size + len(file), shown + len(part)
    return Sheets(tuple(files), shown, width, height, pitch)


def _is_colour(answer: Answer) -> bool:
    return answer.is_signal or (answer.record.ndim == 3 and answer.record.shape[2] in (3, 4))


def _tile(record: npt.NDArray[np.generic], count: int) -> tuple[int, int]:
    """Height and width: as large as all of them fit, from `SMALLEST` to `LARGEST`."""
    height, width = record.shape[:2]
    side = math.isqrt(MOST_PIXELS * max(height, width) // (count * min(height, width)))
    return at_most(min(max(side, SMALLEST), LARGEST), height, width)


def _tile_of(answer: Answer, width: int, height: int, colour: bool) -> npt.NDArray[np.uint8]:
    if answer.is_signal:
        return lines(answer.record, width=width, height=height)
    record = answer.record
    if record.ndim == 3:
        record = record[:, :, :3] if record.shape[2] in (3, 4) else record[:, :, 0]
    if record.shape[:2] != (height, width):
        image = Image.fromarray(np.ascontiguousarray(record))
        record = np.asarray(image.resize((width, height), Image.Resampling.BOX))
    return np.repeat(record[:, :, None], 3, axis=2) if colour and record.ndim == 2 else record


def _joined(tiles: Sequence[npt.NDArray[np.uint8]], pitch: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Tiles in rows of `ACROSS`; what is between them goes on with the tile's last pixels."""
    height, width, *channels = tiles[0].shape
    rows, columns = -(-len(tiles) // ACROSS), min(len(tiles), ACROSS)
    stacked = np.zeros((rows * columns, height, width, *channels), np.uint8)
    stacked[: len(tiles)] = tiles
    gaps = ((0, 0), (0, pitch[1] - height), (0, pitch[0] - width), *[(0, 0)] * len(channels))
    grid = np.pad(stacked, gaps, mode="edge").reshape(rows, columns, pitch[1], pitch[0], *channels)
    return grid.swapaxes(1, 2).reshape(rows * pitch[1], columns * pitch[0], *channels)


def _encoded(pixels: npt.NDArray[np.uint8], *, lossless: bool) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    if lossless:
        image.save(buffer, format="PNG")
    else:
        image.save(buffer, format="JPEG", quality=QUALITY, subsampling=0)
    return buffer.getvalue()
