"""The C functions that networks are made of, one per file in `functions/`, named as the file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "functions"


def needed(names: Iterable[str]) -> dict[str, str]:
    """The text of each function or structure of those names, by its name, after what it needs itself.

    >>> list(needed(["means_of_rows"]))
    ['mean_of', 'means_of_rows']
    """
    found: dict[str, str] = {}
    for name in names:
        _collect(name, found)
    return found


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
