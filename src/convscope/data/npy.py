"""The `.npy` format, head first: what an array is before its values are read, and numbers as float32.

Nothing is unpickled (numpy.lib.format describes the format; an array of Python objects is refused).
"""

from __future__ import annotations

import math
from typing import IO, NamedTuple

import numpy as np

from ..errors import DataError
from .memory import allocate

MAGIC = b"\x93NUMPY"
_BLOCK = 1 << 22  # bytes that are read at a time


class Header(NamedTuple):
    """What the head of an array in a file says."""

    shape: tuple[int, ...]
    columns_first: bool  # Fortran's order
    dtype: np.dtype

    @property
    def bytes(self) -> int:
        """How long the values are in the file."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(stream: IO[bytes], name: str) -> Header:
    """The head of the array that a stream is about to give; raises `DataError` naming the array.

    >>> import io
    >>> stream = io.BytesIO()
    >>> np.save(stream, np.zeros((2, 3)))
    >>> _ = stream.seek(0)
    >>> read_header(stream, "a.npy")
    Header(shape=(2, 3), columns_first=False, dtype=dtype('float64'))
    """
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    start = stream.read(len(MAGIC) + 2)
    if not start.startswith(MAGIC):
        raise DataError(f"{name} is {'empty' if not start else 'no .npy file'}; numpy.save writes one.")
    version = tuple(start[len(MAGIC) :])
    try:
        header = Header(*read[version](stream))  # type: ignore[index]
    except Exception as error:  # NumPy reads it as Python's literals, which fail in many ways
        raise DataError(f"{name} has a damaged head; write it again with numpy.save.") from error
    if min(header.shape, default=0) < 0:
        raise DataError(f"{name} has a damaged head: its shape is {header.shape}.")
    if header.dtype.hasobject:
        raise DataError(
            f"{name} holds Python objects (a pickle, which could run code); save an array of numbers or text."
        )
    return header


def read_values(stream: IO[bytes], header: Header, name: str) -> np.ndarray:
    """The array behind a head that has been read, of the type it is stored as."""
    content = stream.read(header.bytes)
    _check_length(len(content), header.bytes, name)
    if not content:
        return np.empty(header.shape, header.dtype)
    order: str = "F" if header.columns_first else "C"
    return np.frombuffer(content, header.dtype).reshape(header.shape, order=order)  # type: ignore[call-overload, no-any-return]


def read_floats(stream: IO[bytes], header: Header, name: str) -> np.ndarray:
    """The numbers behind a head as float32, some at a time: no other copy of them is made.

    What is too large for float32 becomes infinite. Raises `DataError` for what is no numbers, or ends early.
    """
    if header.dtype.kind not in "iuf":
        raise DataError(f"{name} is an array of {header.dtype}, not of real numbers.")
    floats = allocate(header.shape, np.float32)
    target = floats.T if header.columns_first else floats  # as the values follow each other in the file
    row = math.prod(target.shape[1:]) * header.dtype.itemsize
    rows = max(1, _BLOCK // max(row, 1))
    for start in range(0, len(target), rows):
        part = target[start : start + rows]
        content = stream.read(len(part) * row)
        _check_length(start * row + len(content), start * row + len(part) * row, name)
        with np.errstate(over="ignore"):
            part[...] = np.frombuffer(content, header.dtype).reshape(part.shape)
    return floats


def _check_length(found: int, wanted: int, name: str) -> None:
    if found < wanted:
        raise DataError(f"{name} ends early: {found:,} of {wanted:,} bytes; write it again.")
