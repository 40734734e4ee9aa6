"""What is to be computed: an input, a kernel, their settings, and a pool of the result."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import ConvscopeWarning, ShapeError, UsageError
from ..ops import ConvolutionSteps, pool_steps, steps
from ..ops.padding import Padding
from ..written_pool import Pooling
from .stage import Stage, of_convolution, of_pools

MOST = 4_000_000  # numbers of a padded input, or of a result


def _check_size(walk: ConvolutionSteps) -> None:
    """Refuses what would take all memory before it is computed."""
    padded = [n + sum(pair) for n, pair in zip(walk.values.shape[1:], walk.pads, strict=True)]
    count = max(len(walk), len(walk.values) * math.prod(padded))
    if count > MOST:
        raise ShapeError(
            f"an input of {walk.values.shape} with padding {walk.pads} makes {count:,} numbers, "
            f"and an exercise has at most {MOST:,}."
        )


@dataclass(frozen=True, eq=False)
class Problem:
    """One exercise without its solution.

    input: (height, width) or (length,), with the channels first where there are some.
    kernel: (height, width) or (size,); (filters, channels, ...) where the input has channels. None is for a
        pool alone.
    flip: True is convolution, False cross-correlation.
    stride, padding, dilation, border: as for `ops.steps`, whose errors are raised here.

    >>> problem = Problem(np.eye(4, dtype=int), np.ones((2, 2), dtype=int), pool=Pooling.parse("max:2"))
    >>> [(stage.key, stage.result.tolist()) for stage in problem.stages]
    [('result', [[2, 1, 0], [1, 2, 1], [0, 1, 2]]), ('pooled', [[2]])]
    """

    input: np.ndarray
    kernel: np.ndarray | None
    flip: bool = False
    stride: int | Sequence[int] = 1
    padding: Padding = 0
    dilation: int | Sequence[int] = 1
    border: str = "zeros"
    pool: Pooling | None = None

    def __post_init__(self) -> None:
        if self.kernel is None and self.pool is None:
            raise UsageError("there is neither a kernel nor a pool, so nothing to compute: give one of them.")
        _ = self.stages

    @property
    def rank(self) -> int:
        """1 for signals, 2 for pictures."""
        return self.input.ndim - self.has_channels

    @property
    def has_channels(self) -> bool:
        return self.input.ndim == 3 if self.kernel is None else self.kernel.ndim == self.input.ndim + 1

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """What is computed in turn: "result", and "pooled" where a pool follows a kernel."""
        found: list[Stage] = []
        if self.kernel is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvscopeWarning)  # an exercise says what "same" adds
                walk = steps(
                    self.input,
                    self.kernel,
                    flip=self.flip,
                    stride=self.stride,
                    padding=self.padding,
                    dilation=self.dilation,
                    border=self.border,
                )
            _check_size(walk)
            found.append(of_convolution("result", walk))
        if self.pool is not None:
            values = found[0].result if found else self.input
            found.append(self.pooled(values, "pooled" if found else "result"))
        return tuple(found)

    def pooled(self, values: np.ndarray, key: str = "pooled") -> Stage:
        """The pool of `values`: one map, or maps (maps, ...)."""
        assert self.pool is not None
        maps = values if values.ndim > self.rank else values[None]
        shape = maps.shape[1:]
        if len(shape) not in (1, 2):
            raise ShapeError(f"a pool takes a signal or a picture, maybe with channels, not {values.shape}.")
        size, stride = self.pool.fitted(shape)
        settings: dict[str, Any] = {"kind": self.pool.kind, "p": self.pool.p, "stride": stride}
        walks = [pool_steps(one, size, **settings) for one in maps]
        return of_pools(key, self.pool.name, walks, stacked=values.ndim > self.rank, shape=shape)
