"""What `convscope conv` prints: facts, then input, kernel and output side by side, or step by step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.console import Console
from rich.text import Text

from ..ops.rendering import terminal
from ..ops.rendering.blocks import half_blocks
from ..ops.rendering.scene import Grid
from ..ops.rendering.shades import cell_text, shades
from ..ops.rendering.story import Story
from ..written_pool import Pooling
from .conv_input import Input
from .conv_result import Result

FEW = 9  # numbers along a side that are printed
ALL_STEPS, FIRST_STEPS = 9, 4
PICTURE = 30  # columns
LEGEND = "[ ] is under the kernel or just made, * * the maximum, · not made yet."
Kernel = tuple[str, np.ndarray]


def show_result(given: Input, kernel: Kernel | None, pool: Pooling | None, result: Result) -> None:
    """Facts, and the arrays side by side."""
    console = Console(highlight=False)
    print("\n".join(facts(given, kernel, pool, result)))
    blocks = list(_blocks(given, result, colours=terminal.has_colours(console)))
    if blocks:
        print()
    for line in terminal.beside(blocks, console.width):
        line.rstrip()
        console.print(line, soft_wrap=True)


def facts(given: Input, kernel: Kernel | None, pool: Pooling | None, result: Result) -> Iterator[str]:
    """What was done to what, and what came out."""
    called = "" if given.typed else f"{given.name}, "
    alone = ", each channel by itself" if len(given.channels) == 3 else ""
    yield f"input    {called}{given.size} {given.kind}{alone}"
    if kernel is not None and result.convolution is not None:
        name, numbers = kernel
        called = "" if name == "the kernel" else f"{name}, "
        yield f"kernel   {called}{_size(numbers.shape)}, sums to {cell_text(round(numbers.sum(), 9))}"
        yield f"doing    {_joined(result.convolution.name, Story(result.convolution).settings())}"
    if pool is not None and result.pooling is not None:
        then = "doing" if kernel is None else "then"
        yield f"{then:<9}{_joined(pool.name, Story(result.pooling).settings())}"
    least, most, mean = (cell_text(number, 4) for number in result.figures())
    yield f"output   {_size(result.output.shape[1:])}, from {least} to {most}, mean {mean}"


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _blocks(given: Input, result: Result, *, colours: bool) -> Iterator[list[Text]]:
    """Each array as numbers where they are few, else as a picture where the terminal has colours."""
    arrays = [("input", given.channels)]
    if result.convolution is not None:
        name = "flipped kernel" if result.convolution.flipped else "kernel"
        arrays.append((name, result.convolution.kernel[0]))
    arrays.append(("output", result.output))
    for name, numbers in arrays:
        if len(numbers) == 1 and max(numbers.shape) <= FEW:
            cells = np.atleast_2d(numbers[0])
            marks = np.zeros(cells.shape, dtype=np.uint8)
            yield terminal.block(Grid(name, cells, marks), terminal.WIDTH, False)
        elif colours and numbers.ndim == 3:
            if name == "input":
                pixels = given.picture()
            elif name != "output":
                pixels = shades(numbers[0])
            elif numbers.min() < 0 and not result.keeps_range:
                name, pixels = "output, magnitudes", _magnitudes(numbers)
            else:
                pixels = result.picture()[0]
            yield [Text(name, "bold"), *half_blocks(pixels, PICTURE)]


def _magnitudes(numbers: np.ndarray) -> np.ndarray:
    """Signs along an edge alternate, and would cancel out in the mean that a character shows."""
    mean = np.abs(numbers).mean(axis=0)
    return shades(np.minimum(mean / (np.quantile(mean, 0.95) or 1.0), 1.0))


def show_steps(result: Result) -> None:
    """The first steps, or all where they are few."""
    print(f"\n{LEGEND}")
    for walk in (result.convolution, result.pooling):
        if walk is None:
            continue
        count = len(walk) if len(walk) <= ALL_STEPS else FIRST_STEPS
        for index in range(count):
            print()
            walk.show(index)
        if more := len(walk) - count:
            place = "ROW,COLUMN" if len(walk.stride) == 2 else "PLACE"
            print(f"\n{more:,} more steps: --at {place} shows one, --gif FILE moves through them.")


def show_step(result: Result, position: tuple[int, ...]) -> None:
    """One step, by its position in the output."""
    print(f"\n{LEGEND}\n")
    result.steps.show(position)
