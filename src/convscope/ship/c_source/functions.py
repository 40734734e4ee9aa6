"""The C functions that networks are made of, one per file in `functions/`, named as the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "functions"


def needed(names: Iterable[str]) -> list[str]:
    """The text of each function or structure of those names, once, after what it needs itself.

    >>> [text.splitlines()[0] for text in needed(["means_of_rows"])]
    ['/* The mean of count numbers; long rows in parts, so that rounding does not add up. */',
     '/* The mean of each row. y may lie where x does. */']
    """
    found: dict[str, str] = {}
    for name in names:
        _collect(name, found)
    return list(found.values())


def _collect(name: str, found: dict[str, str]) -> None:
    if name in found:
        return
    text = (FOLDER / f"{name}.c").read_text("ascii")
    code = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    for used in re.findall(r"struct (\w+)|\b(\w+)\(", code):
        other = "".join(used)
        if other != name and other in _names():
            _collect(other, found)
    found[name] = text


@cache
def _names() -> frozenset[str]:
    return frozenset(path.stem for path in FOLDER.glob("*.c"))
