"""What `convscope conv` is given: a picture, a matrix or a signal; and a kernel or a pool."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.pictures import read_picture
from ..errors import DataError, ShapeError, UnknownName, UsageError
from ..ops.kernels import kernel as named_kernel
from ..sample import sample_photo
from ..written_numbers import FILES, stored_matrix, typed_matrix
from .conv_shades import as_pixels, scaled
from .options import numbers_of, per_axis


@dataclass(frozen=True, eq=False)
class Input:
    """Numbers to be filtered, (channels, height, width) or (1, length)."""

    name: str
    channels: np.ndarray
    photo: bool  # from a picture file, 0 to 255
    typed: bool = False  # on the command line, so that its name says nothing

    @property
    def size(self) -> str:
        """Height and width, or the length, as text."""
        return "×".join(map(str, self.channels.shape[1:]))

    @property
    def kind(self) -> str:
        """What it is, in a word or two."""
        if self.photo:
            return "colour" if len(self.channels) == 3 else "grey"
        return "numbers"

    def picture(self) -> np.ndarray:
        """As uint8, (height, width) or (height, width, 3): a photo as it is, other numbers scaled."""
        return as_pixels(self.channels) if self.photo else scaled(self.channels)[0]


def read_input(text: str | None, *, grey: bool, crop: str | None) -> Input:
    """The input that a person named or typed; the sample photo where there is none."""
    given = _read(text, grey)
    if crop is None:
        return given
    part = numbers_of(crop, "--crop", "row, column, height and width such as 100,200,8,8")
    sizes = given.channels.shape[1:]
    if len(part) != 4 or len(sizes) != 2 or min(part[:2]) < 0 or min(part[2:]) < 1:
        raise UsageError(
            f"--crop {crop} should be row, column, height and width of a picture, such as 100,200,8,8."
        )
    row, column, height, width = part
    if row + height > sizes[0] or column + width > sizes[1]:
        raise ShapeError(
            f"--crop {crop} reaches beyond {given.name}, which has {sizes[0]}×{sizes[1]} pixels."
        )
    return replace(given, channels=given.channels[:, row : row + height, column : column + width])


def _read(text: str | None, grey: bool) -> Input:
    if text is None:
        path = sample_photo()
        return _picture(path, f"{path.name} (sample photo)", grey)
    if not text:
        raise UsageError("the picture has no name; leave it out for the sample photo.")
    if re.match("[a-z]{2,}://", text, re.IGNORECASE):
        raise UsageError(f"{text} is an address, and addresses are not read; download it, and name the file.")
    path = Path(text)
    if not _exists(path) and (typed := typed_matrix(text)) is not None:
        return replace(_matrix(typed, "the matrix" if typed.ndim > 1 else "the signal"), typed=True)
    if path.suffix.lower() in FILES:
        return _matrix(stored_matrix(path), str(path))
    return _picture(path, str(path), grey)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name
        return False


def _picture(path: Path, name: str, grey: bool) -> Input:
    image = read_picture(path, name=name)
    pixels = np.asarray(image.convert("L") if grey else image)
    return Input(name, np.ascontiguousarray(np.moveaxis(np.atleast_3d(pixels), -1, 0)), True)


def _matrix(numbers: np.ndarray, name: str) -> Input:
    if numbers.dtype.kind not in "biuf" or numbers.ndim not in (1, 2) or not numbers.size:
        raise DataError(
            f"{name} should be numbers in rows and columns, not {numbers.dtype} of shape {numbers.shape}."
        )
    if not np.isfinite(numbers).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
        raise DataError(f"{name} holds {numbers[place]} at {place}; it should hold finite numbers.")
    return Input(name, numbers[None], False)


def read_kernel(text: str, rank: int, *, option: str = "--kernel ") -> tuple[str, np.ndarray]:
    """A kernel by its name with settings (`gaussian:2`), typed, or in a file; and what to call it."""
    path = Path(text)
    if (typed := typed_matrix(text)) is not None:
        name, numbers = "the kernel", typed
    elif path.suffix.lower() in FILES:
        name, numbers = str(path), stored_matrix(path)
        if numbers.dtype.kind not in "biuf" or not np.isfinite(numbers).all():
            raise DataError(f"{path} should hold finite numbers.")
    else:
        word, *settings = text.split(":")
        try:
            name, numbers = text, named_kernel(word, *map(float, settings))
        except UnknownName as error:
            error.args = (f'{error} Or numbers such as "1 0 -1; 2 0 -2; 1 0 -1", or a .csv file.',)
            raise
        except ValueError as error:
            raise UsageError(
                f"{option}{shlex.quote(text)}: settings are numbers behind colons, such as gaussian:2."
            ) from error
    if rank == 2 and numbers.ndim == 1:
        numbers = numbers[None]
    if numbers.ndim != rank:
        raise ShapeError(
            f'{name} has the shape {numbers.shape}; a signal takes a kernel of one row such as "1 0 -1".'
            if rank == 1
            else f"{name} has the shape {numbers.shape}; a picture takes rows and columns."
        )
    return name, numbers


def padding_of(text: str) -> Any:
    """A name (valid, same, full), a number, or one down and one across."""
    return per_axis(text, "--padding") if text[:1] in "-0123456789" and text else text
