"""The files of a zip or tar archive one after the other, in the order in which they lie in it.

Neither a list of them nor a copy is made, so that an archive of any number of files takes the same memory.
What needs their tree, as a training on class folders does, opens the archive as a folder (`archive`).
"""

from __future__ import annotations

import contextlib
import io
import stat
import tarfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Set
from pathlib import Path
from typing import IO, Any

from ..errors import ConvscopeWarning, DataError
from . import zip_directory
from .archive import DAMAGE, OPENERS, OUTSIDE, SPECIAL, Watched, member_names, passed_over, reason
from .layout import kind_of_name, spelled
from .listing import ending, is_clutter
from .pictures import MAX_BYTES
from .stored import HeldFile, StoredFile
from .zip_directory import Member, Positioned

_BLOCK = 1 << 20
_HEAD = 6  # bytes that tell a zip and the compressions of a tar


class PackedFile(StoredFile):
    """A file that is read from its archive when it is asked for."""

    def __init__(self, name: str, read: Callable[[Any], bytes], place: Any) -> None:
        self.name = name
        self._read, self._place = read, place

    def __str__(self) -> str:
        return self.name

    def read_bytes(self) -> bytes:
        try:
            return self._read(self._place)
        except (*DAMAGE, OSError) as error:
            raise DataError(f"{self.name} ends early or is damaged ({reason(error)}).") from error


def packed_files(path: Path, file: IO[bytes] | None, endings: Set[str]) -> Iterator[StoredFile]:
    """The files whose names end in one of these, of an archive told by its content.

    `file` is what `path` names, where it is open already; a tar's need not have places to go to. Raises
    `DataError` where it is damaged or encrypted, or has no such file; warns of members that are passed over.
    """
    left_out: Counter[str] = Counter()
    others: Counter[str] = Counter()
    count = 0
    with _damage_named(path), contextlib.ExitStack() as opened:
        stream = file or opened.enter_context(path.open("rb"))
        head = _head(stream)
        if head[:2] == b"PK" or path.name.lower().endswith(".zip"):
            found = _zipped(path, Positioned(file or path.open("rb")), left_out)
        else:
            found = _tarred(path, stream, head, left_out)
        for names, make in found:
            if any(map(is_clutter, names)):
                continue
            if ending(names[-1]) in endings:
                count += 1
                yield make("/".join((str(path), *names)))
            else:
                others[kind_of_name(names[-1])] += 1
    for note in passed_over(path.name, left_out):
        warnings.warn(ConvscopeWarning("passed-over", f"{path}: {note}"), stacklevel=2)
    if not count:
        raise DataError(f"{path} has no pictures in it{f', but {spelled(others)}' if others else ''}.")


def _head(stream: IO[bytes]) -> bytes:
    if isinstance(stream, io.BufferedReader):
        return stream.peek(_HEAD)[:_HEAD]
    head = stream.read(_HEAD)
    stream.seek(0)
    return head


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is cut off, damaged or not a zip archive ({reason(error)}).") from error
    except DAMAGE as error:
        raise DataError(f"{path} is cut off or damaged ({reason(error)}); get it again.") from error
    except OSError as error:
        if error.errno is None:  # of a decompressor
            raise DataError(f"{path} is cut off or damaged ({reason(error)}); get it again.") from error
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


# Of each file the names of its folders and its own, and what makes it of its whole name.
Found = Iterator[tuple[tuple[str, ...], Callable[[str], StoredFile]]]


def _zipped(path: Path, file: Positioned, left_out: Counter[str]) -> Found:
    def read(member: Member) -> bytes:
        if member.size > MAX_BYTES:
            name = zip_directory.text_of(member)
            raise DataError(f"{path}: {name} is longer than {MAX_BYTES >> 30} GiB; shrink it first.")
        return zip_directory.content(file, member)

    for member in zip_directory.members(file):
        text = zip_directory.text_of(member)
        names = member_names(text)
        if names is None:
            left_out[OUTSIDE] += 1
        elif text.endswith("/") or not names:
            continue
        elif stat.S_IFMT(member.mode) not in (0, stat.S_IFREG):
            left_out[SPECIAL] += 1
        elif member.flags & zip_directory.ENCRYPTED:
            raise DataError(f"{path} is encrypted; unpack it with its password and give the folder.")
        elif member.method not in zip_directory.METHODS:
            raise DataError(
                f"{path} is compressed by a method that is not read (number {member.method}); "
                "unpack it and give the folder."
            )
        else:
            yield names, lambda name, member=member: PackedFile(name, read, member)  # type: ignore[misc]


def _tarred(path: Path, file: IO[bytes], head: bytes, left_out: Counter[str]) -> Found:
    opener = next((opener for magic, opener in OPENERS.items() if head.startswith(magic)), None)
    places = Positioned(path.open("rb")) if opener is None and file.seekable() else None
    stream = Watched(opener(file) if opener else file)

    def read(place: tuple[int, int]) -> bytes:
        assert places is not None
        content = places.read(*place)
        if len(content) != place[1]:
            raise EOFError("the archive has become shorter")
        return content

    opened: IO[bytes] = stream  # type: ignore[assignment]  # as much of one as tarfile needs
    with tarfile.open(fileobj=opened, mode="r:", encoding="utf-8", errors="backslashreplace") as tar:
        for member in tar:
            tar.members = []  # type: ignore[attr-defined]  # where tarfile keeps every head
            names = member_names(member.name)
            if names is None:
                left_out[OUTSIDE] += 1
            elif member.isdir() or not names:
                continue
            elif not member.isreg() or member.issparse():
                left_out[SPECIAL] += 1
            elif places is not None:
                place = member.offset_data, member.size
                yield names, lambda name, place=place: PackedFile(name, read, place)  # type: ignore[misc]
            else:
                yield names, lambda name, member=member: _held(stream, member, name)  # type: ignore[misc]
    stream.check_end()
    while stream.read(_BLOCK):  # to the checksum at its end
        pass


def _held(stream: Watched, member: tarfile.TarInfo, name: str) -> StoredFile:
    def too_long(_: Any) -> bytes:
        raise DataError(f"{name} is longer than {MAX_BYTES >> 30} GiB; shrink it first.")

    if member.size > MAX_BYTES:
        return PackedFile(name, too_long, None)
    stream.seek(member.offset_data)
    content = b"".join(stream.pieces(member.size))
    if len(content) != member.size:
        raise EOFError("a member ends early")
    return HeldFile(name, content)
