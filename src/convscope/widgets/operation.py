"""What the Convolution widget shows, as one value: a picture, what slides over it, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..errors import ShapeError, UsageError
from ..ops import ConvolutionSteps, PoolStep, PoolSteps, Step, pool_steps, steps
from ..ops.kernels import kernel as named_kernel
from ..written_pool import Pooling


@dataclass(frozen=True, eq=False)
class Operation:
    """The numbers are computed by `ops`; what cannot be computed is refused when it is made."""

    picture: np.ndarray  # (length,), (height, width), or after channels
    kernel: np.ndarray | str | None = None  # a plane, one per channel, filters of these, or a name
    pool: str | None = None
    padding: Any = "valid"
    stride: Any = 1
    dilation: Any = 1
    border: str = "zeros"
    flip: bool = False
    bias: Any = None
    then: str = ""
    signal: bool = False  # the last axis alone is of places

    def __post_init__(self) -> None:
        if self.kernel is None and self.pool is None:
            raise UsageError('there is nothing to slide over the picture: give a kernel, or pool="max:2".')
        if self.kernel is None and (self.flip or self.bias is not None):
            raise UsageError("flip and bias are of a kernel, and a pool has none.")
        if self.padding is not None and not isinstance(self.padding, str | int) and _pairs(self.padding):
            raise UsageError(
                f"padding={self.padding!r}: the widget pads alike before and after, a number for all axes "
                "or one each; ops.steps takes pairs."
            )
        if self.pool is not None:
            Pooling.parse(self.pool)
        _ = self.walks

    @cached_property
    def channels(self) -> np.ndarray:
        """The picture as (C, height, width) or (C, length)."""
        rank = 1 if self.signal or self.picture.ndim == 1 else 2
        if self.picture.ndim not in (rank, rank + 1):
            wanted = (
                "(length,) or (channels, length)"
                if rank == 1
                else "(height, width) or (channels, height, width)"
            )
            raise ShapeError(f"the picture should have the shape {wanted}, not {self.picture.shape}.")
        return self.picture if self.picture.ndim == rank + 1 else self.picture[None]

    @cached_property
    def filters(self) -> np.ndarray | None:
        """The kernel's numbers: a plane of the picture's axes, or (filters, channels, ...)."""
        if self.kernel is None:
            return None
        taps = named_kernel(self.kernel) if isinstance(self.kernel, str) else self.kernel
        rank = self.channels.ndim - 1
        if taps.ndim == 1 and rank == 2:
            taps = taps[None]
        if taps.ndim == rank + 1:
            taps = taps[None]
        alone = taps.ndim == rank + 2 and taps.shape[:2] == (1, 1) and len(self.channels) == 1
        return taps[0, 0] if alone else taps

    @cached_property
    def walks(self) -> tuple[ConvolutionSteps | PoolSteps, ...]:
        """The steps: of all channels together, or one for each channel that is looked at by itself."""
        sliding: dict[str, Any] = {"padding": self.padding, "dilation": self.dilation, "border": self.border}
        if self.filters is not None:
            sliding |= {"stride": self.stride, "flip": self.flip}
            if self.filters.ndim > self.channels.ndim:
                return (steps(self.channels, self.filters, self.bias, **sliding),)
            return tuple(steps(channel, self.filters, self.bias, **sliding) for channel in self.channels)
        assert self.pool is not None
        pooling = Pooling.parse(self.pool)
        window, stride = pooling.fitted(self.channels.shape[1:])
        sliding |= {"stride": stride, "kind": pooling.kind, "p": pooling.p}
        if sliding["padding"] == "valid":
            sliding["padding"] = 0
        return tuple(pool_steps(channel, window, **sliding) for channel in self.channels)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output: (maps, rows, columns), without maps where there is one plane of numbers."""
        shape = self.walks[0].shape
        return (len(self.walks), *shape) if len(self.walks) > 1 else shape

    def has(self, position: tuple[int, ...]) -> bool:
        """Whether the output has a number there."""
        return len(position) == len(self.shape) and all(
            0 <= place < size for place, size in zip(position, self.shape, strict=True)
        )

    def step(self, position: tuple[int, ...]) -> Step | PoolStep:
        """How the number at a position of the output comes about. Raises `ShapeError` where there is none."""
        if len(self.walks) > 1 and self.has(position):
            return self.walks[position[0]].at(*position[1:])
        if not self.has(position):
            raise ShapeError(f"there is no step at {position}: the output has the shape {self.shape}.")
        return self.walks[0].at(*position)

    def output(self) -> np.ndarray:
        """All numbers of the output."""
        outputs = [walk.output() for walk in self.walks]
        return outputs[0] if len(outputs) == 1 else np.stack(outputs)

    def drawing(self, position: tuple[int, ...]) -> str:
        """One step as an SVG picture."""
        if len(self.walks) > 1:
            return self.walks[position[0]].svg(position[1:])
        return self.walks[0].svg(position)


def _pairs(padding: Iterable[Any]) -> bool:
    return any(isinstance(side, Iterable) for side in padding)
