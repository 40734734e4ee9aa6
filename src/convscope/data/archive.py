"""Zip and tar archives as trees of folders, read where they are.

Members of a zip and of a plain tar are read from the archive itself. A compressed tar can only be read from
its beginning, so its pictures are copied once into a temporary file without a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import DataError
from .archive_damage import damage_named, member_damage_named
from .expansion import check_expansion
from .listing import ending
from .members import Entry, open_members, passed_over
from .pictures import EXTENSIONS, MAX_BYTES
from .source import Progress
from .stored import Spool, StoredFile

#: More members are refused: their names alone would fill the memory.
MAX_MEMBERS = 2_000_000

Tree = dict[str, Any]  # name -> Tree of a folder, or where the content of a file is


class Archive:
    """The files of an archive as a tree of folders.

    Of two members with one name the later counts, as it would when unpacked.
    """

    def __init__(self, path: Path, progress: Progress | None) -> None:
        self.path = path
        self.tree: Tree = {}
        self._left_out: Counter[str] = Counter()
        self._size = path.stat().st_size
        self._count = self._total = 0
        self._members = open_members(path)
        self._spool = Spool(str(path)) if self._members.streamed else None
        for entry in self._members:
            self._counted(entry.size)
            if entry.passed_over:
                self._left_out[entry.passed_over] += 1
            else:
                self._put(entry.names, self._kept(entry))
            if progress and self._spool and self._count % 256 == 0:
                progress(f"unpacking {path.name}", min(self._members.packed_read, self._size), self._size)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def notes(self) -> list[str]:
        """What was passed over."""
        return passed_over(self.path.name, self._left_out)

    def content(self, place: Any, name: object) -> bytes:
        """The bytes of a file, by what the tree has for it."""
        if self._spool is None or place[1] > MAX_BYTES:
            return self._members.content(place, name)
        return self._spool.read(*place)

    def _kept(self, entry: Entry) -> Any:
        """The place where a content will be read."""
        if self._spool is None or entry.place is None or not self._members.comes_once(entry):
            return entry.place
        if ending(entry.names[-1]) not in EXTENSIONS:
            return 0, 0  # counted, and never read
        return self._spool.add(self._members.pieces(entry.place))

    def _counted(self, size: int) -> None:
        self._count += 1
        self._total += size
        if self._count > MAX_MEMBERS:
            raise DataError(
                f"{self} has more than {MAX_MEMBERS:,} members, and is not read; "
                "unpack it and give the folder."
            )
        check_expansion(self, self._total, self._size)

    def _put(self, names: tuple[str, ...], place: Any) -> None:
        """A file, or with `place` None a folder, into the tree."""
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
        with member_damage_named(self):
            return self.archive.content(self._node, self)


def open_archive(path: Path, *, progress: Progress | None = None) -> ArchivePath:
    """The top folder of a zip or tar archive, told by its content.

    Raises `DataError` with the path for an archive that is missing, cut off, damaged, encrypted, or that
    would unpack to far more than its size.
    """
    with damage_named(path):
        return ArchivePath(Archive(path, progress))
