"""One operation of an exercise: its result, its output size, and the step behind each number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..ops import ConvolutionSteps, PoolStep, PoolSteps, Step
from ..ops.padding import Pairs
from .size_sum import SizeSum

Position = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Stage:
    """An operation worked out."""

    key: str  # what its result is called in a file: "result" or "pooled"
    name: str  # such as "cross-correlation (kernel not flipped)"
    result: np.ndarray  # (rows, columns) or (places,), with the maps first where there are some
    sizes: tuple[SizeSum, ...]  # one per axis
    walks: tuple[ConvolutionSteps | PoolSteps, ...]  # one, or for a pool of several maps one each
    stacked: bool  # the result has maps first

    @property
    def is_convolution(self) -> bool:
        return isinstance(self.walks[0], ConvolutionSteps)

    @property
    def kernel_size(self) -> tuple[int, ...]:
        return tuple(size.kernel_size for size in self.sizes)

    @property
    def stride(self) -> tuple[int, ...]:
        return self.walks[0].stride

    @property
    def dilation(self) -> tuple[int, ...]:
        return self.walks[0].dilation

    @property
    def padding(self) -> Pairs:
        return self.walks[0].pads

    @property
    def border(self) -> str:
        return self.walks[0].border

    def step(self, position: Position) -> Step | PoolStep:
        """How the number at `position` of the result comes about."""
        if self.is_convolution or not self.stacked:
            return self.walks[0].step(position)
        return self.walks[position[0]].step(position[1:])

    @property
    def positions(self) -> Iterator[Position]:
        """The places of the result, in order."""
        return iter(np.ndindex(*self.result.shape))


def of_convolution(key: str, walk: ConvolutionSteps) -> Stage:
    sizes = _size_sums(walk.values.shape[1:], walk.kernel.shape[2:], walk)
    return Stage(key, walk.name, walk.output(), sizes, (walk,), walk.channels)


def of_pools(
    key: str, name: str, walks: Sequence[PoolSteps], *, stacked: bool, shape: tuple[int, ...]
) -> Stage:
    results = [walk.output() for walk in walks]
    sizes = _size_sums(shape, walks[0].kernel_size, walks[0])
    return Stage(key, name, np.stack(results) if stacked else results[0], sizes, tuple(walks), stacked)


def _size_sums(
    shape: Sequence[int], kernel_size: Sequence[int], walk: ConvolutionSteps | PoolSteps
) -> tuple[SizeSum, ...]:
    names = ("height", "width") if len(shape) == 2 else ("length",)
    axes = zip(names, shape, kernel_size, walk.stride, walk.pads, walk.dilation, strict=True)
    return tuple(SizeSum(*axis) for axis in axes)
