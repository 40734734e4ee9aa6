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
from ..written_matrix import FILES, stored_matrix, typed_filters, typed_matrix
from .conv_shades import as_pixels, scaled
from .options import numbers_of, per_axis

COLOURS = ("red", "green", "blue")


@dataclass(frozen=True, eq=False)
class Input:
    """Numbers to be filtered, (channels, height, width) or (channels, length)."""

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
        return "numbers" if len(self.channels) == 1 else f"numbers in {len(self.channels)} channels"

    def channel_name(self, number: int) -> str:
        """What a channel is called; "" where there is one.

        >>> Input("a.png", np.zeros((3, 2, 2)), photo=True).channel_name(0)
        'the red channel'
        """
        if len(self.channels) == 1:
            return ""
        return f"the {COLOURS[number]} channel" if self.photo else f"channel {number}"

    def picture(self) -> np.ndarray:
        """As uint8, (height, width) or (height, width, 3): a photo as it is, other numbers scaled.

        Of several channels of numbers it is the first.
        """
        return as_pixels(self.channels) if self.photo else scaled(self.channels[:1])[0]


@dataclass(frozen=True, eq=False)
class Kernel:
    """Numbers to be slid, with what is added."""

    name: str
    numbers: np.ndarray  # as the picture's channels are, or (filters, channels, ...) of a layer
    is_layer: bool = False
    bias: np.ndarray | None = None  # (filters,)

    @property
    def filters(self) -> int:
        """How many there are."""
        return len(self.numbers) if self.is_layer else 1

    def with_bias(self, text: str) -> Kernel:
        """With a number for each filter, or one for all. Raises `UsageError` for another count."""
        try:
            numbers = typed_matrix(text)
        except UsageError:  # whose sentence is of rows
            numbers = None
        if numbers is None or numbers.ndim > 1 or len(numbers) not in (1, self.filters):
            each = f"{self.filters} numbers, one for each filter"
            wanted = "a number such as 0.5" if self.filters == 1 else each
            raise UsageError(f"--bias {shlex.quote(text)} should be {wanted}.")
        return replace(self, bias=np.broadcast_to(numbers, self.filters))


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
    if not _exists(path) and (typed := typed_filters(text)) is not None:
        if len(typed) > 1:
            raise UsageError(
                f'{shlex.quote(text)} has filters, apart by " // ", and a picture has channels: " / ".'
            )
        name = "the signal" if typed.ndim == 3 else "the matrix" if len(typed[0]) == 1 else "the array"
        return Input(name, typed[0], False, typed=True)
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
    if numbers.dtype.kind not in "biuf" or numbers.ndim not in (1, 2, 3) or not numbers.size:
        raise DataError(
            f"{name} should be numbers in rows and columns, or in (channels, rows, columns), not "
            f"{numbers.dtype} of shape {numbers.shape}."
        )
    if not np.isfinite(numbers).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
        raise DataError(f"{name} holds {numbers[place]} at {place}; it should hold finite numbers.")
    return Input(name, numbers if numbers.ndim == 3 else numbers[None], False)


def read_kernel(text: str, rank: int, *, option: str = "--kernel ") -> Kernel:
    """A kernel by its name with settings (`gaussian:2`), typed, or in a file; of a picture `rank` is 2."""
    path = Path(text)
    if (typed := typed_filters(text)) is not None:
        name, numbers = "the kernel", typed if rank == 1 or typed.ndim == 4 else typed[:, :, None]
    elif path.suffix.lower() in FILES:
        name, numbers = str(path), stored_matrix(path)
        if numbers.dtype.kind not in "biuf" or not np.isfinite(numbers).all():
            raise DataError(f"{path} should hold finite numbers.")
        if path.suffix.lower() == ".npy" and numbers.ndim == rank + 1:  # of one filter
            numbers = numbers[None]
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
    if numbers.ndim > 2 and numbers.shape[:2] == (1, 1):
        numbers = numbers[0, 0]
    if rank == 2 and numbers.ndim == 1:
        numbers = numbers[None]
    if numbers.ndim not in (rank, rank + 2):
        raise ShapeError(
            f'{name} has the shape {numbers.shape}; a signal takes a kernel of one row such as "1 0 -1".'
            if rank == 1
            else f"{name} has the shape {numbers.shape}; a picture takes rows and columns, with channels and "
            "filters before them."
        )
    return Kernel(name, numbers, numbers.ndim > rank)


def padding_of(text: str) -> Any:
    """A name (valid, same, full), a number, or one down and one across."""
    return per_axis(text, "--padding") if text[:1] in "-0123456789" and text else text
