"""Every step of a convolution: the window, the kernel as applied, the products and their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..errors import ShapeError
from .arrays import Array, as_kernel, as_numbers, computing_type, result_type, takes_tensors
from .convolution import check_fits, conv1d, conv2d
from .geometry import check_groups, output_size
from .looking import Walk, look
from .padding import Padding, check_border, per_axis, resolve_padding
from .signals import cross_correlate, signal_padding

WHOLE = 10**7  # numbers below have all their digits before the point


@dataclass(frozen=True, eq=False, repr=False)
class Step:
    """How one number of the output comes about.

    All arrays have the kernel's shape: (height, width) or (length,), after the input channels if there are
    some.
    """

    position: tuple[int, ...]  # of the number: (row, column) or (place,), after an output channel
    start: tuple[int, ...]  # the input's row and column under the first tap; negative in the padding
    window: np.ndarray  # the input's numbers under the kernel
    inside: np.ndarray  # which of them lie on the input, and not beyond its border
    kernel: np.ndarray  # as applied: flipped where that was asked for
    products: np.ndarray  # window times kernel
    running: np.ndarray  # the sum after each product, channel by channel, row by row
    bias: Any  # added at the end, or None
    result: Any  # the number itself
    dilation: tuple[int, ...] = (1, 1)

    @property
    def channel_sums(self) -> np.ndarray:
        """The sum of the products of each input channel; of one where the input has no channels."""
        rank = len(self.dilation)
        sums = self.products.sum(axis=tuple(range(self.products.ndim - rank, self.products.ndim)))
        return np.atleast_1d(sums)

    @property
    def coordinates(self) -> list[np.ndarray]:
        """The input's coordinates under the taps, one array per axis; some lie beyond the border."""
        sizes = self.window.shape[self.window.ndim - len(self.start) :]
        return [s + d * np.arange(k) for s, d, k in zip(self.start, self.dilation, sizes, strict=True)]

    def __repr__(self) -> str:
        return f"<step at {self.position}: {plain(self.result)}>"

    def equation(self, digits: int = 4) -> str:
        """The sum written out.

        >>> steps([3, 2, 1], [1, -1], padding="valid")[0].equation()
        '3·1 + 2·(-1) = 1'
        """
        pairs = zip(self.window.ravel(), self.kernel.ravel(), strict=True)
        text = " + ".join(f"{spelled(x, digits)}·{spelled(w, digits)}" for x, w in pairs)
        if self.bias is not None:
            text += f" + {spelled(self.bias, digits)}"
        return f"{text} = {plain(self.result, digits)}"


def plain(number: Any, digits: int = 4) -> str:
    """A number as text: whole ones whole, others in `digits` significant ones.

    >>> plain(-0.5), plain(2), plain(1 / 3), plain(12663.0)
    ('-0.5', '2', '0.3333', '12663')
    """
    exact = isinstance(number, int | np.integer)  # may be larger than floats are exact
    whole = exact or (float(number).is_integer() and abs(number) < WHOLE)
    return str(int(number)) if whole else f"{float(number):.{digits}g}"


def spelled(number: Any, digits: int = 4) -> str:
    """The same for a sum: negative ones in brackets.

    >>> spelled(-0.5), spelled(2)
    ('(-0.5)', '2')
    """
    text = plain(number, digits)
    return f"({text})" if text.startswith("-") else text


class ConvolutionSteps(Walk[Step]):
    """The steps of one convolution or cross-correlation; `flipped` says which."""

    def __init__(
        self,
        values: np.ndarray,
        kernel: np.ndarray,
        bias: np.ndarray | None,
        *,
        channels: bool,
        flipped: bool,
        groups: int,
        **walk: Any,
    ) -> None:
        super().__init__(**walk)
        self.values = values  # (C, ...)
        self.kernel, self.bias = kernel, bias  # (O, C / groups, ...) as applied, and (O,)
        self.channels, self.flipped, self.groups = channels, flipped, groups
        self.result_type = result_type(values, kernel, bias)

    @property
    def name(self) -> str:
        """What it is called in mathematics."""
        return "convolution (kernel flipped)" if self.flipped else "cross-correlation (kernel not flipped)"

    def output(self) -> np.ndarray:
        """All results at once: (rows, columns) or (places,), after the output channels if there are some."""
        sliding: dict[str, Any] = {
            "stride": self.stride,
            "padding": self.pads,
            "dilation": self.dilation,
            "border": self.border,
        }
        if not self.channels and self.bias is None:  # by the cheapest method: large kernels on large pictures
            return cross_correlate(self.values[0], self.kernel[0, 0], **sliding)
        function = conv2d if len(self.stride) == 2 else conv1d
        result = function(self.values, self.kernel, self.bias, groups=self.groups, **sliding)
        return result if self.channels else result[0]

    def step(self, position: tuple[int, ...]) -> Step:
        out = position[0] if self.channels else 0
        kind = computing_type(self.result_type)
        ins = self.kernel.shape[1]
        group = out // (len(self.kernel) // self.groups)
        seen = self.values[group * ins : (group + 1) * ins]
        start = self.start_of(position)
        window, inside = look(seen, start, self.kernel.shape[2:], self.dilation, self.border)
        kernel = self.kernel[out]
        products = window.astype(kind) * kernel.astype(kind)
        running = np.cumsum(products.ravel(), dtype=kind).reshape(products.shape)
        bias = None if self.bias is None else self.bias[out]
        total = running.ravel()[-1] + (0 if bias is None else bias.astype(kind))
        parts = (window, inside, kernel, products, running)
        if not self.channels:
            parts = tuple(part[0] for part in parts)
        return Step(position, start, *parts, bias, self.result_type.type(total), self.dilation)


