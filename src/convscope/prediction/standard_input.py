"""What comes through standard input (`-`), told by its content: a picture, arrays, an archive, or paths."""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ..data import InputPreprocessing, Preprocessing
from ..data.archive_kind import is_tar, is_zip
from ..data.npy import MAGIC, ArrayFiles
from ..data.packed import packed_files
from ..data.pictures import MAX_BYTES
from ..data.stored import HeldFile
from ..data.unlabelled import arrays_in, elements, endings
from ..errors import DataError

MARK = "-"
NAME = "standard input"

_HEAD = 1 << 16
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LONGEST_PATH = 1 << 15


def read_standard_input(preprocessing: InputPreprocessing) -> Iterator[Any]:
    """The inputs that come through standard input; paths (`str`) where it is a list of these.

    Paths are one per line, or with NUL between them (`find -print0`), and read as they come. A zip or a file
    of arrays, which cannot be read from its beginning, is copied to a temporary file. Raises `DataError` for
    what is none of these.
    """
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise DataError(f"{NAME} is closed; give paths instead of {MARK}.")
    with io.BufferedReader(_Unclosed(stream), _HEAD) as file:
        head = file.peek(_HEAD)
        if not head:
            raise DataError(f"{NAME} is empty; pipe a picture, an archive or a list of paths into it.")
        yield from _told(file, head, preprocessing)


def _told(file: io.BufferedReader[Any], head: bytes, preprocessing: InputPreprocessing) -> Iterator[Any]:
    path = Path(NAME)
    if isinstance(preprocessing, Preprocessing) and _is_picture(head):
        yield HeldFile(NAME, file.read(MAX_BYTES + 1))
    elif head.startswith(MAGIC):
        yield from elements(path, ArrayFiles({"": path}, _copied(file)), preprocessing)
    elif is_zip(head):
        copy = _copied(file)
        if _holds_arrays(copy):
            yield from arrays_in(path, copy, preprocessing)
        else:
            yield from packed_files(path, copy, endings(preprocessing), preprocessing.noun)
    elif is_tar(head):
        yield from packed_files(path, file, endings(preprocessing), preprocessing.noun)
    else:
        yield from _paths(file)


def _is_picture(head: bytes) -> bool:
    return head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def _holds_arrays(file: IO[bytes]) -> bool:
    """Whether a zip is an .npz: its first member is an .npy file."""
    head = file.read(30)
    name = file.read(int.from_bytes(head[26:28], "little"))
    file.seek(0)
    return name.endswith(b".npy")


def _copied(file: IO[bytes]) -> IO[bytes]:
    copy = tempfile.TemporaryFile(prefix="convscope-")  # noqa: SIM115 (closed by who reads it)
    try:
        shutil.copyfileobj(file, copy)
        copy.seek(0)
    except OSError as error:
        copy.close()
        raise DataError(
            f"{NAME} has no room in {tempfile.gettempdir()} ({error.strerror or error}); "
            "set TMPDIR to a folder on a larger disk."
        ) from error
    return copy


def _paths(file: io.BufferedReader[Any]) -> Iterator[str]:
    """Lines, or what is between NULs, as they come."""
    waiting, first, nothing = b"", True, True
    separator = b""
    while part := file.read1(_HEAD):
        if first:
            part = part.removeprefix(b"\xef\xbb\xbf")
            first = False
        waiting += part
        if not separator:
            separator = b"\0" if b"\0" in waiting else b"\n" if b"\n" in waiting else b""
        if separator:
            *lines, waiting = waiting.split(separator)
            for path in _named(lines, separator):
                nothing = False
                yield path
        elif len(waiting) > _LONGEST_PATH:
            _refuse()
    for path in _named([waiting], separator):
        nothing = False
        yield path
    if nothing:
        raise DataError(f"{NAME} has no paths in it, only empty lines; give a path per line.")


def _named(lines: list[bytes], separator: bytes) -> Iterator[str]:
    for line in lines:
        text = os.fsdecode(line)
        if separator != b"\0":
            text = text.rstrip("\r")
            if any(character < " " and character != "\t" for character in text):
                _refuse()
        if len(text) > _LONGEST_PATH:
            _refuse()
        if text.strip():
            yield text


def _refuse() -> None:
    raise DataError(
        f"{NAME} is neither a picture, an .npy or .npz file, a zip or tar archive, nor a list of paths; "
        "give a path per line, or NUL between them."
    )


class _Unclosed(io.RawIOBase):
    """Standard input as bytes, which stays open behind us, for whoever asks a question there later."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._at = stream, 0

    def tell(self) -> int:
        return self._at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = getattr(self._stream, "read1", self._stream.read)
        content = read(len(buffer))
        buffer[: len(content)] = content
        self._at += len(content)
        return len(content)
