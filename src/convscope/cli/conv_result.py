"""A kernel and a pool over an input: the numbers, the steps, and how the numbers become a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ops.pool_steps import PoolSteps, pool_steps
from ..ops.pooling import average_pool, lp_pool, max_pool
from ..ops.signals import cross_correlate
from ..ops.steps import ConvolutionSteps, steps
from ..written_pool import Pooling
from .conv_input import Input
from .conv_shades import as_pixels, scaled

POOLS: dict[str, Callable[..., Any]] = {"max": max_pool, "average": average_pool, "lp": lp_pool}
SAME = 1e-6  # a kernel whose sum is 1 up to rounding leaves even ground as it is


@dataclass(frozen=True, eq=False)
class Result:
    """What came out, and the steps of the first channel."""

    output: np.ndarray  # (channels, height, width) or (1, length)
    convolution: ConvolutionSteps | None
    pooling: PoolSteps | None
    keeps_range: bool  # even ground keeps its brightness, so that the numbers are shades as they are

    @property
    def steps(self) -> ConvolutionSteps | PoolSteps:
        """Those of the kernel where there is one."""
        found = self.convolution or self.pooling
        assert found is not None
        return found

    def picture(self, *, robust: bool = False) -> tuple[np.ndarray, str]:
        """The output as uint8, (height, width) or (height, width, 3), and how its numbers became shades."""
        if not self.keeps_range:
            return scaled(self.output, robust=robust)
        numbers = self.output.astype(np.float64)
        outside = int(((numbers < -0.5) | (numbers >= 255.5)).sum())
        cut = f", {outside:,} of {numbers.size:,} were cut off at 0 or 255" if outside else ""
        return as_pixels(numbers), f"the numbers are shades as they are{cut}"

    def figures(self) -> tuple[Any, Any, float]:
        """Least, largest and mean of the output."""
        return self.output.min(), self.output.max(), float(self.output.mean(dtype=np.float64))

    def numbers(self) -> np.ndarray:
        """The output as (length,), (height, width) or (height, width, 3)."""
        return self.output[0] if len(self.output) == 1 else np.moveaxis(self.output, 0, -1)


def compute(
    given: Input,
    kernel: np.ndarray | None,
    pool: Pooling | None,
    *,
    padding: Any,
    stride: Any,
    dilation: Any,
    border: str,
    flip: bool,
) -> Result:
    """The kernel over each channel by itself, then the pool; settings are the pool's where it is alone."""
    output, convolution, pooling = given.channels, None, None
    keeps = given.photo
    if kernel is not None:
        sliding = {"stride": 1 if stride is None else stride, "dilation": dilation, "border": border}
        convolution = steps(output[0], kernel, flip=flip, padding=padding, **sliding)
        sliding["padding"] = convolution.pads
        applied = convolution.kernel[0, 0]
        output = np.stack([cross_correlate(channel, applied, **sliding) for channel in output])
        keeps &= abs(float(kernel.sum()) - 1) < SAME
    if pool is not None:
        alone = kernel is None
        size, own = pool.fitted(output.shape[1:])
        settings: dict[str, Any] = {"stride": own}
        if alone:
            settings |= {"padding": padding, "dilation": dilation, "border": border}
            settings["stride"] = own if stride is None else stride
        if isinstance(settings["stride"], int):
            settings["stride"] = (settings["stride"],) * len(size)
        pooling = pool_steps(output[0], size, kind=pool.kind, p=pool.p, **settings)
        norm = {"p": pool.p} if pool.kind == "lp" else {}
        output = POOLS[pool.kind](output, size, **norm, **settings)
        keeps &= pool.kind != "lp"
    return Result(output, convolution, pooling, keeps)
