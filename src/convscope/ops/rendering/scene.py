"""What is to be seen of one step: panels of numbers or pictures, and sentences. Not how they are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import UsageError
from ..looking import look
from ..pool_steps import PoolStep, PoolSteps
from ..steps import ConvolutionSteps, Step, spelled
from .shades import fitted, shades

MOST = 12  # cells along a side; a larger picture is shown as a picture
MOST_PLACES = 24  # of a signal, where its window is wide
MOST_TAPS = 9  # along a side of a kernel in numbers
MOST_CHANNELS = 4
MOST_MAPS = 6
MOST_TERMS = 12  # of a sum that is written out
PIXELS = 240

# What a cell is: any of these together.
MARKED = 1  # under the kernel, or the number that is made of it
BEYOND = 2  # not on the input: padding
EMPTY = 4  # without a number: a result not made yet, padding that does not count
WINNER = 8  # the maximum


@dataclass(frozen=True, eq=False)
class Grid:
    """Numbers in cells, (rows, columns), with what each cell is; `tinted` shows their signs."""

    title: str
    numbers: np.ndarray
    marks: np.ndarray
    tinted: bool = False


@dataclass(frozen=True, eq=False)
class Photo:
    """Numbers as a picture, at most `PIXELS` large, with the window or the number's place on it."""

    title: str
    pixels: np.ndarray  # (height, width), uint8
    size: tuple[int, int]  # in numbers
    box: tuple[float, float, float, float] | None = None  # top, left, bottom, right, in numbers
    done: tuple[int, int] | None = None  # whole rows, and numbers of the next: the rest is not made yet

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels per number, down and across."""
        return self.pixels.shape[0] / self.size[0], self.pixels.shape[1] / self.size[1]


Panel = Grid | Photo


@dataclass(frozen=True, eq=False)
class Scene:
    """One step. `rows` has the input, kernel and products of each channel that is shown; `outputs` the maps."""

    title: str  # "cross-correlation (kernel not flipped), step 2 of 9: row 0, column 1"
    rows: tuple[tuple[Panel, ...], ...]
    outputs: tuple[Panel, ...]
    equation: str
    settings: str  # what is not ordinary: stride, padding, ...; "" where all is
    left_out: str  # channels and maps that are not shown
    upright: bool  # the panels of a row stand one below the other, column under column: signals

    @property
    def description(self) -> str:
        """The step in words, for who cannot see the drawing."""
        return ". ".join(part for part in (self.title, self.equation, self.settings) if part) + "."


class Story:
    """All scenes of a convolution or a pool. What they share is computed once."""

    def __init__(self, steps: Any, most: int = MOST) -> None:
        self.steps: ConvolutionSteps | PoolSteps = steps
        self.most = most
        self.pooling = isinstance(steps, PoolSteps)
        self.rank = len(self.steps.stride)
        self.values = self.steps.values if isinstance(steps, ConvolutionSteps) else steps.values[None]
        self.sizes = self.values.shape[1:]
        self.kernel_size: tuple[int, ...] = (
            steps.kernel.shape[2:] if isinstance(steps, ConvolutionSteps) else steps.kernel_size
        )
        padded = [n + sum(pair) for n, pair in zip(self.sizes, self.steps.pads, strict=True)]
        self.places = self.steps.shape[len(self.steps.shape) - self.rank :]
        self.small = self.rank == 1 or max(*padded, *self.places) <= most

    @cached_property
    def maps(self) -> np.ndarray:
        """All results, (maps, rows, columns) or (maps, places)."""
        return self.steps.output().reshape(-1, *self.places)

    def chosen(self, most: int) -> list[int]:
        """The numbers of at most `most` steps: evenly, with the first and the last."""
        if most < 1:
            raise UsageError(f"most={most} steps to be shown should be 1 or more.")
        count = len(self.steps)
        if count <= most:
            return list(range(count))
        return [(count - 1) * i // max(1, most - 1) for i in range(most)]

    def scene(self, index: int | tuple[int, ...]) -> Scene:
        """The scene of a step, by its number or by the position of its result."""
        step = self.steps.at(*index) if isinstance(index, tuple) else self.steps[index]
        channels = list(self._channels(step))
        shown = channels[:MOST_CHANNELS]
        rows = tuple(tuple(self._row(step, number, channel)) for number, channel in enumerate(shown))
        maps = self._maps(step)
        return Scene(
            self._title(step),
            rows,
            tuple(self._output(step, each) for each in maps),
            _equation(step),
            self._settings(),
            _left_out(len(channels) - len(shown), len(self.maps) - len(maps)),
            self.rank == 1,
        )

    # -- which channels and maps

    def _channels(self, step: Step | PoolStep) -> range:
        """The input channels that the step looks at."""
        if not isinstance(self.steps, ConvolutionSteps):
            return range(1)
        ins = self.steps.kernel.shape[1]
        group = self._map_of(step) // (len(self.steps.kernel) // self.steps.groups)
        return range(group * ins, (group + 1) * ins)

    def _map_of(self, step: Step | PoolStep) -> int:
        return step.position[0] if len(step.position) > self.rank else 0

    def _maps(self, step: Step | PoolStep) -> range:
        """At most `MOST_MAPS`, among them the one that the step belongs to."""
        first = max(0, min(self._map_of(step) - MOST_MAPS // 2, len(self.maps) - MOST_MAPS))
        return range(first, min(len(self.maps), first + MOST_MAPS))

    # -- panels

    def _row(self, step: Step | PoolStep, number: int, channel: int) -> Iterator[Panel]:
        size = "×".join(map(str, self.sizes))
        named = f" {channel}" if len(self.values) > 1 else ""
        title = f"input{named} {size}" if self.rank == 2 else f"input{named} of {size}"
        window = _of_channel(step.window, number, self.rank)
        inside = _of_channel(step.inside, number, self.rank)
        if self.rank == 1:
            yield self._stretch(step, channel, title)
        elif self.small:
            yield self._whole(step, channel, title)
        else:
            yield self._photo(step, channel, title)
            yield _panel("window", window, self._window_marks(step, inside))
        if isinstance(step, Step):
            kernel = _of_channel(step.kernel, number, self.rank)
            products = _of_channel(step.products, number, self.rank)
            flipped = isinstance(self.steps, ConvolutionSteps) and self.steps.flipped
            for name, numbers in (("flipped kernel" if flipped else "kernel", kernel), ("products", products)):
                yield self._under_window(step, numbers, name) if self.rank == 1 else _panel(
                    name, numbers, tinted=True
                )

    def _whole(self, step: Step | PoolStep, channel: int, title: str) -> Grid:
        """A small picture with its padding."""
        before = [pair[0] for pair in self.steps.pads]
        padded = [n + sum(pair) for n, pair in zip(self.sizes, self.steps.pads, strict=True)]
        return self._part(step, channel, title, [-b for b in before], padded)

    def _stretch(self, step: Step | PoolStep, channel: int, title: str) -> Grid:
        """A signal with its padding; of a long one what is around the window."""
        first, count = self._stretch_of(step)
        if first > -self.steps.pads[0][0] or first + count < self.sizes[0] + self.steps.pads[0][1]:
            title += f", from {first}"
        return self._part(step, channel, title, [first], [count])

    def _stretch_of(self, step: Step | PoolStep) -> tuple[int, int]:
        """Where the shown part of a signal begins, and its length."""
        before, after = self.steps.pads[0]
        whole = self.sizes[0] + before + after
        extent = self.steps.dilation[0] * (self.kernel_size[0] - 1) + 1
        count = min(whole, max(self.most, min(extent, MOST_PLACES)))
        first = min(max(step.start[0] - max(count - extent, 0) // 2, -before), whole - count - before)
        return first, count

    def _part(
        self, step: Step | PoolStep, channel: int, title: str, start: Sequence[int], count: Sequence[int]
    ) -> Grid:
        """The numbers from `start` on, with the window marked."""
        numbers, inside = look(
            self.values[channel], start, count, (1,) * self.rank, self.steps.border)
        marks = np.where(inside, 0, BEYOND | (0 if self._padding_counts else EMPTY)).astype(np.uint8)
        taps = [at - first for at, first in zip(self._taps(step), start, strict=True)]
        fitting = [at[(at >= 0) & (at < n)] for at, n in zip(taps, count, strict=True)]
        marks[np.ix_(*fitting)] |= MARKED
        if isinstance(step, PoolStep) and step.winner is not None:
            place = tuple(w - s for w, s in zip(step.winner, start, strict=True))
            if all(0 <= p < n for p, n in zip(place, count, strict=True)):
                marks[place] |= WINNER
        return Grid(title, np.atleast_2d(numbers), np.atleast_2d(marks))

    def _under_window(self, step: Step, numbers: np.ndarray, title: str) -> Grid:
        """Numbers of a signal's kernel, each below the place of the input that it is multiplied with."""
        first, count = self._stretch_of(step)
        row, marks = np.zeros(count, dtype=numbers.dtype), np.full(count, EMPTY, dtype=np.uint8)
        at = self._taps(step)[0] - first
        fitting = (at >= 0) & (at < count)
        row[at[fitting]], marks[at[fitting]] = numbers[fitting], MARKED
        return Grid(title, row[None], marks[None], tinted=True)

    def _photo(self, step: Step | PoolStep, channel: int, title: str) -> Photo:
        top, left = step.start
        extents = [d * (k - 1) + 1 for k, d in zip(self.kernel_size, self.steps.dilation, strict=True)]
        box = (top, left, top + extents[0], left + extents[1])
        return Photo(title, self._pixels_of_input[channel], self._size(self.sizes), box)

    def _window_marks(self, step: Step | PoolStep, inside: np.ndarray) -> np.ndarray:
        marks = np.where(inside, 0, BEYOND | (0 if self._padding_counts else EMPTY)).astype(np.uint8)
        if isinstance(step, PoolStep) and step.winner is not None:
            axes = zip(step.winner, step.start, self.steps.dilation, strict=True)
            marks[tuple((w - s) // d for w, s, d in axes)] |= WINNER
        return marks

    def _output(self, step: Step | PoolStep, each: int) -> Panel:
        size = "×".join(map(str, self.places))
        named = f" {each}" if len(self.maps) > 1 else ""
        title = f"output{named} {size}" if self.rank == 2 else f"output{named} of {size}"
        current, place = self._map_of(step), step.position[len(step.position) - self.rank :]
        whole = int(np.prod(self.places))
        done = int(np.ravel_multi_index(place, self.places)) + 1 if each == current else whole * (each < current)
        if not self.small:
            row, column = place
            box = (row, column, row + 1, column + 1) if each == current else None
            return Photo(
                title, self._pixels_of_output[each], self._size(self.places), box, divmod(done, self.places[-1])
            )
        marks = np.where(np.arange(whole).reshape(self.places) < done, 0, EMPTY).astype(np.uint8)
        if each == current:
            marks[place] |= MARKED
        numbers = self.maps[each]
        if self.rank == 1 and self.places[0] > self.most:
            first = min(max(place[0] - self.most // 2, 0), self.places[0] - self.most)
            numbers, marks = numbers[first : first + self.most], marks[first : first + self.most]
            title += f", from {first}"
        return Grid(title, np.atleast_2d(numbers), np.atleast_2d(marks))

    @cached_property
    def _pixels_of_input(self) -> list[np.ndarray]:
        return [fitted(shades(channel), PIXELS)[0] for channel in self.values]

    @cached_property
    def _pixels_of_output(self) -> list[np.ndarray]:
        greys = shades(self.maps)  # one scale for all maps
        return [fitted(each, PIXELS)[0] for each in greys]

    @staticmethod
    def _size(sizes: Sequence[int]) -> tuple[int, int]:
        return sizes[0], sizes[1]

    def _taps(self, step: Step | PoolStep) -> list[np.ndarray]:
        axes = zip(step.start, self.steps.dilation, self.kernel_size, strict=True)
        return [start + d * np.arange(k) for start, d, k in axes]

    @property
    def _padding_counts(self) -> bool:
        """Whether what lies beyond the border is a number of the window."""
        if not isinstance(self.steps, PoolSteps) or self.steps.border != "zeros":
            return True
        return self.steps.kind == "average" and self.steps.count_include_pad

    # -- sentences

    def _title(self, step: Step | PoolStep) -> str:
        name = self.steps.name if isinstance(self.steps, ConvolutionSteps) else f"{self.steps.kind} pooling"
        number = int(np.ravel_multi_index(step.position, self.steps.shape)) + 1
        place = step.position[len(step.position) - self.rank :]
        where = f"row {place[0]}, column {place[1]}" if self.rank == 2 else f"place {place[0]}"
        if len(step.position) > self.rank:
            where = f"map {step.position[0]}, {where}"
        return f"{name}, step {number:,} of {len(self.steps):,}: {where}"

    def _settings(self) -> str:
        parts = []
        if self.pooling:
            parts.append(f"window {'×'.join(map(str, self.kernel_size))}")
        if set(self.steps.stride) != {1}:
            parts.append(f"stride {_each(self.steps.stride)}")
        if set(self.steps.dilation) != {1}:
            parts.append(f"dilation {_each(self.steps.dilation)}")
        if any(map(sum, self.steps.pads)):
            border = self.steps.border if self._padding_counts else "does not count"
            parts.append(f"padding {_each([_each(pair) for pair in self.steps.pads])} ({border})")
        if isinstance(self.steps, ConvolutionSteps) and self.steps.groups > 1:
            parts.append(f"{self.steps.groups} groups")
        extent = self.steps.dilation[0] * (self.kernel_size[0] - 1) + 1
        if self.rank == 1 and extent > max(self.most, MOST_PLACES):
            parts.append(f"the kernel reaches over {extent} places, of which some are shown")
        return ", ".join(parts)


def _of_channel(array: np.ndarray, number: int, rank: int) -> np.ndarray:
    return array[number] if array.ndim > rank else array


def _panel(title: str, numbers: np.ndarray, marks: np.ndarray | None = None, *, tinted: bool = False) -> Panel:
    """Numbers as cells where they are few."""
    if max(numbers.shape) <= MOST_TAPS:
        none = np.zeros(numbers.shape, dtype=np.uint8)
        return Grid(title, numbers, none if marks is None else marks, tinted)
    size = numbers.shape[0], numbers.shape[1]
    return Photo(f"{title} {size[0]}×{size[1]}", fitted(shades(numbers), PIXELS // 2)[0], size)


def _equation(step: Step | PoolStep) -> str:
    if step.window.size <= MOST_TERMS:
        return step.equation()
    result = spelled(step.result).strip("()")
    if isinstance(step, PoolStep):
        what = {"max": "maximum", "average": "mean"}.get(step.kind, f"{step.p:g}-norm")
        return f"{what} of {int(step.counted.sum())} numbers = {result}"
    bias = "" if step.bias is None else f" + bias {spelled(step.bias)}"
    sums = step.channel_sums
    if 1 < len(sums) <= MOST_TERMS:
        return f"sums of the channels: {' + '.join(map(spelled, sums))}{bias} = {result}"
    return f"sum of {step.window.size} products{bias} = {result}"


def _left_out(channels: int, maps: int) -> str:
    parts = [
        f"{count} more {what}{'s' * (count > 1)}"
        for count, what in ((channels, "input channel"), (maps, "output map"))
        if count > 0
    ]
    return f"not shown: {' and '.join(parts)}" if parts else ""


def _each(numbers: Sequence[Any]) -> str:
    """One number where all are the same.

    >>> _each((2, 2)), _each((1, 2))
    ('2', '1, 2')
    """
    return str(numbers[0]) if len(set(numbers)) == 1 else ", ".join(map(str, numbers))