@takes_tensors
def steps(
    picture: Array,
    kernel: Array,
    bias: Array | None = None,
    *,
    flip: bool = False,
    padding: Padding = "valid",
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    border: str = "zeros",
) -> ConvolutionSteps:
    """One `Step` for each number of the output, each computed when it is asked for.

    picture and kernel: a signal (length,) with (size,); a picture (height, width) with (height, width); or
        with channels (C, length) with (O, C / groups, size), and (C, height, width) with
        (O, C / groups, height, width): O filters give O maps.
    bias: (O,), or one number where there are no channels.
    flip: False slides the kernel as it is (cross-correlation, what a CNN computes), True flips it first
        (convolution). padding, stride, dilation, border: as for `convolve` without channels, as for
        `conv2d` with them.

    The result is a sequence: it has a length, an index and `at(row, column)`. Nothing is made in advance,
    so a picture of any size will do. Raises `ShapeError` and `UsageError` as those functions do.

    >>> first = steps([[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, -1]])[0]
    >>> first.window.tolist(), first.products.tolist(), first.running.tolist(), int(first.result)
    ([[1, 2], [4, 5]], [[1, 0], [0, -5]], [[1, 1], [1, -4]], -4)
    >>> [int(step.result) for step in steps([3, 2, 1, 0], [1, 0, -1], flip=True, padding="full")]
    [3, 2, -2, -2, -1, 0]
    >>> steps(np.ones((8, 8)), np.ones((3, 3)), padding=1)
    <64 steps of a cross-correlation (kernel not flipped), output 8×8>
    >>> maps = steps(np.ones((3, 8, 8)), np.ones((5, 3, 3, 3)))
    >>> maps.shape, maps.at(4, 0, 0).channel_sums
    ((5, 6, 6), array([9., 9., 9.]))
    """
    values, taps = as_numbers(picture, "the picture"), as_kernel(kernel)
    channels = taps.ndim == values.ndim + 1 and values.ndim in (2, 3)
    if not channels and (taps.ndim != values.ndim or values.ndim not in (1, 2)):
        raise ShapeError(
            f"shapes {values.shape} and {taps.shape} do not go together: a signal (length,) takes a kernel "
            "(size,), a picture (height, width) takes (height, width), and with channels (C, height, width) "
            "takes (filters, C, height, width)."
        )
    if not channels:
        values, taps = values[None], taps[None, None]
    rank = values.ndim - 1
    if flip:
        taps = np.flip(taps, axis=tuple(range(2, 2 + rank)))
    sizes, kernel_size = values.shape[1:], taps.shape[2:]
    check_groups(groups, len(values), len(taps))
    if taps.shape[1] * groups != len(values):
        raise ShapeError(
            f"filters of shape {taps.shape} in groups={groups} do not fit an input of {len(values)} channels."
        )
    added = None if bias is None else np.atleast_1d(as_kernel(bias, "the bias"))
    if added is not None and added.shape != (len(taps),):
        raise ShapeError(f"the bias should be one number for each of {len(taps)} filters, not {added.shape}.")
    strides, dilations = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    resolve = resolve_padding if channels else partial(signal_padding, stacklevel=4)
    pads = resolve(padding, sizes, kernel_size=kernel_size, stride=strides, dilation=dilations)
    check_fits("kernel", sizes, kernel_size, strides, pads, dilations)
    check_border(border, pads, sizes)
    axes = zip(sizes, kernel_size, strides, pads, dilations, strict=True)
    places = tuple(output_size(n, kernel_size=k, stride=s, padding=p, dilation=d) for n, k, s, p, d in axes)
    return ConvolutionSteps(
        values,
        taps,
        added,
        channels=channels,
        flipped=flip,
        groups=groups,
        shape=(len(taps), *places) if channels else places,
        stride=strides,
        dilation=dilations,
        pads=pads,
        border=border,
    )
