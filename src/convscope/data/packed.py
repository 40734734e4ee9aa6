"""The files of a zip or tar archive one after the other, in the order in which they lie in it.

They are read as they come: any number takes the same memory. So two members with one name are two files here,
for nobody can know at the first that another will come. What needs their tree, as a training on class folders
does, opens the archive as a folder (`archive`), where the later counts.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Set
from pathlib import Path
from typing import IO, Any

from ..errors import ConvscopeWarning, DataError
from .archive_damage import damage_named, member_damage_named
from .layout import kind_of_name, spelled
from .listing import ending, is_clutter
from .members import Members, open_members, passed_over
from .stored import HeldFile, StoredFile


class PackedFile(StoredFile):
    """A file that is read from its archive when it is asked for."""

    def __init__(self, name: str, members: Members, place: Any) -> None:
        self.name = name
        self._members, self._place = members, place

    def __str__(self) -> str:
        return self.name

    def read_bytes(self) -> bytes:
        with member_damage_named(self.name):
            return self._members.content(self._place, self.name)


def packed_files(path: Path, file: IO[bytes] | None, endings: Set[str], noun: str) -> Iterator[StoredFile]:
    """The files whose names end in one of these, of an archive told by its content.

    `file` is what `path` names, where it is open already; a tar's need not have places to go to. `noun` is
    what each file holds. Raises `DataError` where it is damaged or encrypted, or has no such file; warns of
    members that are passed over.
    """
    left_out: Counter[str] = Counter()
    others: Counter[str] = Counter()
    count = 0
    with damage_named(path):
        members = open_members(path, file)
        for entry in members:
            names = entry.names
            if entry.passed_over:
                left_out[entry.passed_over] += 1
            elif entry.place is None or any(map(is_clutter, names)):
                continue
            elif ending(names[-1]) not in endings:
                others[kind_of_name(names[-1])] += 1
            else:
                count += 1
                name = "/".join((str(path), *names))
                if members.comes_once(entry):
                    yield HeldFile(name, b"".join(members.pieces(entry.place)))
                else:
                    yield PackedFile(name, members, entry.place)
    for note in passed_over(path.name, left_out):
        warnings.warn(ConvscopeWarning("passed-over", f"{path}: {note}"), stacklevel=2)
    if not count:
        raise DataError(f"{path} has no {noun}s in it{f', but {spelled(others)}' if others else ''}.")
