"""The members of a zip or tar archive, one after the other as they lie in it, and what of them is read.

Neither a list of them nor a copy is made, so that an archive of any number of files takes the same memory.
Names that lead out of the archive, links and devices are passed over; nothing is ever written under a name
that an archive gives.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import tarfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from ..errors import DataError
from . import zip_directory
from .archive_kind import HEAD, Opener, decompressor, is_zip
from .expansion import check_expansion
from .pictures import MAX_BYTES
from .tar_stream import PIECE, TarStream
from .zip_directory import Member, Positioned

#: Why members are passed over.
OUTSIDE = "their names lead out of it"
SPECIAL = "links or devices"


class Entry(NamedTuple):
    """A member, or what is in the file behind the last one."""

    names: tuple[str, ...]  # of its folders and its own
    size: int  # unpacked
    place: Any = None  # where its content is; None of a folder, and of what is passed over
    passed_over: str = ""  # why it is


class Members(ABC):
    """Iterate over it once. Its iterator and `content` raise `DataError`, or what `DAMAGE` has."""

    #: Whether contents can only be read as the members come, by `pieces`, and not by their place later.
    streamed = False

    @abstractmethod
    def __iter__(self) -> Iterator[Entry]: ...

    @property
    def packed_read(self) -> int:
        """Bytes of the archive that have been read, where it is `streamed`."""
        return 0

    def comes_once(self, entry: Entry) -> bool:
        """Whether a file's content must be taken now; those that are too long are not read, now or later."""
        return self.streamed and entry.size <= MAX_BYTES

    @abstractmethod
    def content(self, place: Any, name: object) -> bytes:
        """The bytes of a file by its place, after any others; `name` is the file's, for messages."""

    def pieces(self, place: Any) -> Iterator[bytes]:
        """The bytes of the file that came last, where it `comes_once`."""
        raise NotImplementedError


def open_members(path: Path, file: IO[bytes] | None = None) -> Members:
    """Those of an archive told by its content; `file` is what `path` names, where it is open already.

    A tar's file need not have places to go to. A file that is opened here is closed when nothing reads it.
    """
    with contextlib.ExitStack() as where_it_fails:
        stream = file or where_it_fails.enter_context(path.open("rb"))
        head = _head(stream)
        if is_zip(head, path.name):
            members: Members = _OfZip(path, Positioned(stream))
        else:
            members = _OfTar(path, stream, decompressor(head), closed=file is None)
        where_it_fails.pop_all()
        return members


def passed_over(name: str, left_out: Counter[str]) -> list[str]:
    """Sentences on members of an archive that are not read, by the reasons.

    >>> passed_over("a.zip", Counter({SPECIAL: 2}))
    ['2 members of a.zip were passed over: links or devices.']
    """
    return [
        f"{count} member{'s' if count > 1 else ''} of {name} {'were' if count > 1 else 'was'} "
        f"passed over: {why}."
        for why, count in sorted(left_out.items())
    ]


class _OfZip(Members):
    def __init__(self, path: Path, file: Positioned) -> None:
        self._path, self._file = path, file

    def __iter__(self) -> Iterator[Entry]:
        for member in zip_directory.members(self._file):
            name = zip_directory.text_of(member)
            special = stat.S_IFMT(member.mode) not in (0, stat.S_IFREG)
            entry = _entry(name, member.size, member, folder=name.endswith("/"), special=special)
            if entry.place is not None:
                self._check(member)
            yield entry

    def _check(self, member: Member) -> None:
        if member.flags & zip_directory.ENCRYPTED:
            raise DataError(f"{self._path} is encrypted; unpack it with its password and give the folder.")
        if member.method not in zip_directory.METHODS:
            raise DataError(
                f"{self._path} is compressed by a method that is not read (number {member.method}); "
                "unpack it and give the folder."
            )

    def content(self, place: Member, name: object) -> bytes:
        _check_length(max(place.size, place.packed), name)
        return zip_directory.content(self._file, place)


class _OfTar(Members):
    def __init__(self, path: Path, file: IO[bytes], opener: Opener | None, *, closed: bool) -> None:
        self._path, self._file, self._closed = path, file, closed  # at the end
        self._size = path.stat().st_size if closed else 0  # of a pipe nobody knows it
        self._compressed = opener is not None
        self.streamed = opener is not None or not file.seekable()
        self._places = None if self.streamed else Positioned(path.open("rb"))
        self._stream = TarStream(opener(file) if opener else file)

    @property
    def packed_read(self) -> int:
        return self._file.tell()

    def __iter__(self) -> Iterator[Entry]:
        with contextlib.closing(self._file) if self._closed else contextlib.nullcontext():
            yield from self._entries()

    def _entries(self) -> Iterator[Entry]:
        stream: IO[bytes] = self._stream  # type: ignore[assignment]  # as much of one as tarfile needs
        with tarfile.open(fileobj=stream, mode="r:", encoding="utf-8", errors="backslashreplace") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]  # where tarfile keeps every head
                self._check_expansion()
                special = not member.isreg() or member.issparse()
                place = member.offset_data, member.size
                yield _entry(member.name, member.size, place, folder=member.isdir(), special=special)
        self._stream.check_end()
        while self.streamed and (piece := stream.read(PIECE)):  # to the checksum at its end
            self._check_expansion()
            yield Entry((), len(piece))

    def content(self, place: tuple[int, int], name: object) -> bytes:
        offset, size = place
        _check_length(size, name)
        assert self._places is not None  # else it `comes_once`
        content = self._places.read(offset, size)
        if len(content) != size:
            raise EOFError("the archive has become shorter")
        return content

    def pieces(self, place: tuple[int, int]) -> Iterator[bytes]:
        offset, size = place
        self._stream.seek(offset)
        for piece in self._stream.pieces(size):
            self._check_expansion()
            size -= len(piece)
            yield piece
        if size:
            raise EOFError("a member ends early")

    def _check_expansion(self) -> None:
        """Of what was read so far, where that is more than the file."""
        if self._compressed:
            check_expansion(self._path, self._stream.tell(), max(self._size, self.packed_read))


def _head(file: IO[bytes]) -> bytes:
    if isinstance(file, io.BufferedReader):
        return file.peek(HEAD)[:HEAD]
    head = file.read(HEAD)
    file.seek(0)
    return head


def _entry(name: str, size: int, place: Any, *, folder: bool, special: bool) -> Entry:
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    outside = name.startswith("/") or re.match("[A-Za-z]:/", name) or ".." in parts
    if outside or not (parts or folder):
        return Entry((), size, passed_over=OUTSIDE)
    if folder:
        return Entry(parts, size)
    return Entry((), size, passed_over=SPECIAL) if special else Entry(parts, size, place)


def _check_length(size: int, name: object) -> None:
    if size > MAX_BYTES:
        raise DataError(f"{name} is longer than {MAX_BYTES >> 30} GiB; shrink it first.")
