"""Looking through one window at a time, without a copy of the picture."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import is_whole
from .drawn import Drawn
from .padding import Pairs

T = TypeVar("T")


def source_index(index: Any, size: int, border: str) -> tuple[Any, Any]:
    """Where the numbers at `index` (one, or an array) along an axis come from, and which of them lie inside.

    >>> source_index(np.array([-2, -1, 0, 4, 5]), 5, "reflect")[0]
    array([2, 1, 0, 4, 3])
    """
    inside = (index >= 0) & (index < size)
    if border == "circular":
        return index % size, inside
    if border == "reflect" and size > 1:
        period = 2 * (size - 1)
        turned = index % period
        return np.minimum(turned, period - turned), inside
    return np.clip(index, 0, size - 1), inside


def look(
    values: np.ndarray,
    start: Sequence[int],
    kernel_size: Sequence[int],
    dilation: Sequence[int],
    border: str,
    beyond: float = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of a window over the last axes that begins at `start`, and which of them lie inside.

    `beyond` stands for what lies outside where the border is "zeros".
    """
    window, inside = values, np.ones((), dtype=bool)
    first = values.ndim - len(kernel_size)
    for axis, (at, k, d) in enumerate(zip(start, kernel_size, dilation, strict=True)):
        index, within = source_index(at + d * np.arange(k), values.shape[first + axis], border)
        window = np.take(window, index, axis=first + axis)
        inside = np.logical_and.outer(inside, within)
    inside = np.broadcast_to(inside, window.shape)
    return (np.where(inside, window, beyond).astype(values.dtype) if border == "zeros" else window), inside


class Walk(Sequence[T], Drawn, Generic[T]):
    """One step per number of the output, in order, each made when it is asked for.

    `shape` is the output's, with a channel first where there are output channels; row by row. `steps[n]`
    raises `IndexError` where there is no such step, as any sequence does; `steps.at(row, column)` raises
    `ShapeError`.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        stride: tuple[int, ...],
        dilation: tuple[int, ...],
        pads: Pairs,
        border: str,
    ) -> None:
        self.shape, self.stride, self.dilation, self.pads, self.border = shape, stride, dilation, pads, border

    @property
    @abstractmethod
    def name(self) -> str:
        """What the operation is called."""

    @abstractmethod
    def step(self, position: tuple[int, ...]) -> T:
        """The step of one number of the output, by its whole position."""

    @abstractmethod
    def output(self) -> np.ndarray:
        """All results at once, computed the fast way."""

    def at(self, *position: int) -> T:
        """The step of the output at a position such as (row, column).

        Raises `ShapeError` where the output has no such place.
        """
        inside = len(position) == len(self.shape) and all(
            is_whole(p, 0) and p < n for p, n in zip(position, self.shape, strict=True)
        )
        if not inside:
            raise ShapeError(f"there is no step at {position}: the output has the shape {self.shape}.")
        return self.step(position)

    def start_of(self, position: Sequence[int]) -> tuple[int, ...]:
        """Where the window of an output position begins on the input; negative in the padding."""
        rank = len(self.stride)
        axes = zip(position[len(position) - rank :], self.stride, self.pads, strict=True)
        return tuple(int(p) * s - before for p, s, (before, _) in axes)

    def __repr__(self) -> str:
        return f"<{len(self):,} steps of a {self.name}, output {'×'.join(map(str, self.shape))}>"

    def __len__(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not is_whole(index, -math.inf):
            raise UsageError(
                f"the step {index!r} should be a whole number, or a position of the output such as "
                f"{(0,) * len(self.shape)}."
            )
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} steps, from 0 to {len(self) - 1}; not {index}.")
        place = np.unravel_index(index % len(self), self.shape)
        return self.step(tuple(int(p) for p in place))

    def __iter__(self) -> Iterator[T]:
        for place in np.ndindex(*self.shape):
            yield self.step(place)
