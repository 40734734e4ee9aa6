"""Zip and tar archives, read where they are: nothing is ever written under a name that an archive gives.

Members of a zip and of a plain tar are read from the archive itself. A compressed tar can only be read from
its beginning, so its pictures are copied once into a temporary file without a name.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ..errors import DataError
from .pictures import EXTENSIONS, MAX_BYTES
from .source import Progress
from .stored import Spool, StoredFile

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

#: More members are refused: their names alone would fill the memory.
MAX_MEMBERS = 2_000_000
#: Unpacked, an archive may have this many times its own size, or `FREE_BYTES` where that is more.
MAX_EXPANSION = 100
FREE_BYTES = 1 << 30

#: Why members are passed over.
OUTSIDE = "their names lead out of it"
SPECIAL = "links or devices"

_CHUNK = 1 << 20
_LONGEST_HEAD = 1 << 24
_ENCRYPTED, _UTF8 = 0x1, 0x800  # flags of a zip member
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
DAMAGE = (
    zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError,
    struct.error, EOFError, NotImplementedError, ValueError, RuntimeError,
)  # fmt: skip
OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": lambda file: bz2.BZ2File(file),
    b"\xfd7zXZ\x00": lambda file: lzma.LZMAFile(file),  # noqa: SIM115
}

Tree = dict[str, Any]  # name -> Tree of a folder, or where the content of a file is


class Archive(ABC):
    """The files of an archive as a tree of folders.

    Members whose names lead out of the archive, links and devices are passed over. Of two members with one
    name the later counts, as it would when unpacked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree: Tree = {}
        self._left_out: Counter[str] = Counter()
        self._limit = max(MAX_EXPANSION * path.stat().st_size, FREE_BYTES)
        self._count = self._total = 0

    def __str__(self) -> str:
        return str(self.path)

    @property
    def notes(self) -> list[str]:
        """What was passed over."""
        return passed_over(self.path.name, self._left_out)

    @abstractmethod
    def content(self, place: Any) -> bytes:
        """The bytes of a file, by what the tree has for it."""

    def _counted(self, size: int) -> None:
        self._count += 1
        self._total += size
        if self._count > MAX_MEMBERS:
            raise DataError(
                f"{self} has more than {MAX_MEMBERS:,} members, and is not read; "
                "unpack it and give the folder."
            )
        if self._total > self._limit:
            raise DataError(
                f"{self} would unpack to more than {self._limit / 2**30:.1f} GiB, {MAX_EXPANSION} times its "
                "size or more, as archives do that are made to fill a disk; if it is sound, unpack it and "
                "give the folder."
            )

    def _put(self, names: tuple[str, ...] | None, place: Any) -> None:
        """A file, or with `place` None a folder, into the tree; names None: it leads out of the archive."""
        if names is None or (place is not None and not names):
            self._left_out[OUTSIDE] += 1
            return
        *folders, name = names if place is not None else (*names, "")
        node = self.tree
        for folder in folders:
            below = node.get(folder)
            if not isinstance(below, dict):
                node[folder] = below = {}
            node = below
        if place is not None and not isinstance(node.get(name), dict):
            node[name] = place


class ArchivePath(StoredFile):
    """A file or folder in an archive, with the words of `pathlib.Path` as far as they are needed."""

    def __init__(self, archive: Archive, parts: tuple[str, ...] = (), node: Any = None) -> None:
        self.archive = archive
        self.parts = parts
        self._node = archive.tree if node is None else node

    def __str__(self) -> str:
        return "/".join((str(self.archive), *self.parts))

    def __lt__(self, other: ArchivePath) -> bool:
        return self.parts < other.parts

    def __truediv__(self, name: str) -> ArchivePath:
        return ArchivePath(self.archive, (*self.parts, name), self._node.get(name, ()))

    @property
    def name(self) -> str:
        return self.parts[-1] if self.parts else self.archive.path.name

    def is_dir(self) -> bool:
        return isinstance(self._node, dict)

    def is_file(self) -> bool:
        return not self.is_dir() and self._node != ()

    def iterdir(self) -> Iterator[ArchivePath]:
        for name, node in self._node.items():
            yield ArchivePath(self.archive, (*self.parts, name), node)

    def read_bytes(self) -> bytes:
        try:
            return self.archive.content(self._node)
        except (*DAMAGE, OSError) as error:
            raise DataError(f"{self} ends early or is damaged ({reason(error)}).") from error


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


def open_archive(path: Path, *, progress: Progress | None = None) -> ArchivePath:
    """The top folder of a zip or tar archive, told by its content.

    Raises `DataError` with the path for an archive that is missing, cut off, damaged, encrypted, or that
    would unpack to far more than its size.
    """
    try:
        with path.open("rb") as file:
            head = file.read(6)
        if head[:2] == b"PK" or path.name.lower().endswith(".zip"):
            if zipfile.is_zipfile(path):
                return ArchivePath(_Zip(path))
            raise DataError(f"{path} is cut off, damaged or not a zip archive; get it again.")
        return ArchivePath(_Tar(path, head, progress))
    except DAMAGE as error:
        raise DataError(f"{path} is cut off or damaged ({reason(error)}); get it again.") from error
    except OSError as error:
        if error.errno is None:  # of a decompressor
            raise DataError(f"{path} is cut off or damaged ({reason(error)}); get it again.") from error
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error


