"""The table that `convscope predict` prints, row after row as pictures are predicted."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from ..columns import printable, shortened
from ..prediction import Prediction
from .output import percent

AT_ONCE = 256  # rows; the first of them decide how wide the columns are
GAP = "  "
SHORTEST_PATH, SHORTEST_THEN = 16, 12
Row = tuple[str, ...]


def tables(
    predictions: Iterable[Prediction], noun: str, *, marks: bool, width: int | None = None
) -> Iterator[str]:
    """The table in pieces of some rows, without the last line's end.

    `marks` asks for the column that says which are unsure. `width` is that of a terminal, where paths are
    shortened until a row fits; elsewhere they are whole.
    """
    predictions, table = iter(predictions), None
    while some := list(islice(predictions, AT_ONCE)):
        if table is None:
            table = _Table([noun, "class", "probability", *["unsure"] * marks], some, width)
            yield "\n".join([table.head, *map(table.row, some)])
        else:
            yield "\n".join(map(table.row, some))


def terminal_width() -> int | None:
    """The columns of standard output, where it is a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


class _Table:
    """Columns as wide as the first rows need."""

    def __init__(self, names: list[str], first: list[Prediction], width: int | None) -> None:
        self.marks, self.width = "unsure" in names, width
        cells = [names, *(self._cells(one) for one in first if one.error is None)]
        path, *others = [max(map(len, column)) for column in zip(*cells, strict=True)]
        self.path = max([path, *(len(_path(one)) for one in first)])
        self.others = others
        if width is not None:
            room = width - sum(others) - len(GAP) * (len(others) + 1) - SHORTEST_THEN
            self.path = min(self.path, max(room, SHORTEST_PATH))
        self.head = self._line([*names, "then"])

    def row(self, one: Prediction) -> str:
        if one.error is not None:
            return self._fitted(f"{self._shown_path(_path(one))}{GAP}error: {_short(one)}")
        then = ", ".join(f"{printable(label)} {percent(share, 1)}" for label, share in one.top[1:])
        return self._line([*self._cells(one), then])

    def _cells(self, one: Prediction) -> list[str]:
        mark = ["unsure" if one.unsure else ""] if self.marks else []
        return [_path(one), printable(one.label), percent(one.probability, 1), *mark]

    def _line(self, cells: list[str]) -> str:
        path, *others, then = cells
        padded = [
            cell.rjust(wide) if place == 1 else cell.ljust(wide)
            for place, (cell, wide) in enumerate(zip(others, self.others, strict=True))
        ]
        return self._fitted(GAP.join([self._shown_path(path), *padded, then]))

    def _shown_path(self, path: str) -> str:
        return (shortened(path, self.path) if self.width is not None else path).ljust(self.path)

    def _fitted(self, line: str) -> str:
        line = line.rstrip()
        return line if self.width is None or len(line) <= self.width else line[: self.width - 1] + "…"


def _path(one: Prediction) -> str:
    return printable(str(one.path))


def _short(one: Prediction) -> str:
    """Why it could not be read, without its path, which stands before.

    >>> _short(Prediction("b.png", error="b.png is empty (0 bytes)."))
    'is empty (0 bytes)'
    >>> _short(Prediction("b.png", error="there is no picture b.png."))
    'there is no picture'
    >>> _short(Prediction("x*", error="there is no picture x*, and nothing matches it as a pattern."))
    'there is no picture, and nothing matches it as a pattern'
    """
    error = one.error or ""
    words = error.replace(one.path, " ") if one.path else error
    return printable(re.sub(" ([,.:;])", r"\1", " ".join(words.split())).strip(" .:;"))
