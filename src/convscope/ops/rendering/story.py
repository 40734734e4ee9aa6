"""The scenes of a convolution or a pool: which numbers each shows, and what is marked in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ...errors import UsageError
from ..looking import look
from ..pool_steps import PoolStep, PoolSteps
from ..steps import ConvolutionSteps, Step
from .scene import BEYOND, EMPTY, MARKED, PIXELS, WINNER, Grid, Panel, Photo, Scene, panel
from .sentences import digits_of, each, equation, left_out
from .shades import fitted, shades

MOST = 12  # cells along a side; a larger picture is shown as a picture
MOST_PLACES = 24  # of a signal, where its window is wide
MOST_CHANNELS = 4
MOST_MAPS = 6


class Story:
    """All scenes of a convolution or a pool. What they share is computed once."""

    def __init__(self, steps: Any, most: int = MOST, *, of: str = "") -> None:
        self.steps: ConvolutionSteps | PoolSteps = steps
        self.most = most
        self.of = f", {of}," if of else ""  # what the input is, such as one channel of a picture
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
            tuple(self._output(step, number) for number in maps),
            equation(step),
            self.settings(),
            left_out(len(channels) - len(shown), len(self.maps) - len(maps)),
            self.rank == 1,
            digits_of(step),
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
        named = f" {channel}" if len(self.values) > 1 else self.of
        title = f"input{named} {size}" if self.rank == 2 else f"input{named} of {size}"
        window = _of_channel(step.window, number, self.rank)
        inside = _of_channel(step.inside, number, self.rank)
        if self.rank == 1:
            yield self._stretch(step, channel, title)
        elif self.small:
            yield self._whole(step, channel, title)
        else:
            yield self._photo(step, channel, title)
            yield panel("window", window, self._window_marks(step, inside))
        if isinstance(step, Step):
            kernel = _of_channel(step.kernel, number, self.rank)
            products = _of_channel(step.products, number, self.rank)
            flipped = isinstance(self.steps, ConvolutionSteps) and self.steps.flipped
            for name, numbers in (
                ("flipped kernel" if flipped else "kernel", kernel),
                ("products", products),
            ):
                yield (
                    self._under_window(step, numbers, name)
                    if self.rank == 1
                    else panel(name, numbers, tinted=True)
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
        numbers, inside = look(self.values[channel], start, count, (1,) * self.rank, self.steps.border)
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

    def _output(self, step: Step | PoolStep, number: int) -> Panel:
        size = "×".join(map(str, self.places))
        named = f" {number}" if len(self.maps) > 1 else ""
        title = f"output{named} {size}" if self.rank == 2 else f"output{named} of {size}"
        current, place = self._map_of(step), step.position[len(step.position) - self.rank :]
        whole = int(np.prod(self.places))
        done = whole * (number < current)
        if number == current:
            done = int(np.ravel_multi_index(place, self.places)) + 1
        if not self.small:
            row, column = place
            box = (row, column, row + 1, column + 1) if number == current else None
            return Photo(
                title,
                self._pixels_of_output[number],
                self._size(self.places),
                box,
                divmod(done, self.places[-1]),
            )
        marks = np.where(np.arange(whole).reshape(self.places) < done, 0, EMPTY).astype(np.uint8)
        if number == current:
            marks[place] |= MARKED
        numbers = self.maps[number]
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
        return [fitted(grey, PIXELS)[0] for grey in greys]

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

    def settings(self) -> str:
        """What is not ordinary about the sliding: stride, dilation, padding, groups."""
        parts = []
        if self.pooling:
            parts.append(f"window {'×'.join(map(str, self.kernel_size))}")
        if self.pooling or set(self.steps.stride) != {1}:
            parts.append(f"stride {each(self.steps.stride)}")
        if set(self.steps.dilation) != {1}:
            parts.append(f"dilation {each(self.steps.dilation)}")
        if any(map(sum, self.steps.pads)):
            border = self.steps.border if self._padding_counts else "does not count"
            parts.append(f"padding {each([each(pair) for pair in self.steps.pads])} ({border})")
        if isinstance(self.steps, ConvolutionSteps) and self.steps.groups > 1:
            parts.append(f"{self.steps.groups} groups")
        extent = self.steps.dilation[0] * (self.kernel_size[0] - 1) + 1
        if self.rank == 1 and extent > max(self.most, MOST_PLACES):
            parts.append(f"the kernel reaches over {extent} places, of which some are shown")
        return ", ".join(parts)


def _of_channel(array: np.ndarray, number: int, rank: int) -> np.ndarray:
    return array[number] if array.ndim > rank else array
