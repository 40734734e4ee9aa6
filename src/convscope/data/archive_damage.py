"""What the readers of archives raise where one is damaged, and the sentence that a person gets."""

from __future__ import annotations

import contextlib
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator

from ..errors import DataError

DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError,
    struct.error, EOFError, NotImplementedError, ValueError, RuntimeError,
)  # fmt: skip


@contextlib.contextmanager
def damage_named(name: object) -> Iterator[None]:
    """Raises `DataError` where a whole archive is missing, cut off or damaged."""
    try:
        yield
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{name} is cut off, damaged or not a zip archive ({_reason(error)}); get it again."
        ) from error
    except DAMAGE as error:
        raise DataError(f"{name} is cut off or damaged ({_reason(error)}); get it again.") from error
    except OSError as error:
        if error.errno is None:  # of a decompressor
            raise DataError(f"{name} is cut off or damaged ({_reason(error)}); get it again.") from error
        raise DataError(f"{name} cannot be read: {error.strerror}.") from error


@contextlib.contextmanager
def member_damage_named(name: object) -> Iterator[None]:
    """Raises `DataError` where one file in an archive is damaged."""
    try:
        yield
    except (*DAMAGE, OSError) as error:
        raise DataError(f"{name} ends early or is damaged ({_reason(error)}).") from error


def _reason(error: BaseException) -> str:
    return str(error).rstrip(".") or "cut off"
