"""NumPy's files, `.npy` and `.npz`: what an array is before its values are read, and its values.

Nothing is unpickled (numpy.lib.format describes the format; an array of Python objects is refused).
"""

from __future__ import annotations

import contextlib
import math
import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError
from .memory import allocate

MAGIC = b"\x93NUMPY"
_BLOCK = 1 << 22  # bytes that are read at a time
_DESCRIBED = 12


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
    if any(
        isinstance(size, bool) or size < 0 for size in header.shape
    ):  # NumPy takes True for a whole number
        raise DataError(f"{name} has a damaged head: its shape is {header.shape}.")
    if header.dtype.hasobject:
        raise DataError(
            f"{name} holds Python objects (pickle), which would run code and are not read; "
            "save it as numbers, or as strings with astype(str)."
        )
    return header


def read_values(
    stream: IO[bytes], header: Header, name: str, dtype: npt.DTypeLike | None = None
) -> np.ndarray:
    """The array behind a head that has been read, as it is stored or as another type of numbers.

    Some bytes at a time: no other copy is made, and a large array lies in a file (`allocate`). What is too
    large for float32 becomes infinite. Raises `DataError` where the values end early.
    """
    values = allocate(header.shape, dtype or header.dtype)
    if header.bytes == 0:
        return values
    target = values.T if header.columns_first else values  # as they follow each other in the file
    target = target if target.ndim else target.reshape(1)
    row = header.bytes // len(target)
    rows = max(1, _BLOCK // row)
    for start in range(0, len(target), rows):
        part = target[start : start + rows]
        content = stream.read(len(part) * row)
        _check_length(start * row + len(content), start * row + len(part) * row, name)
        with np.errstate(over="ignore"):
            part[...] = np.frombuffer(content, header.dtype).reshape(part.shape)
    return values


def read_blocks(stream: IO[bytes], header: Header, name: str) -> Iterator[np.ndarray]:
    """The rows of the array behind a head that has been read, some megabytes of them at a time.

    Only for arrays whose rows follow each other in the file, not for those with columns first. Raises
    `DataError` where the values end early.
    """
    count = header.shape[0]
    row = header.bytes // max(1, count)
    rows = max(1, _BLOCK // max(1, row))
    for start in range(0, count, rows):
        some = min(rows, count - start)
        content = stream.read(some * row)
        _check_length(start * row + len(content), (start + some) * row, name)
        yield np.frombuffer(content, header.dtype).reshape(some, *header.shape[1:])


class Arrays(ABC):
    """Arrays by their keys, read when they are asked for; `DataError` names the one that cannot be."""

    keys: list[str]

    @abstractmethod
    def name(self, key: str) -> str:
        """What messages call an array."""

    @abstractmethod
    def header(self, key: str) -> Header:
        """What its head says."""

    @abstractmethod
    def read(self, key: str, dtype: npt.DTypeLike | None = None) -> np.ndarray:
        """Its values, which may be read from the file in place; `dtype` is what they will become."""

    def blocks(self, key: str) -> Iterator[np.ndarray]:
        """Its rows in order, some megabytes at a time; nothing else of it is in memory."""
        header = self.header(key)
        if header.columns_first and len(header.shape) > 1:
            values = self.read(key)
            rows = max(1, _BLOCK * len(values) // max(1, header.bytes))
            for start in range(0, len(values), rows):
                yield np.ascontiguousarray(values[start : start + rows])
            return
        with self._stream(key) as stream:
            header = read_header(stream, self.name(key))
            yield from read_blocks(stream, header, self.name(key))
            stream.read(1)  # at the end of a zip's member its checksum is compared

    @abstractmethod
    def _stream(self, key: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """The file of an array, which it raises `DataError` for where it is damaged."""

    def described(self) -> str:
        """The keys with their types and shapes."""
        said = []
        for key in self.keys[:_DESCRIBED]:
            try:
                header = self.header(key)
            except DataError:  # it is said where it is read
                said.append(key)
            else:
                said.append(f"{key} {header.dtype} {header.shape}")
        more = f" and {len(self.keys) - _DESCRIBED} more" if len(self.keys) > _DESCRIBED else ""
        return ", ".join(said) + more or "nothing"


class ArchivedArrays(Arrays):
    """The arrays of an `.npz` file, a zip of `.npy` files; `open` it."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self._archive = path, archive
        self._members = {
            member.filename.removesuffix(".npy"): member
            for member in archive.infolist()
            if member.filename.endswith(".npy")
        }
        self.keys = list(self._members)

    @classmethod
    @contextlib.contextmanager
    def open(cls, path: Path, file: IO[bytes] | None = None) -> Iterator[ArchivedArrays]:
        """The arrays, until the context ends; `file` is what `path` names, where it is open already."""
        with contextlib.ExitStack() as opened:
            with _damage_named(str(path), "an .npz file", "numpy.savez"):
                archive = opened.enter_context(zipfile.ZipFile(file or path))
            yield cls(path, archive)

    def name(self, key: str) -> str:
        return f"{self.path}: {key}"

    def header(self, key: str) -> Header:
        with self._stream(key) as stream:
            return read_header(stream, self.name(key))

    def read(self, key: str, dtype: npt.DTypeLike | None = None) -> np.ndarray:
        name, member = self.name(key), self._members[key]
        with self._stream(key) as stream:
            header = read_header(stream, name)
            if header.bytes > member.file_size:  # before room is made for what is not there
                raise DataError(
                    f"{name} is damaged: its head promises {header.bytes:,} bytes; write it again."
                )
            values = read_values(stream, header, name, dtype)
            stream.read(1)  # at the end the zip's checksum is compared
        return values

    @contextlib.contextmanager
    def _stream(self, key: str) -> Iterator[IO[bytes]]:
        with (
            _damage_named(self.name(key), "an array", "numpy.savez"),
            self._archive.open(self._members[key]) as stream,
        ):
            yield stream


class ArrayFiles(Arrays):
    """`.npy` files by their keys; their values stay on the disk until they are looked at."""

    def __init__(self, files: Mapping[str, Path], file: IO[bytes] | None = None) -> None:
        """`file` is the one file, where it is open already."""
        self._files, self.keys, self._file = files, list(files), file

    def name(self, key: str) -> str:
        return str(self._files[key])

    def header(self, key: str) -> Header:
        with self._stream(key) as stream:
            return read_header(stream, self.name(key))

    def read(self, key: str, dtype: npt.DTypeLike | None = None) -> np.ndarray:
        name = self.name(key)
        with self._stream(key) as stream:
            header, offset = read_header(stream, name), stream.tell()
            _check_length(os.fstat(stream.fileno()).st_size - offset, header.bytes, name)
            if header.bytes == 0:
                return np.empty(header.shape, header.dtype)
            shape = header.shape[::-1] if header.columns_first else header.shape
            values: np.ndarray = np.memmap(stream, header.dtype, "r", offset, shape)
            return values.T if header.columns_first else values

    @contextlib.contextmanager
    def _stream(self, key: str) -> Iterator[IO[bytes]]:
        with _damage_named(self.name(key), "an .npy file", "numpy.save"):
            if self._file is not None:
                self._file.seek(0)
                yield self._file
            else:
                with self._files[key].open("rb") as stream:
                    yield stream


@contextlib.contextmanager
def _damage_named(name: str, what: str, written_by: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
    except Exception as error:  # damage anywhere; zipfile raises nearly anything for it
        reason = str(error).rstrip(".")
        raise DataError(
            f"{name} is not {what}, or is damaged ({reason}); {written_by} writes one."
        ) from error


def _check_length(found: int, wanted: int, name: str) -> None:
    if found < wanted:
        raise DataError(f"{name} ends early: {found:,} of {wanted:,} bytes; write it again.")
