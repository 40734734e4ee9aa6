"""A kernel, a pool and a chain over an input: the numbers, the steps, and how they become a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..chain import Passage, Stage, apply, way
from ..chain.pointwise import Relu
from ..chain.pool import Pool
from ..errors import ShapeError
from ..ops.pool_steps import PoolSteps, pool_steps
from ..ops.steps import ConvolutionSteps, steps
from ..written_pool import Pooling
from .conv_input import Input, Kernel
from .conv_shades import as_pixels, scaled

SAME = 1e-6  # a kernel whose sum is 1 up to rounding leaves even ground as it is
Walk = ConvolutionSteps | PoolSteps


@dataclass(frozen=True, eq=False)
class Result:
    """What came out, and the steps: one walk over all filters, or one for each channel by itself."""

    output: np.ndarray  # of kernel and pool: (maps, height, width) or (maps, length)
    convolutions: Sequence[ConvolutionSteps]
    poolings: Sequence[PoolSteps]
    after: Pool | None  # the pool, where it comes after a kernel
    stages: Sequence[Stage]  # of the chain
    results: Sequence[np.ndarray]  # of each stage
    keeps_range: bool  # even ground keeps its brightness, so that the numbers are shades as they are
    colours: bool  # the maps are the colours of a picture

    @property
    def convolution(self) -> ConvolutionSteps | None:
        """The steps of the kernel: of all filters, or of the first channel."""
        return self.convolutions[0] if self.convolutions else None

    @property
    def pooling(self) -> PoolSteps | None:
        """The steps of the pool, of the first map."""
        return self.poolings[0] if self.poolings else None

    @property
    def walks(self) -> Sequence[Walk]:
        """Those of the kernel where there is one."""
        return self.convolutions or self.poolings

    @property
    def is_layer(self) -> bool:
        """Whether the products of all channels are summed, for each filter."""
        return bool(self.convolutions) and self.convolutions[0].channels

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what the walks make: the maps first."""
        shape = self.walks[0].shape
        return shape if self.is_layer else (len(self.walks), *shape)

    @property
    def end(self) -> np.ndarray:
        """What comes out in the end: (maps, ...), or (numbers,) of a row."""
        return self.results[-1] if self.results else self.output

    @property
    def without_chain(self) -> Result:
        """The same, ending with kernel and pool."""
        return replace(self, stages=(), results=())

    def found(self, place: Sequence[int] | None) -> tuple[Walk, tuple[int, ...], tuple[int, ...]]:
        """The walk that a place of the output is in (None: the first), where in it, and where among all maps.

        Of several maps the first number is the map's; without it the place is in the first. Raises
        `ShapeError` where there is no such place.
        """
        rank = len(self.shape) - 1
        place = (0,) * rank if place is None else place
        of, *at = place if len(place) > rank else (0, *place)
        if len(at) != rank or not all(0 <= p < n for p, n in zip((of, *at), self.shape, strict=True)):
            several = self.shape[0] > 1
            shape = self.shape[not several :]
            names = (["map"] * several) + (["place"] if rank == 1 else ["row", "column"])
            ranges = ", ".join(f"{name} 0 to {size - 1}" for name, size in zip(names, shape, strict=True))
            raise ShapeError(
                f"there is no step at {tuple(place)}: the output has the shape {shape}, so {ranges}."
            )
        whole = (of, *at)
        return (self.walks[0], whole, whole) if self.is_layer else (self.walks[of], (*at,), whole)

    def way(self, place: Sequence[int]) -> list[Passage]:
        """What becomes of the number at a place, in a pool after the kernel and in the chain."""
        walk, _, whole = self.found(place)
        made = walk.output() if self.is_layer else np.stack([one.output() for one in self.walks])
        after = [] if self.after is None else [(self.after, self.output)]
        return list(way([*after, *zip(self.stages, self.results, strict=True)], made, whole))

    def picture(self, *, robust: bool = False) -> tuple[np.ndarray, str]:
        """The end as uint8, (height, width) or (height, width, 3), and how its numbers became shades.

        Of several maps that are no colours it is the first.
        """
        shown, first = np.atleast_2d(self.end), ""
        if len(shown) > 1 and not self.colours:
            shown, first = shown[:1], f"the first of {len(shown)} maps is drawn, "
        if not self.keeps_range:
            pixels, told = scaled(shown, robust=robust)
            return pixels, first + told
        numbers = shown.astype(np.float64)
        outside = int(((numbers < -0.5) | (numbers >= 255.5)).sum())
        cut = f", {outside:,} of {numbers.size:,} were cut off at 0 or 255" if outside else ""
        return as_pixels(numbers), f"{first}the numbers are shades as they are{cut}"

    def figures(self) -> tuple[Any, Any, float]:
        """Least, largest and mean of the output."""
        return figures(self.output)

    def numbers(self, values: np.ndarray | None = None) -> np.ndarray:
        """The end, or other maps: (length,), (height, width), (height, width, 3) colours, or (maps, ...)."""
        values = self.end if values is None else values
        if values.ndim > 1 and len(values) == 1:
            return np.asarray(values[0])
        return np.moveaxis(values, 0, -1) if self.colours and values.ndim == 3 else values


