"""The IDX files of MNIST and its relatives.

Big-endian: two zero bytes, a type (8 is unsigned byte), the number of dimensions, one 32-bit size
per dimension, then the values, last dimension fastest (Y. LeCun, http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import IO, Literal, Protocol

import numpy as np

from ..errors import DataError

_UNSIGNED_BYTE = 8
_CHUNK = 1 << 20
_MAX_BYTES = 1 << 34


class Openable(Protocol):
    """A path, or a file in an archive."""

    def open(self, mode: Literal["rb"]) -> IO[bytes]:
        """Its content as a stream."""
        ...


def read_idx(path: Openable, *, dimensions: int) -> np.ndarray:
    """The uint8 array in an IDX file, gzipped or not (told by content).

    `dimensions` is 3 for pictures (N, H, W) and 1 for labels (N,). Raises `DataError` with the path
    for a file that is missing, of another kind, truncated, damaged or too long.
    """
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if zipped else file
            return _read(stream, path, dimensions)  # type: ignore[arg-type]
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is damaged ({error}); download it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _read(stream: gzip.GzipFile, path: Openable, dimensions: int) -> np.ndarray:
    head_size = 4 + 4 * dimensions
    head = _up_to(stream, head_size)
    if len(head) >= 4 and head[:4] != bytes((0, 0, _UNSIGNED_BYTE, dimensions)):
        kind = "picture" if dimensions == 3 else "label"
        raise DataError(
            f"{path} is not an IDX {kind} file: it begins with {bytes(head[:4]).hex(' ')}, "
            f"not 00 00 08 {dimensions:02x}."
        )
    if len(head) < head_size:
        raise DataError(
            f"{path} ends early: {len(head):,} of at least {head_size:,} bytes; download it again."
        )
    shape = struct.unpack(f">{dimensions}I", head[4:])
    size = math.prod(shape)
    if size > _MAX_BYTES:
        raise DataError(f"{path} is damaged: its head promises {size:,} bytes; download it again.")
    values = _up_to(stream, size)
    if len(values) < size:
        raise DataError(
            f"{path} ends early: {head_size + len(values):,} of {head_size + size:,} bytes; "
            "download it again."
        )
    if _up_to(stream, 1):
        raise DataError(
            f"{path} is longer than the {head_size + size:,} bytes its head promises; download it again."
        )
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _up_to(stream: gzip.GzipFile, size: int) -> bytearray:
    """`size` bytes, or fewer where the stream ends; memory grows only with what is there."""
    content = bytearray()
    try:
        while len(content) < size:
            chunk = stream.read1(min(_CHUNK, size - len(content)))  # what there is before an error
            if not chunk:
                break
            content += chunk
    except EOFError:  # the gzip stream is cut off; what came before is counted
        pass
    return content
