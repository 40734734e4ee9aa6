"""Which archive a file is: a zip, or a tar and how that is compressed, by its name or its first bytes."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

#: Bytes from the beginning of a file that tell all.
HEAD = 262

Opener = Callable[[IO[bytes]], Any]

_DECOMPRESSORS: dict[bytes, Opener] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": lambda file: bz2.BZ2File(file),
    b"\xfd7zXZ\x00": lambda file: lzma.LZMAFile(file),  # noqa: SIM115
}
_TAR_MARK = 257, b"ustar"  # where a tar's first head has it; those of before 1988 have none


def is_archive(path: Path) -> bool:
    """Whether the name is that of a zip or tar archive."""
    return path.name.lower().endswith(SUFFIXES)


def plain_name(path: Path) -> str:
    """The name of an archive without its ending.

    >>> plain_name(Path("data/photos.tar.gz"))
    'photos'
    """
    lower = path.name.lower()
    ending = max((suffix for suffix in SUFFIXES if lower.endswith(suffix)), key=len, default="")
    return path.name[: len(path.name) - len(ending)] or path.name


def is_zip(head: bytes, name: str = "") -> bool:
    """Whether a file that begins with `head` is a zip; before one named so there may lie a program."""
    return head.startswith(b"PK") or name.lower().endswith(".zip")


def is_tar(head: bytes) -> bool:
    """Whether a file that begins with `head` is a tar, compressed or not, as far as that shows.

    >>> is_tar(b"BZh91AY"), is_tar(b"PK")
    (True, False)
    """
    at, mark = _TAR_MARK
    return decompressor(head) is not None or head[at : at + len(mark)] == mark


def decompressor(head: bytes) -> Opener | None:
    """What unpacks the stream of a compressed tar; None where it is not compressed."""
    return next((opener for magic, opener in _DECOMPRESSORS.items() if head.startswith(magic)), None)
