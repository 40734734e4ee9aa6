"""A large TIFF decoded a few rows at a time: each strip, or row of tiles, as a small TIFF of its own."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

_WIDTH, _HEIGHT, _BITS, _COMPRESSION = 256, 257, 258, 259
_SAMPLES, _ROWS_PER_STRIP, _PLANAR, _FORMAT = 277, 278, 284, 339
_STRIPS, _STRIP_BYTES, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 273, 279, 322, 323, 324, 325
_MEANING = (262, 266, 317, 320, 338, 347, 530, 531, 532)  # photometric, predictor, colours, JPEG, YCbCr ...
_KEPT = (_WIDTH, _BITS, _COMPRESSION, _SAMPLES, _PLANAR, _FORMAT, _TILE_WIDTH, _TILE_HEIGHT, *_MEANING)
_UNCOMPRESSED, _OLD_JPEG, _FLOAT = 1, 6, 3
_BAND = 1 << 22  # bytes of pixels decoded at a time, where strips are not larger
#: A strip or row of tiles of more pixels is refused: it could not be decoded without much memory.
MAX_BAND_PIXELS = 40_000_000

Tags = Mapping[int, Any]


def in_bands(tags: Tags) -> bool:
    """Whether it can be read here: the samples of a pixel together, integers, in small strips or tiles."""
    if (
        _one(tags, _PLANAR, 1) != 1
        or _one(tags, _FORMAT, 1) == _FLOAT
        or _one(tags, _COMPRESSION, 1) == _OLD_JPEG
    ):
        return False
    width = max(_one(tags, _WIDTH, 0), _one(tags, _TILE_WIDTH, 0))
    return width * _band_height(tags) <= MAX_BAND_PIXELS


def tiff_bands(content: bytes, tags: Tags) -> Iterator[Image.Image]:
    """The picture from top to bottom, as it is stored (not turned), as Pillow images of some rows each.

    `tags` is the directory of its first page. Raises `ValueError` or `OSError` where it is damaged.
    """
    width, height = _one(tags, _WIDTH, 0), _one(tags, _HEIGHT, 0)
    tiled = _TILES in tags
    offsets = _all(tags, _TILES if tiled else _STRIPS)
    sizes = _all(tags, _TILE_BYTES if tiled else _STRIP_BYTES)
    across = -(-width // _one(tags, _TILE_WIDTH, 1)) if tiled else 1
    rows = _one(tags, _TILE_HEIGHT, 1) if tiled else min(_one(tags, _ROWS_PER_STRIP, height), height)
    order = "<" if content[:2] == b"II" else ">"
    row_bytes = (width * sum(_bits(tags)) + 7) // 8
    whole_strips = tiled or _one(tags, _COMPRESSION, 1) != _UNCOMPRESSED
    together = max(1, _BAND // (rows * row_bytes)) if whole_strips else 1  # strips, or rows of tiles
    for top in range(0, height, together * rows):
        count = min(together * rows, height - top)
        first, number = top // rows * across, -(-count // rows) * across
        these = slice(first, first + number)
        pieces = [
            content[offset : offset + size] for offset, size in zip(offsets[these], sizes[these], strict=True)
        ]
        if len(pieces) < number or [len(piece) for piece in pieces] != sizes[these]:
            raise ValueError("a strip is missing")
        if whole_strips:
            yield _decoded(tags, order, count, rows, pieces)
            continue
        step = max(1, _BAND // row_bytes)
        for start in range(0, count, step):
            some = min(step, count - start)
            lines = pieces[0][start * row_bytes : (start + some) * row_bytes]
            yield _decoded(tags, order, some, some, [lines])


def _band_height(tags: Tags) -> int:
    height = _one(tags, _HEIGHT, 0)
    if _TILES in tags:
        return _one(tags, _TILE_HEIGHT, height)
    if _one(tags, _COMPRESSION, 1) == _UNCOMPRESSED:
        return 1
    return min(_one(tags, _ROWS_PER_STRIP, height), height)


def _decoded(tags: Tags, order: str, height: int, rows: int, pieces: list[bytes]) -> Image.Image:
    """A TIFF of its own with these strips or tiles, decoded."""
    tiled = _TILES in tags
    positions, at = [], 8
    for piece in pieces:
        positions.append(at)
        at += len(piece) + len(piece) % 2
    fields = {tag: _all(tags, tag) for tag in _KEPT if tag in tags}
    fields[_HEIGHT] = [height]
    fields[_TILES if tiled else _STRIPS] = positions
    fields[_TILE_BYTES if tiled else _STRIP_BYTES] = [len(piece) for piece in pieces]
    if not tiled:
        fields[_ROWS_PER_STRIP] = [rows]
    body = b"".join(piece + b"\0" * (len(piece) % 2) for piece in pieces)
    directory = _directory(fields, order, 8 + len(body))
    magic = b"II*\0" if order == "<" else b"MM\0*"
    whole = magic + struct.pack(order + "I", 8 + len(body)) + body + directory
    image = Image.open(io.BytesIO(whole), formats=("TIFF",))
    image.load()
    return image


def _directory(fields: Mapping[int, Any], order: str, start: int) -> bytes:
    """An image file directory that lies at `start`, and the values that do not fit into it behind it."""
    entries, behind = [], b""
    end = start + 2 + 12 * len(fields) + 4
    for tag, values in sorted(fields.items()):
        kind, count, data = _packed(values, order)
        if len(data) > 4:
            place = struct.pack(order + "I", end + len(behind))
            behind += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries.append(struct.pack(order + "HHI", tag, kind, count) + place)
    return struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4) + behind


def _packed(values: Any, order: str) -> tuple[int, int, bytes]:
    """TIFF's number for the type, the count, and the values."""
    if isinstance(values, bytes):
        return 7, len(values), values
    if all(isinstance(value, int) for value in values):
        wide = max(values) > 65535
        return (
            4 if wide else 3,
            len(values),
            struct.pack(f"{order}{len(values)}{'I' if wide else 'H'}", *values),
        )
    pairs = [number for value in values for number in (value.numerator, value.denominator)]
    return 5, len(values), struct.pack(f"{order}{len(pairs)}I", *pairs)


def _bits(tags: Tags) -> list[int]:
    bits = _all(tags, _BITS) if _BITS in tags else [1]
    samples = _one(tags, _SAMPLES, 1)
    return list(bits) if len(bits) >= samples else [bits[0]] * samples


def _all(tags: Tags, tag: int) -> Any:
    """The values of a tag as a list, or bytes."""
    value = tags[tag]
    return value if isinstance(value, bytes) else list(value) if isinstance(value, tuple) else [value]


def _one(tags: Tags, tag: int, default: int) -> int:
    return int(_all(tags, tag)[0]) if tag in tags else default
