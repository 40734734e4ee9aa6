"""A scene in characters: boxes of numbers side by side, as wide as the terminal.

`[5]` is under the kernel or just made, `*5*` the maximum, `·` not made yet; the input stands in a frame where
there is padding around it. Colours only repeat what the characters say.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import numpy as np
from rich.console import Console
from rich.text import Text

from .blocks import half_blocks
from .scene import BEYOND, EMPTY, MARKED, WINNER, Grid, Panel, Photo, Scene
from .sentences import DIGITS
from .shades import cell_text

WIDTH = 80
MOST = 9  # cells along a side
GAP = 3
BOX = np.array([255, 140, 0], dtype=np.uint8)
STYLES = {WINNER: "bold green", MARKED: "bold cyan", BEYOND: "dim"}
Block = list[Text]


def show(scene: Scene) -> None:
    """Print a scene, in colour and with pictures where standard output has them."""
    console = Console(highlight=False)
    console.print(draw(scene, width=console.width, pictures=has_colours(console)), soft_wrap=True)


def has_colours(console: Console) -> bool:
    """Whether the shades of a picture can be told apart there."""
    return console.is_terminal and not console.no_color and console.color_system in ("256", "truecolor")


def draw(scene: Scene, *, width: int = WIDTH, pictures: bool = False) -> Text:
    """The whole scene; without `pictures` large arrays are told in words."""
    lines = [*_wrapped(scene.title, width, "bold"), Text()]
    if scene.upright:
        lines += _aligned(
            [*(panel for row in scene.rows for panel in row), *scene.outputs], width, scene.digits
        )
    else:
        for group in _groups(scene):
            lines += [
                *beside([block(panel, width, pictures, scene.digits) for panel in group], width),
                Text(),
            ]
        lines.pop()
    lines.append(Text())
    for sentence in (scene.equation, scene.settings, scene.left_out):
        lines += _wrapped(sentence, width) if sentence else []
    for line in lines:
        line.rstrip()
    return Text("\n").join(lines)


def _groups(scene: Scene) -> list[list[Panel]]:
    """Panels that stand side by side: those of a channel; the outputs and pictures of the whole input."""
    panels = [[*row] for row in scene.rows]
    wholes = [row.pop(0) for row in panels if isinstance(row[0], Photo)]
    if len(panels) == 1 and not wholes:
        return [[*panels[0], *scene.outputs]]
    return [*panels, [*wholes, *scene.outputs]]


def _wrapped(sentence: str, width: int, style: str = "") -> Iterable[Text]:
    return (Text(line, style) for line in textwrap.wrap(sentence, width, break_on_hyphens=False))


def beside(blocks: list[Block], width: int) -> Block:
    """Blocks next to each other, in as many rows as it takes."""
    lines: Block = []
    while blocks:
        taken, room = 0, width
        while taken < len(blocks) and (taken == 0 or _width(blocks[taken]) <= room):
            room -= _width(blocks[taken]) + GAP
            taken += 1
        row, blocks = blocks[:taken], blocks[taken:]
        widths = [_width(block) for block in row]
        lines += [Text()] if lines else []
        for number in range(max(map(len, row))):
            line = Text()
            for block, wide in zip(row, widths, strict=True):
                cell = block[number].copy() if number < len(block) else Text()
                cell.pad_right(wide + GAP - cell.cell_len)
                line.append(cell)
            lines.append(line)
    return lines


def _width(block: Block) -> int:
    return max(line.cell_len for line in block)


def block(panel: Panel, width: int, pictures: bool, digits: int = DIGITS) -> Block:
    """A panel under its title."""
    title = Text(panel.title, "bold")
    if isinstance(panel, Photo):
        return [title, *_picture(panel, width, pictures)]
    body = _cells(panel, width, digits)
    return [title, *(_framed(body, panel.marks) if (panel.marks & BEYOND).any() else map(_joined, body))]


def _cells(panel: Grid, width: int, digits: int) -> list[list[Text]]:
    """The numbers with their signs, all as wide as the widest."""
    for fewer in range(digits, 0, -1):
        texts = _texts(panel, fewer)
        wide = max(len(text) for row in texts for text in row)
        if (wide + 2) * len(texts[0]) + 2 <= width:
            break
    return [
        [_cell(text.rjust(wide), int(mark)) for text, mark in zip(row, marks, strict=True)]
        for row, marks in zip(texts, panel.marks, strict=True)
    ]


def _texts(panel: Grid, digits: int) -> list[list[str]]:
    empty = " " if panel.marks.shape[0] == 1 and panel.tinted else "·"
    return [
        [
            (empty if not mark & BEYOND else " ") if mark & EMPTY else cell_text(number, digits)
            for number, mark in zip(row, marks, strict=True)
        ]
        for row, marks in zip(panel.numbers, panel.marks, strict=True)
    ]


def _cell(text: str, mark: int) -> Text:
    ends = "**" if mark & WINNER else "[]" if mark & MARKED else "  "
    style = next((style for flag, style in STYLES.items() if mark & flag), "")
    return Text(f"{ends[0]}{text}{ends[1]}", style)


def _joined(cells: list[Text]) -> Text:
    return Text().join(cells)


def _framed(body: list[list[Text]], marks: np.ndarray) -> Block:
    """Cells with a frame around those that are not beyond the border."""
    rows, columns = (np.flatnonzero(((marks & BEYOND) == 0).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return [_joined(row) for row in body]
    (top, bottom), (left, right) = ((at[0], at[-1] + 1) for at in (rows, columns))
    wide = len(body[0][0])
    edge = "─" * (wide * (right - left))
    lines = []
    for number, row in enumerate(body):
        bar = "│" if top <= number < bottom else " "
        if number == top:
            lines.append(Text(" " * (wide * left) + f"┌{edge}┐"))
        lines.append(Text(bar).join(_joined(part) for part in (row[:left], row[left:right], row[right:])))
        if number == bottom - 1:
            lines.append(Text(" " * (wide * left) + f"└{edge}┘"))
    return lines


def _aligned(panels: list[Panel], width: int, digits: int) -> Block:
    """Signals one below the other, column under column, each behind its title; wide ones in several parts."""
    grids = [panel for panel in panels if isinstance(panel, Grid)]
    label = max(len(grid.title) for grid in grids) + 2
    texts = [_texts(grid, digits)[0] for grid in grids]
    wide = max(len(text) for row in texts for text in row) + 2
    most = max(map(len, texts))
    room = max(1, (width - label - 2) // wide)  # cells; two columns are for the lines of the border
    parts = -(-most // room)
    each = -(-most // parts)
    lines: Block = []
    for first in range(0, most, each):
        lines += [Text()] if lines else []
        for grid, row in zip(grids, texts, strict=True):
            marks = grid.marks[0]
            if first >= len(row) or (grid.tinted and (marks[first : first + each] & EMPTY).all()):
                continue
            line = Text(f"{grid.title}:".ljust(label), "bold")
            for at in range(first, min(first + each, len(row))):
                border = at > first and (marks[at] ^ marks[at - 1]) & BEYOND
                line.append("│" if border else "")
                line.append(_cell(row[at].rjust(wide - 2), int(marks[at])))
            lines.append(line)
    return lines


def _picture(photo: Photo, width: int, pictures: bool) -> Block:
    if not pictures:
        words = ["numbers not shown"]
        if photo.done is not None:
            words = ["made" if photo.done[0] == photo.size[0] else "not made yet"]
        if photo.box is not None:
            top, left, bottom, right = (int(n) for n in photo.box)
            words = [f"rows {top} to {bottom - 1}", f"columns {left} to {right - 1}"]
            if bottom - top == right - left == 1:
                words = [f"row {top}, column {left}"]
        return [Text(line) for line in words]
    pixels = np.repeat(photo.pixels[..., None], 3, axis=2)
    if photo.done is not None:
        rows, more = photo.done
        down, across = photo.scale
        pixels[round((rows + 1) * down) :] = 0
        pixels[round(rows * down) : round((rows + 1) * down), round(more * across) :] = 0
    if photo.box is not None:
        _mark(pixels, photo)
    return half_blocks(pixels, min(30, width), 16)


def _mark(pixels: np.ndarray, photo: Photo) -> None:
    """The window in a colour, and large enough to be found."""
    assert photo.box is not None
    down, across = photo.scale
    height, width = pixels.shape[:2]
    least = max(height, width) / 30
    top, bottom = _widened(photo.box[0] * down, photo.box[2] * down, least, height)
    left, right = _widened(photo.box[1] * across, photo.box[3] * across, least, width)
    pixels[top:bottom, left:right] = BOX


def _widened(first: float, last: float, least: float, most: int) -> tuple[int, int]:
    """
    >>> _widened(10, 11, 5, 100), _widened(-1, 2, 3, 100)
    ((8, 13), (0, 2))
    """
    more = max(0.0, least - (last - first)) / 2
    return max(0, round(first - more)), min(most, max(1, round(last + more)))
