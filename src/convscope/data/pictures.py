"""Reading one picture file: by content, upright, and with a clear reason where it cannot be read."""

from __future__ import annotations

import io
import os
import stat
import threading
import warnings
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from PIL import Image

from ..errors import DataError
from . import large_pictures, small_jpeg
from .large_pictures import MAX_PIXELS
from .stored import StoredFile

#: What is read, told by content and never by the file's name.
#: (A JPEG may turn out to be "MPO", several in one.)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "TIFF", "PPM")
FORMAT_NAMES = "JPEG, PNG, GIF, BMP, WebP, TIFF or PPM"

#: In a folder, files with these endings are taken for pictures.
EXTENSIONS = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".mpo",
        ".png",
        ".apng",
        ".gif",
        ".bmp",
        ".dib",
        ".webp",
        ".tif",
        ".tiff",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
    ]
)

#: Longer files are refused before they are read into memory.
MAX_BYTES = 1 << 30

PictureFile = str | os.PathLike[str] | bytes | IO[bytes] | StoredFile

_PART = 1 << 20
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WARNINGS = threading.Lock()  # `catch_warnings` changes the state of the whole process


class Facts(NamedTuple):
    """What the head of a picture file says."""

    format: str  # "JPEG", "PNG", ...
    height: int  # upright, after the EXIF orientation
    width: int
    grey: bool


def read_picture(
    file: PictureFile, *, at_least: tuple[int, int] | None = None, name: str | None = None
) -> Image.Image:
    """One picture as people see it: mode "L" where it is grey, "RGB" otherwise, EXIF orientation applied.

    `file` is a path, the bytes of a file, an open binary file, or a file in an archive or a table. The
    first frame of an animation is used; transparent pixels are laid over white; CMYK becomes RGB; 16-bit
    values v become v / 257; float pictures are taken as 0..1 when nothing in them is above 1, else as
    0..255.
    `name` stands for the picture in messages where the file has none or another.

    `at_least` (height, width) allows a large JPEG to be decoded at a half, quarter or eighth of its
    size, never below the size given; a training and a prediction must pass the same value, and
    `Preprocessing.read` sees to that. With it, pictures of more than 80 million pixels are read at reduced
    size where their format allows it (`large_pictures`).

    Raises `DataError` with the path and the reason: missing, empty, text, truncated, too large.

    >>> image = Image.new("RGBA", (4, 2), (255, 0, 0, 0))
    >>> content = io.BytesIO()
    >>> image.save(content, format="PNG")
    >>> read_picture(content.getvalue()).getpixel((0, 0))  # transparent, so white
    (255, 255, 255)
    """
    name = name or _name(file)
    content = file_content(file, name)
    try:
        with _open(content, name) as image:
            pixels = image.width * image.height
            if at_least is None and pixels > MAX_PIXELS:
                raise DataError(_too_large(name, image.size, "so many are not read at their own size"))
            if at_least is not None and image.format in ("JPEG", "MPO"):
                upright = _orientation(image) < 5
                large_pictures.draft(image, at_least if upright else at_least[::-1])
            elif at_least is not None and pixels > MAX_PIXELS:
                return _reduced(content, image, at_least)
            return as_grey_or_rgb(_upright(image))
    except DataError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything for damaged content
        raise DataError(f"{name} ends early or is damaged ({_reason(error)}).") from error


def read_pixels(
    file: PictureFile, *, at_least: tuple[int, int], name: str | None = None
) -> np.ndarray | Image.Image:
    """`read_picture`, of small JPEGs as uint8 (H, W, 1 or 3)."""
    name = name or _name(file)
    content = file_content(file, name)
    pixels = small_jpeg.decoded(content, at_least)
    return read_picture(content, at_least=at_least, name=name) if pixels is None else pixels


def picture_facts(path: str | os.PathLike[str] | bytes | StoredFile) -> Facts:
    """Format, size and greyness of a picture file, or its bytes, from its head; pixels are not decoded.

    Raises `DataError` like `read_picture` for what the head already shows.
    """
    name = _name(path)
    file: IO[bytes]
    try:
        if isinstance(path, StoredFile | bytes):
            file = io.BytesIO(file_content(path, name))
        else:
            _check_ordinary(Path(path), name)
            file = Path(path).open("rb")  # noqa: SIM115 (closed below)
    except FileNotFoundError as error:
        raise DataError(f"there is no picture {name}.") from error
    except OSError as error:
        raise DataError(f"{name} cannot be opened: {error.strerror or error}.") from error
    with file:
        try:
            with _open(file, name) as image:
                height, width = image.height, image.width
                # Pillow reports a TIFF upright already, and would decode a PNG to look for a late EXIF block
                knows = image.format in ("JPEG", "MPO", "WEBP") or "exif" in image.info
                if knows and image.format != "TIFF" and _orientation(image) >= 5:
                    height, width = width, height
                return Facts(
                    "JPEG" if image.format == "MPO" else str(image.format), height, width, _grey(image)
                )
        except DataError:
            raise
        except Exception as error:
            raise DataError(f"{name} ends early or is damaged ({_reason(error)}).") from error


