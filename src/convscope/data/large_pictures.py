"""Pictures of more pixels than are decoded at once: read at reduced size, the whole in little memory."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import IO

from PIL import Image

from . import png_bands, tiff_bands

#: More pixels than this are never decoded at once (a decompression bomb, or a mistake).
MAX_PIXELS = 80_000_000
#: More than this are not read at all: it would take minutes.
MOST_PIXELS = 1_000_000_000
#: What the decoder of a JPEG in several scans may keep of the whole picture.
MAX_COEFFICIENT_BYTES = 1 << 30

OTHER_KIND = "this kind is not decoded in parts, as JPEG and PNG are"

_ORIENTATION = 0x0112

# markers of a JPEG (ITU-T T.81, table B.1)
_SCAN = 0xDA
_STANDALONE = {0x00, 0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}


def why_not(image: Image.Image, stream: IO[bytes]) -> str | None:
    """Why a picture with its head read from `stream` cannot be decoded in little memory; None if it can."""
    pixels = image.width * image.height
    if pixels <= MAX_PIXELS:
        return None
    if pixels > MOST_PIXELS:
        return f"more than {MOST_PIXELS // 10**6:,} million pixels are not read"
    if image.format in ("JPEG", "MPO"):
        if _coefficient_bytes(stream) <= MAX_COEFFICIENT_BYTES:
            return None
        return "a JPEG of this size is decoded in parts only where it is not progressive"
    if image.format == "PNG":
        stream.seek(0)
        if png_bands.read_head(stream.read(33)).in_bands:
            return None
        return "a PNG of this size is decoded in parts only where it is not interlaced, and colour has 8 bits"
    if image.format == "TIFF":
        if tiff_bands.in_bands(image.tag_v2):  # type: ignore[attr-defined]
            return None
        return "a TIFF of this size is decoded in parts only where it has small strips or tiles of integers"
    return OTHER_KIND


def draft(image: Image.Image, at_least: tuple[int, int]) -> None:
    """Have a JPEG decoded at a half, quarter or eighth of its size, at least (height, width) as it is stored.

    Where that would still be more than `MAX_PIXELS`, it becomes smaller than `at_least`.
    """
    scale = draft_scale((image.height, image.width), at_least)
    image.draft(None, (max(1, image.width // scale), max(1, image.height // scale)))


def draft_scale(size: tuple[int, int], at_least: tuple[int, int]) -> int:
    """By what `draft` divides the height and width of a JPEG: 1, 2, 4 or 8.

    >>> draft_scale((128, 200), (56, 56)), draft_scale((128, 200), (65, 65))
    (2, 1)
    >>> draft_scale((20_000, 20_000), (20_000, 20_000))  # 100 million pixels are too many still
    4
    """
    height, width = size
    spare = min(height // at_least[0], width // at_least[1])
    for scale in (8, 4, 2, 1):
        if scale <= spare:
            break
    while scale < 8 and math.ceil(width / scale) * math.ceil(height / scale) > MAX_PIXELS:
        scale *= 2
    return scale


def bands(content: bytes, image: Image.Image) -> Iterator[Image.Image]:
    """A large PNG or TIFF, as it is stored, from top to bottom."""
    if image.format == "PNG":
        return png_bands.png_bands(content)
    return tiff_bands.tiff_bands(content, image.tag_v2)  # type: ignore[attr-defined]


def stored_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as the pixels lie in the file; Pillow gives those of a TIFF when it is upright."""
    if image.format == "TIFF":
        tags = image.tag_v2  # type: ignore[attr-defined]
        return int(tags[256]), int(tags[257])
    return image.size


