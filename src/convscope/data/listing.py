"""Names in order, in little memory: those of one folder, which may be a million."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator
from itertools import islice

from ..errors import DataError

FOLDER = "\0"  # behind the name of a folder: no name has it, and it is before what any goes on with
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
_BLOCK = 1 << 14  # names that are objects at a time


def names_in(folder: str | os.PathLike[str], *, hidden: bool = False, links: bool = False) -> Iterator[str]:
    """The names in a folder but for the systems' clutter, those of folders with `FOLDER` behind them.

    Links to folders are left out unless `links`: below each other they may lead round in a circle. Raises
    `DataError` where the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if is_clutter(name) and not (hidden and name.startswith(".")):
                    continue
                if not entry.is_dir():
                    yield name
                elif links or not entry.is_symlink():
                    yield name + FOLDER
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}.") from error


def is_clutter(name: str) -> bool:
    """Whether a name is a hidden one, or one that systems leave in folders of pictures."""
    return name.startswith(".") or name.lower() in _CLUTTER


def joined(folder: str, name: str) -> str:
    """The path of a name in a folder; a `Path` for each of many would take as long as all else.

    >>> joined("photos", "a.png"), joined("", "a.png")
    ('photos/a.png', 'a.png')
    """
    return folder + name if not folder or folder.endswith(os.sep) else f"{folder}{os.sep}{name}"


def ending(name: str) -> str:
    """What a name ends in, in small letters, as ".jpg"; "" where it has no ending."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def in_order(names: Iterable[str]) -> Iterator[str]:
    """The names sorted, without an object for each: blocks of them are kept as text, and merged.

    No name may have a "/" in it, as none of a file or folder has.

    >>> list(in_order(["b.png", "a.png", "10.png"]))
    ['10.png', 'a.png', 'b.png']
    """
    names = iter(names)
    blocks = []
    while block := sorted(islice(names, _BLOCK)):
        blocks.append("/".join(block))
    yield from heapq.merge(*map(_apart, blocks))


def _apart(block: str) -> Iterator[str]:
    start = 0
    while block:
        end = block.find("/", start)
        if end < 0:
            yield block[start:]
            return
        yield block[start:end]
        start = end + 1
