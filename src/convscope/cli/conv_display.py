"""What `convscope conv` prints: facts, then input, kernel and output side by side, or step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from rich.console import Console
from rich.text import Text

from ..ops.rendering import terminal
from ..ops.rendering.blocks import half_blocks
from ..ops.rendering.shades import cell_text, shades
from ..ops.rendering.story import Story
from ..written_pool import Pooling
from .conv_chain import FEW, MOST_MAPS, chain_blocks, chain_facts, grids, way_lines
from .conv_input import Input, Kernel
from .conv_result import Result

ALL_STEPS, FIRST_STEPS = 9, 4
PICTURE = 30  # columns
LEGEND = "[ ] is under the kernel or just made, * * the maximum, · not made yet."


def show_result(given: Input, kernel: Kernel | None, pool: Pooling | None, result: Result) -> None:
    """Facts, and the arrays side by side."""
    console = Console(highlight=False)
    print("\n".join([*facts(given, kernel, pool, result), *chain_facts(result)]))
    rows = [list(_blocks(given, result, colours=terminal.has_colours(console))), *chain_blocks(result)]
    for blocks in filter(None, rows):
        print()
        for line in terminal.beside(blocks, console.width):
            line.rstrip()
            console.print(line, soft_wrap=True)


def facts(given: Input, kernel: Kernel | None, pool: Pooling | None, result: Result) -> Iterator[str]:
    """What was done to what, and what came out."""
    called = "" if given.typed else f"{given.name}, "
    alone = ", each by itself" if len(given.channels) > 1 and not result.is_layer else ""
    alone = alone.replace("each", "each channel") if given.photo else alone
    yield f"input    {called}{given.size} {given.kind}{alone}"
    if kernel is not None and result.convolution is not None:
        called = "" if kernel.name == "the kernel" else f"{kernel.name}, "
        yield f"kernel   {called}{_of_kernel(kernel)}{_of_bias(kernel)}"
        yield f"doing    {_joined(result.convolution.name, Story(result.convolution).settings())}"
    if pool is not None and result.pooling is not None:
        then = "doing" if kernel is None else "then"
        yield f"{then:<9}{_joined(pool.name, Story(result.pooling).settings())}"
    least, most, mean = (cell_text(number, 4) for number in result.figures())
    count = len(result.output)
    maps = f"{count} maps of " if count > 1 and not result.colours else ""
    yield f"output   {maps}{_size(result.output.shape[1:])}, from {least} to {most}, mean {mean}"


def _of_kernel(kernel: Kernel) -> str:
    """Its size; a layer's filters add up what they make of each channel."""
    numbers = kernel.numbers
    if not kernel.is_layer:
        return f"{_size(numbers.shape)}, sums to {cell_text(round(numbers.sum(), 9))}"
    filters = "" if kernel.filters == 1 else f"{kernel.filters} filters of "
    channels = numbers.shape[1]
    added = f" for each of {channels} channels, all products added up" if channels > 1 else ""
    return f"{filters}{_size(numbers.shape[2:])}{added}"


def _of_bias(kernel: Kernel) -> str:
    if kernel.bias is None:
        return ""
    shown = [cell_text(number, 4) for number in kernel.bias[:FEW]]
    return f", bias {', '.join(shown)}{', …' * (kernel.filters > FEW)}"


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _blocks(given: Input, result: Result, *, colours: bool) -> Iterator[list[Text]]:
    """Each array as numbers where they are few, else as a picture where the terminal has colours."""
    yield from _array("input", given.channels, given.photo, lambda: ("input", given.picture()), colours)
    if (convolution := result.convolution) is not None:
        name = "flipped kernel" if convolution.flipped else "kernel"
        for number, planes in enumerate(convolution.kernel[:MOST_MAPS]):
            called = name if len(convolution.kernel) == 1 else f"{name} {number}{',' * (len(planes) > 1)}"
            yield from _array(called, planes, False, partial(_kernel_picture, called, planes[0]), colours)
        if (more := len(convolution.kernel) - MOST_MAPS) > 0:
            yield [Text(f"and {more} more")]
    yield from _array("output", result.output, result.colours, partial(_output_picture, result), colours)


def _array(
    name: str, numbers: np.ndarray, photo: bool, picture: Callable[[], tuple[str, np.ndarray]], colours: bool
) -> Iterator[list[Text]]:
    if max(numbers.shape[1:]) <= FEW and not (photo and len(numbers) == 3):
        yield from grids(name, numbers)
    elif colours and numbers.ndim == 3:
        title, pixels = picture()
        yield [Text(title, "bold"), *half_blocks(pixels, PICTURE)]


def _kernel_picture(name: str, plane: np.ndarray) -> tuple[str, np.ndarray]:
    return name, shades(plane)


def _output_picture(result: Result) -> tuple[str, np.ndarray]:
    result = result.without_chain
    if result.output.min() < 0 and not result.keeps_range:
        return "output, magnitudes", _magnitudes(result.output)
    return "output", result.picture()[0]


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
            place = f"MAP,{place}" if len(walk.shape) > len(walk.stride) and walk.shape[0] > 1 else place
            print(f"\n{more:,} more steps: --at {place} shows one, --gif FILE moves through them.")


def show_step(result: Result, position: tuple[int, ...]) -> None:
    """One step, by its position in the output."""
    print(f"\n{LEGEND}\n")
    walk, at, _ = result.found(position)
    walk.show(at)
    if result.stages:
        print()
        print("\n".join(way_lines(result, position)))
