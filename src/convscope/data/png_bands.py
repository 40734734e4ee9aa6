"""A large PNG decoded a few rows at a time, which Pillow itself cannot do.

Rows of a PNG are compressed one after the other, each stored as differences from the row above. So the first
rows are a smaller PNG by themselves; what follows is one too, when the row above it is put before it as it
is. Pillow decodes these twice: once as plain bytes, which undoes the differences (W3C, PNG 3rd edition, 9
Filtering), once as the pixels that they are, with depth, palette and transparency.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by colour type
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by bytes of a pixel, with 8 bits each
_MODES = {(8, 0): "L", (8, 2): "RGB", (8, 4): "LA", (8, 6): "RGBA"}  # by depth and colour type
_BAND = 1 << 22  # bytes of pixels decoded at a time
_CHUNK = 1 << 18


@dataclass(frozen=True)
class Head:
    """What the IHDR chunk says."""

    width: int
    height: int
    depth: int
    colour_type: int
    interlaced: bool

    @property
    def pixel_bytes(self) -> int:
        """The distance of the bytes that are stored as differences, at least 1."""
        return max(1, _SAMPLES[self.colour_type] * self.depth // 8)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, without the one that says how it is stored."""
        return (self.width * _SAMPLES[self.colour_type] * self.depth + 7) // 8

    @property
    def in_bands(self) -> bool:
        """Whether it can be read here: not interlaced, and not of 16 bits in colour."""
        return not self.interlaced and self.pixel_bytes in _COLOUR_TYPES


def read_head(head: bytes) -> Head:
    """The head of a PNG from its first 33 bytes."""
    width, height, depth, colour_type, _, _, interlace = struct.unpack(">IIBBBBB", head[16:29])
    return Head(width, height, depth, colour_type, bool(interlace))


def png_bands(content: bytes) -> Iterator[Image.Image]:
    """The picture from top to bottom, as Pillow images of some rows each.

    Raises `ValueError` or `zlib.error` where the file ends early or is damaged.
    """
    head = read_head(content[:33])
    colours = b"".join(_chunk(kind, data) for kind, data in chunks(content) if kind in (b"PLTE", b"tRNS"))
    rows = max(1, _BAND // head.row_bytes)
    above = bytes(head.row_bytes)
    stored = _Stored(content)
    for top in range(0, head.height, rows):
        count = min(rows, head.height - top)
        differences = stored.take(count * (1 + head.row_bytes))
        plain_head = (head.row_bytes // head.pixel_bytes, count + 1, 8, _COLOUR_TYPES[head.pixel_bytes])
        plain = _decoded(plain_head, b"\0" + above + differences).tobytes()
        pixels = memoryview(plain)[head.row_bytes :]  # below the row above
        above = bytes(pixels[-head.row_bytes :])
        mode = _MODES.get((head.depth, head.colour_type))
        if mode is not None and not colours:
            yield Image.frombytes(mode, (head.width, count), pixels)
            continue
        lines = b"".join(
            b"\0" + pixels[at : at + head.row_bytes] for at in range(0, len(pixels), head.row_bytes)
        )
        yield _decoded((head.width, count, head.depth, head.colour_type), lines, colours)


def chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and data of each chunk up to the end, checksums compared. Raises `ValueError` for a damaged
    one."""
    at, whole = len(SIGNATURE), memoryview(content)
    while True:
        if at + 12 > len(content):
            raise ValueError("it has no end")
        (length,) = struct.unpack(">I", whole[at : at + 4])
        kind, data = bytes(whole[at + 4 : at + 8]), whole[at + 8 : at + 8 + length]
        check = whole[at + 8 + length : at + 12 + length]
        if len(check) < 4 or struct.unpack(">I", check)[0] != zlib.crc32(data, zlib.crc32(kind)):
            raise ValueError(f"the checksum of a chunk {kind!r} is wrong")
        if kind == b"IEND":
            return
        yield kind, data
        at += 12 + length


class _Stored:
    """The rows as they are stored, decompressed when they are taken."""

    def __init__(self, content: bytes) -> None:
        self._compressed = (
            data[start : start + _CHUNK]
            for kind, data in chunks(content)
            if kind == b"IDAT"
            for start in range(0, len(data), _CHUNK)
        )
        self._decompressor = zlib.decompressobj()
        self._tail: bytes | memoryview = b""

    def take(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            if not self._tail:
                try:
                    self._tail = next(self._compressed)
                except StopIteration:
                    raise ValueError("its rows end early") from None
            taken += self._decompressor.decompress(self._tail, size - len(taken))
            self._tail = self._decompressor.unconsumed_tail
            if self._decompressor.eof and len(taken) < size:
                raise ValueError("its rows end early")
        return bytes(taken)


def _decoded(head: tuple[int, int, int, int], lines: bytes, colours: bytes = b"") -> Image.Image:
    """A PNG of its own with these lines, decoded."""
    whole = b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", *head, 0, 0, 0)),
            colours,
            _chunk(b"IDAT", zlib.compress(lines, 0)),
            _chunk(b"IEND", b""),
        )
    )
    image = Image.open(io.BytesIO(whole), formats=("PNG",))
    image.load()
    return image


def _chunk(kind: bytes, data: bytes | memoryview) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
