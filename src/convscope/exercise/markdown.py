"""An exercise as Markdown that reads the same rendered, in a terminal and as plain text.

Matrices and sums are code blocks: every renderer shows them, and the columns stay aligned.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from . import wording
from .content import Block, Heading, Matrices, Matrix, Paragraph, Questions, Row, Sizes, Working, Workings
from .size_sum import FORMULA, LETTERS

WIDTH = 80


def render(blocks: Iterable[Block], title: str) -> str:
    lines = [f"# {title}"]
    for block in blocks:
        lines += ["", *_block(block)]
    return "\n".join(lines) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(text, level):
            yield f"{'#' * (level + 1)} {text}"
        case Paragraph(text):
            yield _filled(text)
        case Questions(questions):
            for number, question in enumerate(questions, 1):
                yield textwrap.indent(_filled(question, WIDTH - 3), "   ").replace("  ", f"{number}.", 1)
        case Matrices(items):
            yield from _code(_side_by_side([_named(item) for item in items]))
        case Sizes(sums):
            letters = ", ".join(f"{letter}: {meaning}" for letter, meaning in LETTERS.items())
            yield _filled(f"Along each axis, with {letters}:")
            yield ""
            width = max(len(size.axis) for size in sums)
            yield from _code([f"{'':<{width}}  {FORMULA}", *(f"{s.axis:<{width}}  {s}" for s in sums)])
        case Workings(workings):
            for number, working in enumerate(workings):
                yield from [""] if number else []
                yield f"**{working.position}**: {working.covers}"
                yield ""
                yield from _code(_working(working))


def _working(block: Working) -> Iterator[str]:
    for number, row in enumerate(block.rows):
        if number:
            yield ""
        if row.name:
            yield row.name
        yield from _row(row)
    if block.total:
        yield ""
        yield _filled(f"channels: {block.total}" if len(block.rows) > 1 else block.total)


def _row(row: Row) -> Iterator[str]:
    """Window ⊙ kernel = products, side by side or, where that is too wide, below each other."""
    parts = [_numbers(matrix) for matrix in row.matrices]
    signs = ("⊙", "=")[: len(parts) - 1]
    if sum(max(map(len, part)) for part in parts) + 6 * len(signs) <= WIDTH:
        middle = (len(parts[0]) - 1) // 2
        for number in range(len(parts[0])):
            line = parts[0][number]
            for sign, part in zip(signs, parts[1:], strict=True):
                line += f"  {sign if number == middle else ' '}  {part[number]}"
            yield line.rstrip()
    else:
        yield from parts[0]
        for sign, part in zip(signs, parts[1:], strict=True):
            yield sign
            yield from part
    if row.sum:
        yield ""
        yield _filled(row.sum)


def _named(matrix: Matrix) -> list[str]:
    return [matrix.name, *_numbers(matrix)]


def _numbers(matrix: Matrix) -> list[str]:
    """A line per row, the columns aligned to the right; those of a wide matrix in several parts."""
    cells = [[wording.number(value) for value in row] for row in matrix.values]
    width, columns = max(len(cell) for row in cells for cell in row), len(cells[0])
    gap = "  " if columns * (width + 2) + 2 <= WIDTH else " "
    parts = -(-columns // ((WIDTH - 3) // (width + 1)))
    each = -(-columns // parts)
    lines: list[str] = []
    for first in range(0, columns, each):
        last = min(first + each, columns)
        if parts > 1:
            lines += [*([""] if lines else []), f"columns {first} to {last - 1}"]
        lines += [f"| {gap.join(cell.rjust(width) for cell in row[first:last])} |" for row in cells]
    return lines


def _side_by_side(blocks: Sequence[list[str]], gap: str = "    ") -> Iterator[str]:
    """Blocks of lines next to each other, as many as fit, then below."""
    row: list[list[str]] = []

    def flush() -> Iterator[str]:
        widths = [max(map(len, block)) for block in row]
        for lines in zip_longest(*row, fillvalue=""):
            yield gap.join(line.ljust(w) for line, w in zip(lines, widths, strict=True)).rstrip()

    used = 0
    for block in blocks:
        wide = max(map(len, block)) + len(gap)
        if row and used + wide > WIDTH + len(gap):
            yield from flush()
            yield ""
            row, used = [], 0
        row.append(block)
        used += wide
    yield from flush()


def _code(lines: Iterable[str]) -> Iterator[str]:
    yield "```text"
    yield from lines
    yield "```"


def _filled(text: str, width: int = WIDTH) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