def as_grey_or_rgb(image: Image.Image) -> Image.Image:
    """`image` as mode "L" or "RGB" by the rules of `read_picture`.

    >>> as_grey_or_rgb(Image.new("I;16", (1, 1), 65535)).getpixel((0, 0))
    255
    """
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        return image
    mode = "L" if _grey(image) else "RGB"
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        if image.mode == "La":
            image = image.convert("LA")
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image).convert("RGB").convert(mode)
    if image.mode.startswith("I"):
        values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray(((values * 2 + 257) // 514).astype(np.uint8))  # round(value / 257)
    if image.mode == "F":
        levels = np.nan_to_num(np.asarray(image, dtype=np.float64), nan=0.0)
        if levels.max(initial=0.0) <= 1.0:
            levels = levels * 255
        return Image.fromarray(np.clip(np.floor(levels + 0.5), 0, 255).astype(np.uint8))
    if image.mode == "P":
        return image.convert("RGB").convert(mode)
    return image.convert(mode)


def _open(file: bytes | IO[bytes], name: str) -> Image.Image:
    """The picture with its head read and nothing decoded yet; `DataError` where it is too large to be."""
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image: Image.Image = Image.open(stream, formats=FORMATS)
            except Image.DecompressionBombError as error:
                large = large_pictures.open_large(stream)
                if large is None:
                    raise DataError(_too_large(name, None, large_pictures.OTHER_KIND)) from error
                image = large
    except DataError:
        raise
    except Exception as error:
        stream.seek(0)
        raise DataError(_not_a_picture(stream.read(4096), name)) from error
    reason = large_pictures.why_not(image, stream)
    if reason is not None:
        raise DataError(_too_large(name, image.size, reason))
    return image


def _reduced(content: bytes, image: Image.Image, at_least: tuple[int, int]) -> Image.Image:
    """A large PNG or TIFF, read a few rows at a time."""
    parts = map(as_grey_or_rgb, large_pictures.bands(content, image))
    turn = _UPRIGHT.get(large_pictures.orientation(content, image))
    width, height = large_pictures.stored_size(image)
    small = large_pictures.reduced(parts, width=width, height=height, at_least=at_least)
    return small if turn is None else small.transpose(turn)


def _too_large(name: str, size: tuple[int, int] | None, reason: str) -> str:
    extent = f"is {size[0]}×{size[1]} pixels" if size else "is too large"
    return f"{name} {extent}, more than {MAX_PIXELS // 10**6} million, and {reason}; shrink it first."


def _not_a_picture(head: bytes, name: str) -> str:
    if not head:
        return f"{name} is empty (0 bytes)."
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html")):
        return f"{name} is a web page (HTML), not a picture."
    try:
        # a multi-byte character may be cut at the end of what was read
        text = head.decode("utf-8", errors="strict" if len(head) < 4096 else "ignore")
    except UnicodeDecodeError:
        text = "\0"
    if all(character.isprintable() or character in "\r\n\t\f\ufeff" for character in text):
        return f"{name} is text, not a picture."
    return f"{name} is damaged or not a picture of a kind that is read ({FORMAT_NAMES})."


def _upright(image: Image.Image) -> Image.Image:
    image.load()  # first: a PNG's EXIF may follow its pixels, and Pillow turns a TIFF itself as it loads
    method = _UPRIGHT.get(_orientation(image))
    return image if method is None else image.transpose(method)


def _orientation(image: Image.Image) -> int:
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # broken EXIF: the picture itself may be sound
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _grey(image: Image.Image) -> bool:
    if image.mode in ("P", "PA"):
        order, entries = image.palette.getdata() if image.palette else ("", b"")
        if order not in ("RGB", "RGBA", "RGBX", "BGR", "BGRX") or not entries or len(entries) % len(order):
            return False
        colours = np.frombuffer(entries, dtype=np.uint8).reshape(-1, len(order))[:, :3]
        return bool((colours == colours[:, :1]).all())
    return image.mode in ("1", "L", "LA", "La", "I", "F") or image.mode.startswith("I;16")


def _name(file: PictureFile) -> str:
    if isinstance(file, bytes):
        return "the picture"
    if isinstance(file, (str, os.PathLike)):
        return os.fspath(file)
    if isinstance(file, StoredFile):
        return str(file)
    name = getattr(file, "name", None)
    return name if isinstance(name, str) else "the picture"


def file_content(file: PictureFile, name: str) -> bytes:
    """The bytes of a picture file. Raises `DataError` where it is missing, a folder, or too long."""
    if isinstance(file, bytes):
        content = file
    elif isinstance(file, StoredFile):
        content = file.read_bytes()
    elif isinstance(file, (str, os.PathLike)):
        try:
            content = _ordinary_content(os.fspath(file), name)
        except FileNotFoundError as error:
            raise DataError(f"there is no picture {name}.") from error
        except OSError as error:
            raise DataError(f"{name} cannot be opened: {error.strerror or error}.") from error
        except ValueError as error:  # a NUL in the path
            raise DataError(f"{name!r} is not a path: {error}.") from error
    else:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DataError(_too_long(name))
    return content


def _ordinary_content(path: str, name: str) -> bytes:
    """What a file holds, in as few calls as there can be: of small pictures each counts."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except PermissionError:
        if Path(path).is_dir():  # Windows says so of a folder
            raise DataError(f"{name} is a folder, not a picture.") from None
        raise
    try:
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            raise DataError(f"{name} is a folder, not a picture.")
        if not stat.S_ISREG(facts.st_mode):  # a pipe or a device may give bytes for ever, or none
            raise DataError(f"{name} is no ordinary file.")
        if facts.st_size > MAX_BYTES:
            raise DataError(_too_long(name))
        content = os.read(descriptor, facts.st_size)
        if len(content) == facts.st_size:
            return content
        parts = [content]
        while part := os.read(descriptor, _PART):  # in pieces, as network file systems may give it
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _check_ordinary(path: Path, name: str) -> None:
    """Raises `DataError` for a pipe or a device, which may give bytes for ever, or none."""
    if path.exists() and not path.is_file():
        raise DataError(f"{name} is no ordinary file.")


def _too_long(name: str) -> str:
    return f"{name} is longer than {MAX_BYTES >> 30} GiB, and is not read; shrink the picture first."


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
