"""Patterns of paths that the shell left as they are: quoted, on Windows, or too many for a command line."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache

from ..data.listing import FOLDER, in_order, joined, names_in
from ..errors import DataError

ANY_DEPTH = "**"
_SIGNS = re.compile(r"[*?\[]")


def is_pattern(text: str) -> bool:
    """Whether it has one of the signs that stand for others.

    >>> is_pattern("2024/*.jpg"), is_pattern("2024/a.jpg")
    (True, False)
    """
    return bool(_SIGNS.search(text))


def matches(pattern: str) -> Iterator[str]:
    """The paths that a pattern stands for, in order: `*`, `?` and `[ab]` within a name, `**` for any folders.

    Hidden names need a dot in the pattern, as in a shell. A pattern with `**` stands for files alone, and
    does not follow links to folders. What cannot be listed has nothing that matches.
    """
    drive, rest = os.path.splitdrive(pattern)
    parts = re.split(r"[/\\]" if os.sep == "\\" else "/", rest)
    root = drive + os.sep if rest[:1] in ("/", os.sep) else drive
    parts = [part for part in parts if part]
    if parts[-1] == ANY_DEPTH:
        parts.append("*")
    yield from _below(root, parts)


def _below(folder: str, parts: Sequence[str]) -> Iterator[str]:
    part, *others = parts
    if part == ANY_DEPTH:
        yield from _at_any_depth(folder, (), parts)
    elif not is_pattern(part):
        path = joined(folder, part)
        if others:
            yield from _below(path, others)
        elif os.path.lexists(path):
            yield path
    else:
        for name in _listed(folder, hidden=part.startswith("."), links=True):
            path = joined(folder, name.removesuffix(FOLDER))
            if not _fits((name.removesuffix(FOLDER),), (part,)):
                continue
            if not others:
                yield path
            elif name.endswith(FOLDER):
                yield from _below(path, others)


def _at_any_depth(folder: str, within: tuple[str, ...], parts: Sequence[str]) -> Iterator[str]:
    """The files here and below whose names, from where `**` stands, are as the pattern wants them."""
    for name in _listed(folder, hidden=False, links=False):
        if name.endswith(FOLDER):
            name = name[:-1]
            yield from _at_any_depth(joined(folder, name), (*within, name), parts)
        elif _fits((*within, name), parts):
            yield joined(folder, name)


def _fits(names: Sequence[str], parts: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == ANY_DEPTH:
        return any(_fits(names[depth:], parts[1:]) for depth in range(len(names) + 1))
    if not names or not _matcher(parts[0]).match(os.path.normcase(names[0])):
        return False
    return _fits(names[1:], parts[1:])


@cache
def _matcher(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(os.path.normcase(part)))


def _listed(folder: str, *, hidden: bool, links: bool) -> Iterator[str]:
    try:
        yield from in_order(names_in(folder or os.curdir, hidden=hidden, links=links))
    except (DataError, ValueError):
        return
