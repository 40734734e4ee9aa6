"""What a convolution costs, beside a dense layer that does the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import ShapeError, UsageError
from .arrays import is_whole
from .geometry import check_groups, output_size
from .padding import Padding, per_axis, resolve_padding


@dataclass(frozen=True, slots=True)
class Cost:
    """Numbers to learn, and multiply-accumulates for one picture."""

    parameters: int
    macs: int


def convolution_cost(
    input_shape: Sequence[int],
    out_channels: int,
    *,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    bias: bool = True,
) -> tuple[Cost, Cost]:
    """What a convolution costs, and what a dense layer between the same values would.

    `input_shape` is (channels, height, width) or (channels, length); the rest is as for `conv2d`. A weight is
    shared by all positions of a convolution; a dense layer has one for each pair of input and output. Raises
    `ShapeError` where no window fits or `groups` does not divide the channels.

    >>> convolution, dense = convolution_cost((1, 28, 28), 4, kernel_size=3)
    >>> convolution.parameters, dense.parameters
    (40, 2122640)
    """
    shape = tuple(input_shape) if isinstance(input_shape, Iterable) else ()
    if len(shape) < 2 or not all(map(is_whole, shape)):
        raise ShapeError(
            f"input_shape={input_shape!r} should be (channels, height, width) or (channels, length)."
        )
    if not is_whole(out_channels):
        raise UsageError(f"out_channels={out_channels!r} should be a whole number from 1.")
    channels, *sizes = shape
    rank = len(sizes)
    check_groups(groups, channels, out_channels)
    kernel_size = per_axis(kernel_size, rank, "kernel_size")
    stride, dilation = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    pads = resolve_padding(padding, sizes, kernel_size=kernel_size, stride=stride, dilation=dilation)
    axes = zip(sizes, kernel_size, stride, pads, dilation, strict=True)
    outputs = [output_size(n, kernel_size=k, stride=s, padding=p, dilation=d) for n, k, s, p, d in axes]
    if min(outputs) < 1:
        raise ShapeError(f"a kernel of {kernel_size} does not fit an input of {tuple(sizes)}.")
    weights = out_channels * (channels // groups) * math.prod(kernel_size)
    positions = math.prod(outputs)
    values, results = channels * math.prod(sizes), out_channels * positions
    return (
        Cost(weights + out_channels * bias, weights * positions),
        Cost(values * results + results * bias, values * results),
    )