def orientation(content: bytes, image: Image.Image) -> int:
    """EXIF's orientation of a large PNG or TIFF, 1 where there is none; nothing is decoded for it."""
    value: object = 1
    if image.format == "TIFF":
        value = image.tag_v2.get(_ORIENTATION)  # type: ignore[attr-defined]
    for kind, data in png_bands.chunks(content) if image.format == "PNG" else ():
        if kind == b"eXIf":
            exif = Image.Exif()
            with contextlib.suppress(Exception):  # the picture itself may be sound
                exif.load(b"Exif\0\0" + bytes(data))
                value = exif.get(_ORIENTATION)
    return value if isinstance(value, int) else 1


def reduced(
    parts: Iterable[Image.Image], *, width: int, height: int, at_least: tuple[int, int]
) -> Image.Image:
    """Bands of one picture joined at 1/n of its size: each pixel is the mean of n × n.

    n is the largest that leaves both sides at least `at_least`, whichever way the picture is turned, and not
    more than `MAX_PIXELS`.

    >>> parts = [Image.new("L", (8, 3), 10), Image.new("L", (8, 5), 30)]
    >>> small = reduced(parts, width=8, height=8, at_least=(2, 2))
    >>> small.size, [small.getpixel((0, row)) for row in range(2)]
    ((2, 2), [15, 30])
    """
    factor = max(
        min(width, height) // max(at_least),
        math.ceil(math.sqrt(width * height / MAX_PIXELS)),
        1,
    )
    result: Image.Image | None = None
    waiting: list[Image.Image] = []  # less than n rows together
    top = 0
    for part in parts:
        if result is None:
            result = Image.new(part.mode, (-(-width // factor), -(-height // factor)))
        waiting.append(part)
        rows = sum(band.height for band in waiting)
        whole = rows // factor * factor
        if whole:
            band = _joined(waiting)
            result.paste(band.crop((0, 0, width, whole)).reduce(factor), (0, top))
            top += whole // factor
            waiting = [band.crop((0, whole, width, rows))] if whole < rows else []
    if result is None:
        raise ValueError("it has no rows")
    if waiting:
        result.paste(_joined(waiting).reduce(factor), (0, top))
    return result


def open_large(stream: IO[bytes]) -> Image.Image | None:
    """`Image.open` for the formats that are read at reduced size, without Pillow's own limit."""
    stream.seek(0)
    prefix = stream.read(16)
    for name in ("JPEG", "PNG", "TIFF"):
        factory, accept = Image.OPEN[name]
        if accept is not None and accept(prefix):
            stream.seek(0)
            return factory(stream, "")
    return None


def _joined(bands: list[Image.Image]) -> Image.Image:
    if len(bands) == 1:
        return bands[0]
    whole = Image.new(bands[0].mode, (bands[0].width, sum(band.height for band in bands)))
    top = 0
    for band in bands:
        whole.paste(band, (0, top))
        top += band.height
    return whole


def _coefficient_bytes(stream: IO[bytes]) -> int:
    """What a JPEG's decoder keeps of the whole picture: 2 bytes per sample where it comes in several
    scans."""
    stream.seek(2)
    samples = components = 0
    progressive = False
    while (marker := _next_marker(stream)) is not None:
        data = stream.read(max(0, int.from_bytes(stream.read(2), "big") - 2))
        if marker in _FRAMES:
            height, width = int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:5], "big")
            factors = [(byte >> 4, byte & 15) for byte in data[7::3]]  # across, down, of each component
            most = max(across for across, _ in factors) * max(down for _, down in factors)
            samples = width * height * sum(across * down for across, down in factors) // max(1, most)
            components, progressive = len(factors), marker in _PROGRESSIVE
        elif marker == _SCAN:
            return 2 * samples if progressive or data[0] < components else 0
    return 0


def _next_marker(stream: IO[bytes]) -> int | None:
    """The next marker of a JPEG that has a length and data behind it."""
    byte = stream.read(1)
    while byte:
        if byte != b"\xff":
            byte = stream.read(1)
            continue
        while byte == b"\xff":
            byte = stream.read(1)
        if byte and byte[0] not in _STANDALONE:
            return byte[0]
    return None
