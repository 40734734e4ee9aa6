"""What the Convolution widget shows, as one value: a picture, what slides over it, how, and what follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .. import sliding
from ..chain import Stage, apply, written_chain
from ..chain.pool import Pool
from ..errors import ShapeError, UsageError
from ..ops import ConvolutionSteps, PoolStep, PoolSteps, Step, pool_steps, steps
from ..ops.kernels import kernel as named_kernel
from ..written_pool import Pooling


@dataclass(frozen=True, eq=False)
class Operation:
    """As `convscope conv` does it; what cannot be computed is refused when it is made."""

    picture: np.ndarray  # (length,), (height, width), or after channels
    kernel: np.ndarray | str | None = None  # a plane, one per channel, filters of these, or a name
    pool: str | None = None  # after the kernel, or alone
    padding: Any = sliding.PADDING
    stride: Any = 1  # of a pool alone, 1 is the pool's own
    dilation: Any = sliding.DILATION
    border: str = sliding.BORDER
    flip: bool = False
    bias: Any = None
    then: str = ""
    signal: bool = False  # the last axis alone is of places

    def __post_init__(self) -> None:
        if self.slides_pool and (self.flip or self.bias is not None):
            raise UsageError("flip and bias are of a kernel, and a pool has none.")
        if isinstance(self.padding, tuple) and any(isinstance(side, Iterable) for side in self.padding):
            raise UsageError(
                f"padding={self.padding!r}: the widget pads alike before and after, a number for all axes or "
                "one each; ops.steps takes pairs."
            )
        _ = self.walks, self.stages and self.end

    @property
    def slides_pool(self) -> bool:
        """Whether the windows are a pool's."""
        return self.kernel is None and self.pool is not None

    @property
    def channels(self) -> np.ndarray:
        """The picture as (C, height, width) or (C, length)."""
        rank = 1 if self.signal or self.picture.ndim == 1 else 2
        if self.picture.ndim not in (rank, rank + 1):
            sizes = "length" if rank == 1 else "height, width"
            raise ShapeError(
                f"the picture should have the shape ({sizes}{',' * (rank == 1)}) or (channels, {sizes}), "
                f"not {self.picture.shape}."
            )
        return self.picture if self.picture.ndim == rank + 1 else self.picture[None]

    @cached_property
    def filters(self) -> np.ndarray:
        """The kernel's numbers: a plane of the picture's axes, or (filters, channels, ...)."""
        kernel = sliding.KERNEL if self.kernel is None else self.kernel
        taps = named_kernel(kernel) if isinstance(kernel, str) else kernel
        rank = self.channels.ndim - 1
        if taps.ndim == 1 and rank == 2:
            taps = taps[None]
        if taps.ndim == rank + 1:
            taps = taps[None]
        return taps[0, 0] if taps.ndim == rank + 2 and taps.shape[:2] == (1, 1) else taps

    @cached_property
    def walks(self) -> Sequence[ConvolutionSteps | PoolSteps]:
        """The steps: of all channels together, or one for each channel that is looked at by itself."""
        how: dict[str, Any] = {
            "padding": self.padding,
            "stride": self.stride,
            "dilation": self.dilation,
            "border": self.border,
        }
        if self.slides_pool:
            pooling = Pooling.parse(str(self.pool))
            window, stride = pooling.fitted(self.channels.shape[1:])
            if not _is_one(self.stride) and pooling.stride is not None:
                both = f"pool={self.pool!r} and stride={self.stride!r}"
                raise UsageError(f"{both} both give a stride; leave one of them out.")
            how |= {"stride": stride if _is_one(self.stride) else self.stride}
            kind: dict[str, Any] = {"kind": pooling.kind, "p": pooling.p}
            return [pool_steps(channel, window, **kind, **how) for channel in self.channels]
        how["flip"] = self.flip
        if self.filters.ndim > self.channels.ndim:
            one = self.bias is not None and np.size(self.bias) == 1  # for all filters
            bias = np.full(len(self.filters), self.bias) if one else self.bias
            return [steps(self.channels, self.filters, bias, **how)]
        first = steps(self.channels[0], self.filters, self.bias, **how)
        how["padding"] = first.pads
        return [first, *(steps(one, self.filters, self.bias, **how) for one in self.channels[1:])]

    @property
    def sums_channels(self) -> bool:
        """Whether each filter sums over all channels, as a layer does."""
        return isinstance(self.walks[0], ConvolutionSteps) and self.walks[0].channels

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output: rows and columns, or places; after the maps where there are several."""
        maps, *place = self.walks[0].shape if self.sums_channels else (len(self.walks), *self.walks[0].shape)
        return (maps, *place) if maps > 1 else tuple(place)

    def has(self, position: tuple[int, ...]) -> bool:
        """Whether the output has a number there."""
        return len(position) == len(self.shape) and all(
            0 <= place < size for place, size in zip(position, self.shape, strict=True)
        )

    def found(self, position: tuple[int, ...]) -> tuple[ConvolutionSteps | PoolSteps, tuple[int, ...]]:
        """The walk that has the number at a position, and where. Raises `ShapeError` where there is none."""
        if not self.has(position):
            raise ShapeError(f"there is no step at {position}: the output has the shape {self.shape}.")
        several = len(position) > self.channels.ndim - 1
        of, place = (position[0], position[1:]) if several else (0, position)
        return (self.walks[0], (of, *place)) if self.sums_channels else (self.walks[of], place)

    def step(self, position: tuple[int, ...]) -> Step | PoolStep:
        """How the number at a position comes about."""
        walk, place = self.found(position)
        return walk.at(*place)

    def drawing(self, position: tuple[int, ...]) -> str:
        """The same as an SVG picture."""
        walk, place = self.found(position)
        return walk.svg(place)

    @cached_property
    def maps(self) -> np.ndarray:
        """All numbers of the output, (maps, rows, columns) or (maps, places)."""
        return self.walks[0].output() if self.sums_channels else np.stack([w.output() for w in self.walks])

    @property
    def stages(self) -> list[Stage]:
        """What follows: the pool after a kernel, and the chain."""
        pool = [] if self.slides_pool or not self.pool else [Pool(self.pool, Pooling.parse(self.pool))]
        return [*pool, *(written_chain(self.then) if self.then.strip() else ())]

    @cached_property
    def end(self) -> np.ndarray:
        """What comes out in the end: maps, or the numbers of a row."""
        return [self.maps, *apply(self.stages, self.maps)][-1]


def _is_one(stride: Any) -> bool:
    return bool(np.all(np.asarray(stride) == 1))