def figures(numbers: np.ndarray) -> tuple[Any, Any, float]:
    """Least, largest and mean."""
    return numbers.min(), numbers.max(), round(float(numbers.mean(dtype=np.float64)), 12)


def compute(
    given: Input,
    kernel: Kernel | None,
    pool: Pooling | None,
    stages: Sequence[Stage] = (),
    *,
    padding: Any,
    stride: Any,
    dilation: Any,
    border: str,
    flip: bool,
) -> Result:
    """The kernel, then the pool, then the chain; settings are the pool's where it is alone.

    A layer's kernel is slid over all channels, another over each by itself.
    """
    output, keeps = given.channels, given.photo
    convolutions: list[ConvolutionSteps] = []
    poolings: Sequence[PoolSteps] = []
    colours = given.photo and len(given.channels) == 3
    if kernel is not None:
        sliding: dict[str, Any] = {
            "flip": flip,
            "stride": 1 if stride is None else stride,
            "dilation": dilation,
            "border": border,
        }
        bias = kernel.bias
        if kernel.is_layer:
            _check_channels(given, kernel)
            convolutions = [steps(output, kernel.numbers, bias, padding=padding, **sliding)]
            output = convolutions[0].output()
        else:
            added = None if bias is None else bias[0]
            first = steps(output[0], kernel.numbers, added, padding=padding, **sliding)
            others = (steps(one, kernel.numbers, added, padding=first.pads, **sliding) for one in output[1:])
            convolutions = [first, *others]
            output = np.stack([walk.output() for walk in convolutions])
        colours &= not kernel.is_layer
        keeps &= not kernel.is_layer and bias is None and abs(float(kernel.numbers.sum()) - 1) < SAME
    after = None
    if pool is not None and kernel is not None:
        after = Pool(str(pool), pool)
        poolings = after.steps(output)
    elif pool is not None:
        size, own = pool.fitted(output.shape[1:])
        sides = own if stride is None else (stride,) * len(size) if isinstance(stride, int) else stride
        sliding = {"stride": sides, "padding": padding, "dilation": dilation, "border": border}
        poolings = [pool_steps(one, size, kind=pool.kind, p=pool.p, **sliding) for one in output]
    if pool is not None:
        output = np.stack([walk.output() for walk in poolings])
        keeps &= pool.kind != "lp"
    results = apply(stages, output)
    keeps &= all(
        isinstance(stage, Relu) or (isinstance(stage, Pool) and stage.pool.kind != "lp") for stage in stages
    )
    return Result(output, convolutions, poolings, after, stages, results, keeps, colours)


def _check_channels(given: Input, kernel: Kernel) -> None:
    """Raises `ShapeError` where the filters do not have a plane for each channel."""
    planes, channels = kernel.numbers.shape[1], len(given.channels)
    if planes != channels:
        of = "the kernel has" if kernel.filters == 1 else f"each of {kernel.filters} filters has"
        raise ShapeError(
            f"{of} {_count(planes, 'plane')}, and {given.name} {_count(channels, 'channel')}; a filter takes "
            'a plane for each channel, apart by " / ". One kernel of one plane is slid over each by itself.'
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