class _Zip(Archive):
    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._zip = zipfile.ZipFile(path)
        for member in self._zip.infolist():
            self._counted(member.file_size)
            names = member_names(_zip_name(member))
            if member.is_dir():
                self._put(names, None)
            elif stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                self._left_out[SPECIAL] += 1
            else:
                self._check(member)
                self._put(names, member)

    def _check(self, member: zipfile.ZipInfo) -> None:
        if member.flag_bits & _ENCRYPTED:
            raise DataError(f"{self} is encrypted; unpack it with its password and give the folder.")
        if member.compress_type not in _METHODS:
            raise DataError(
                f"{self} is compressed by a method that is not read (number {member.compress_type}); "
                "unpack it and give the folder."
            )

    def content(self, place: zipfile.ZipInfo) -> bytes:
        if place.file_size > MAX_BYTES:
            raise DataError(
                f"{self}: {place.filename} is longer than {MAX_BYTES >> 30} GiB; shrink it first."
            )
        return self._zip.read(place)  # takes turns by itself where threads read


class _Tar(Archive):
    def __init__(self, path: Path, head: bytes, progress: Progress | None) -> None:
        super().__init__(path)
        opener = next((opener for magic, opener in OPENERS.items() if head.startswith(magic)), None)
        self._spool = Spool(str(path)) if opener else None
        with path.open("rb") as file:
            self._list(Watched(opener(file) if opener else file), file, progress)

    def _list(self, stream: Watched, file: IO[bytes], progress: Progress | None) -> None:
        size = self.path.stat().st_size
        opened: IO[bytes] = stream  # type: ignore[assignment]  # as much of one as tarfile needs
        with tarfile.open(fileobj=opened, mode="r:", encoding="utf-8", errors="backslashreplace") as tar:
            for member in tar:
                tar.members = []  # type: ignore[attr-defined]  # where tarfile keeps every head
                self._counted(member.size)
                names = member_names(member.name)
                if member.isdir():
                    self._put(names, None)
                elif not member.isreg() or member.issparse():
                    self._left_out[SPECIAL] += 1
                else:
                    self._put(names, self._place(tar, member))
                if progress and self._spool and self._count % 256 == 0:
                    progress(f"unpacking {self.path.name}", min(file.tell(), size), size)
        stream.check_end()
        while self._spool and (chunk := stream.read(_CHUNK)):  # to the checksum at its end
            self._counted(len(chunk))

    def _place(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[int, int]:
        if self._spool is None or member.size > MAX_BYTES:
            return member.offset_data, member.size
        if Path(member.name).suffix.lower() not in EXTENSIONS:
            return 0, 0  # counted, and never read
        file = tar.extractfile(member)
        assert file is not None  # `isreg` holds
        place = self._spool.add(iter(lambda: file.read(_CHUNK), b""))
        if place[1] != member.size:
            raise EOFError("a member ends early")
        return place

    def content(self, place: tuple[int, int]) -> bytes:
        offset, size = place
        if size > MAX_BYTES:
            raise DataError(f"a member of {self} is longer than {MAX_BYTES >> 30} GiB; shrink it first.")
        if self._spool:
            return self._spool.read(offset, size)
        with self.path.open("rb") as file:
            file.seek(offset)
            content = file.read(size)
        if len(content) != size:
            raise EOFError("the archive has become shorter")
        return content


class Watched:
    """A stream that is read once, from its beginning, and knows what was read of it last."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._at = 0
        self.last = b""

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int) -> None:
        """Forward; what has no places, as a pipe, is read up to there."""
        if self._stream.seekable() and offset > self._at:
            self._at = self._stream.seek(offset)
        while self._at < offset and self.read(min(_CHUNK, offset - self._at)):
            pass

    def read(self, size: int) -> bytes:
        if size > _LONGEST_HEAD:  # contents are read in smaller pieces
            raise EOFError(f"a head of {size:,} bytes")
        self.last = self._stream.read(size)
        self._at += len(self.last)
        return self.last

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes; fewer where it ends."""
        while size and (piece := self.read(min(_CHUNK, size))):
            size -= len(piece)
            yield piece

    def check_end(self) -> None:
        """Raises `EOFError` where what was read last is not the end of a tar."""
        if not self.last:
            raise EOFError("it has no end")
        if self.last.strip(b"\0"):  # tarfile takes a damaged head for the end
            raise EOFError("a head in its middle is no head")

    def close(self) -> None:
        pass


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


def _zip_name(member: zipfile.ZipInfo) -> str:
    """A member's name; UTF-8 without the flag that says so is read as UTF-8 all the same."""
    name = member.filename
    if not member.flag_bits & _UTF8:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.filename
    return name.replace("\\", "/")


def member_names(name: str) -> tuple[str, ...] | None:
    """The folders and the name of a member; None where they lead out of the archive."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    outside = name.startswith("/") or re.match("[A-Za-z]:/", name) or ".." in parts
    return None if outside else parts


def reason(error: BaseException) -> str:
    return str(error).rstrip(".") or "cut off"
