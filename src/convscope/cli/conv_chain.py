"""What `convscope conv` prints of the chain behind a convolution: each stage, and the way of one number."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import numpy as np
from rich.text import Text

from ..chain import Passage
from ..ops.rendering import terminal
from ..ops.rendering.scene import Grid
from ..ops.rendering.shades import cell_text
from .conv_result import Result, figures
from .output import WIDTH

FEW = 9  # numbers along a side that are printed
MOST_MAPS = 6
MOST_EQUATIONS = 4  # of a stage that a number goes into


def grids(name: str, maps: np.ndarray) -> Iterator[list[Text]]:
    """Numbers in cells, a block for each map."""
    for number, numbers in enumerate(maps[:MOST_MAPS]):
        cells = np.atleast_2d(numbers)
        title = f"{name} {number}" if len(maps) > 1 else name
        yield terminal.block(Grid(title, cells, np.zeros(cells.shape, dtype=np.uint8)), terminal.WIDTH, False)
    if (more := len(maps) - MOST_MAPS) > 0:
        yield [Text(f"and {more} more")]


def chain_facts(result: Result) -> Iterator[str]:
    """A line for each stage: its size and its numbers."""
    before, first = result.output, "then"
    for stage, after in zip(result.stages, result.results, strict=True):
        least, most, mean = (cell_text(number, 4) for number in figures(after))
        told = f"{stage.name}, {_size(after)}, from {least} to {most}, mean {mean}"
        settings = stage.settings(before)
        if "mean" in settings and len(before) == 1:
            by = (f"{name} {cell_text(settings[name][0], 4)}" for name in ("mean", "variance"))
            told += f" (by {', '.join(by)})"
        yield from textwrap.wrap(
            told, WIDTH, initial_indent=f"{first:<9}", subsequent_indent=" " * 9, break_on_hyphens=False
        )
        before, first = after, ""


def chain_blocks(result: Result) -> Iterator[list[list[Text]]]:
    """The numbers of each stage, where they are few, side by side."""
    for stage, numbers in zip(result.stages, result.results, strict=True):
        maps = numbers[None] if numbers.ndim == 1 else numbers
        if max(maps.shape[1:]) <= FEW:
            yield list(grids(stage.name, maps))


def way_lines(result: Result, place: tuple[int, ...]) -> Iterator[str]:
    """What becomes of a number, stage by stage."""
    of = result.output.ndim > 1 and len(result.output) > 1
    for passage in result.way(place):
        yield from _lines(passage, maps=of)


def _lines(passage: Passage, *, maps: bool) -> Iterator[str]:
    name = passage.stage.name
    if not passage.numbers:
        yield f"{name:<16}no window reaches it"
        return
    shown = passage.numbers[:MOST_EQUATIONS]
    for number in shown:
        where = ",".join(
            map(str, number.position if maps or len(number.position) == 1 else number.position[1:])
        )
        yield from textwrap.wrap(
            f"{where:<6} {number.equation}",
            WIDTH,
            initial_indent=f"{name:<16}",
            subsequent_indent=" " * 23,
            break_on_hyphens=False,
        )
        name = ""
    if (more := len(passage.numbers) + passage.more - len(shown)) > 0:
        yield f"{'':<23}and {more} more"


def _size(numbers: np.ndarray) -> str:
    if numbers.ndim == 1:
        return f"{len(numbers)} in a row"
    count = f"{len(numbers)} maps of " if len(numbers) > 1 else ""
    return f"{count}{'×'.join(map(str, numbers.shape[1:]))}"
