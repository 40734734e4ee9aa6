"""Sizes and positions of sliding windows: what fits, what is seen, what is missed, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import Array, as_numbers, is_whole

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """What one output position sees along one axis: `kernel_size` inputs, `dilation` apart.

    Raises `UsageError` for a kernel, stride or dilation below 1.
    """

    kernel_size: int = 1
    stride: int = 1
    before: int = 0  # padding at the start of the axis
    dilation: int = 1

    def __post_init__(self) -> None:
        check_window(kernel_size=self.kernel_size, stride=self.stride, dilation=self.dilation)

    @property
    def extent(self) -> int:
        """Pixels from the first to the last input, both counted."""
        return self.dilation * (self.kernel_size - 1) + 1


def check_window(**settings: int) -> None:
    """Raises `UsageError` for a setting that is no whole number from 1."""
    for name, value in settings.items():
        if not is_whole(value):
            raise UsageError(f"{name}={value!r} should be a whole number from 1.")


def check_groups(groups: int, channels: int, out_channels: int) -> None:
    """Raises `ShapeError` where channels cannot be split evenly."""
    if not is_whole(groups) or channels % groups or out_channels % groups:
        raise ShapeError(
            f"groups={groups!r} must divide both the {channels} input and the {out_channels} output channels."
        )


def output_size(
    size: int,
    *,
    kernel_size: int,
    stride: int = 1,
    padding: Pair = (0, 0),
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Number of window positions along one axis; 0 where no window fits.

    floor((size + before + after - dilation * (kernel_size - 1) - 1) / stride) + 1
    (Dumoulin & Visin 2016, relationship 14). With `ceil_mode` a last window that starts inside
    the picture or its leading padding counts too, as in PyTorch. Raises `UsageError` for a kernel, stride or
    dilation below 1.

    >>> output_size(32, kernel_size=5, padding=(2, 2))
    32
    >>> output_size(7, kernel_size=2, stride=2), output_size(7, kernel_size=2, stride=2, ceil_mode=True)
    (3, 4)
    """
    check_window(kernel_size=kernel_size, stride=stride, dilation=dilation)
    room = size + sum(padding) - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return max(room // stride + 1, 0)
    count = -(-room // stride) + 1
    return max(count - 1 if (count - 1) * stride >= size + padding[0] else count, 0)


def same_padding(
    size: int, *, kernel_size: int, stride: int = 1, dilation: int = 1, lower: bool = False
) -> Pair:
    """The (before, after) that gives ceil(size / stride) outputs.

    Where their sum is odd the larger side is the end (ONNX `SAME_UPPER`; PyTorch's "same" for stride 1),
    or with `lower` the start (`SAME_LOWER`).

    >>> same_padding(8, kernel_size=4), same_padding(8, kernel_size=4, lower=True)
    ((1, 2), (2, 1))
    >>> same_padding(7, kernel_size=3, stride=2)
    (1, 1)
    """
    check_window(kernel_size=kernel_size, stride=stride, dilation=dilation)
    total = max((-(-size // stride) - 1) * stride + dilation * (kernel_size - 1) + 1 - size, 0)
    less, more = total // 2, total - total // 2
    return (more, less) if lower else (less, more)


def full_padding(*, kernel_size: int, dilation: int = 1) -> Pair:
    """The (before, after) with which every window that touches the picture counts.

    >>> full_padding(kernel_size=3)
    (2, 2)
    """
    check_window(kernel_size=kernel_size, dilation=dilation)
    extent = dilation * (kernel_size - 1)
    return extent, extent


def unreached(
    size: int, *, kernel_size: int, stride: int = 1, padding: Pair = (0, 0), dilation: int = 1
) -> list[int]:
    """Positions of the input that no window reaches, from 0.

    The last ones where the stride leaves a remainder, those between windows where the stride is larger than
    the window, and the holes of a dilated kernel that no neighbour fills.

    >>> unreached(8, kernel_size=3, stride=2)  # windows begin at 0, 2 and 4
    [7]
    >>> unreached(7, kernel_size=2, stride=3)
    [2, 5, 6]
    """
    count = output_size(size, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation)
    seen = taps(count, kernel_size=kernel_size, stride=stride, before=padding[0], dilation=dilation)
    missed = np.ones(size, dtype=bool)
    missed[seen[(seen >= 0) & (seen < size)]] = False
    return [int(position) for position in np.flatnonzero(missed)]


def taps(count: int, *, kernel_size: int, stride: int, before: int, dilation: int) -> np.ndarray:
    """(windows, taps): the positions on the input that each window looks at; some lie in the padding.

    >>> taps(2, kernel_size=2, stride=3, before=1, dilation=2)
    array([[-1,  1],
           [ 2,  4]])
    """
    return np.add.outer(np.arange(count) * stride - before, np.arange(kernel_size) * dilation)


@dataclass(frozen=True, slots=True)
class Field:
    """The pixels that position i of a value depends on, along one axis: `size` around `centre + i * jump`.

    Pixel 0 is the first. The field is not clipped at the border, so it can reach into the padding.
    """

    size: int = 1
    jump: int = 1
    centre: float = 0.0

    def through(self, window: Window) -> Field:
        """The field of what a window over this value computes.

        A window of k, stride s, dilation d and leading padding p on a field of size r and jump j gives size
        r + (k - 1)·d·j and jump j·s (Araujo et al. 2019, "Computing receptive fields of convolutional
        neural networks", equations 1 and 2).
        """
        extent = window.extent - 1
        return Field(
            self.size + extent * self.jump,
            self.jump * window.stride,
            self.centre + (extent / 2 - window.before) * self.jump,
        )


def receptive_field(windows: Iterable[Window]) -> Field:
    """What one output of a chain of windows sees, the first of them nearest to the picture.

    >>> receptive_field([Window(3), Window(2, stride=2), Window(3)])
    Field(size=8, jump=2, centre=3.5)
    """
    field = Field()
    for window in windows:
        field = field.through(window)
    return field


@dataclass(frozen=True, slots=True)
class Cost:
    """Numbers to learn, and multiply-accumulates for one picture."""

    parameters: int
    macs: int


def convolution_cost(
    input_shape: Sequence[int],
    out_channels: int,
    *,
    kernel_size: Sequence[int],
    stride: Sequence[int] | None = None,
    padding: Sequence[Pair] | None = None,
    dilation: Sequence[int] | None = None,
    groups: int = 1,
    bias: bool = True,
) -> tuple[Cost, Cost]:
    """What a convolution costs, and what a dense layer between the same values would.

    `input_shape` is (channels, height, width) or (channels, length), the rest per axis. A weight is shared by
    all positions of a convolution; a dense layer has one for each pair of input and output. Raises
    `ShapeError` where no window fits or `groups` does not divide the channels.

    >>> convolution, dense = convolution_cost((1, 28, 28), 4, kernel_size=(3, 3))
    >>> convolution.parameters, dense.parameters
    (40, 2122640)
    """
    channels, *sizes = input_shape
    rank = len(sizes)
    check_groups(groups, channels, out_channels)
    if any(
        len(setting) != rank for setting in (kernel_size, stride, padding, dilation) if setting is not None
    ):
        raise ShapeError(
            f"an input of {tuple(sizes)} takes {rank} numbers each for kernel_size, stride, padding "
            "and dilation."
        )
    ones, none = (1,) * rank, ((0, 0),) * rank
    axes = zip(sizes, kernel_size, stride or ones, padding or none, dilation or ones, strict=True)
    outputs = [output_size(n, kernel_size=k, stride=s, padding=p, dilation=d) for n, k, s, p, d in axes]
    if min(outputs) < 1:
        raise ShapeError(f"a kernel of {tuple(kernel_size)} does not fit an input of {tuple(sizes)}.")
    weights = out_channels * (channels // groups) * math.prod(kernel_size)
    positions = math.prod(outputs)
    values, results = channels * math.prod(sizes), out_channels * positions
    return (
        Cost(weights + out_channels * bias, weights * positions),
        Cost(values * results + results * bias, values * results),
    )


def equivariance_error(
    function: Callable[[np.ndarray], Array], picture: Array, shift: Sequence[int], *, margin: int = 0
) -> float:
    """How far `function` is from doing the same wherever the picture lies: 0.0 where it commutes with shifts.

    The largest |f(shifted picture) - shifted f(picture)|, in units of f's values. Pictures are shifted by
    `shift` = (down, right) in the last two axes, going round at the border. Where f gives a smaller result,
    that is shifted by as much less; a shift that its stride does not divide has no counterpart there and is
    rounded, which is why strided layers are not equivariant. `margin` positions of the result are left out at
    each side, for functions that do something else at the border.

    >>> import numpy as np
    >>> from convscope.ops import cross_correlate, kernel, max_pool
    >>> picture = np.random.default_rng(0).normal(size=(16, 16))
    >>> edges = lambda x: cross_correlate(x, kernel("sobel-x"), border="circular")
    >>> equivariance_error(edges, picture, (3, 5)) < 1e-12
    True
    >>> equivariance_error(lambda x: max_pool(x, 2), picture, (1, 0)) > 0.5
    True
    """
    values = as_numbers(picture, "the picture")
    if not is_whole(margin, 0):
        raise UsageError(f"margin={margin!r} should be a whole number from 0.")
    if values.ndim < 2 or len(shift) != 2 or not all(is_whole(s, -math.inf) for s in shift):
        raise ShapeError(
            f"a shift (down, right) of whole pixels needs a picture with rows and columns, not shape "
            f"{values.shape} and shift {tuple(shift)}."
        )
    # As floats: a difference of unsigned integers goes round at 0.
    plain = np.asarray(function(values), dtype=np.float64)
    moved = np.asarray(function(np.roll(values, tuple(shift), axis=(-2, -1))), dtype=np.float64)
    if plain.ndim < 2 or moved.shape != plain.shape:
        raise ShapeError(f"the function should give rows and columns; it gives shape {plain.shape}.")
    scaled = [
        round(s * after / before)
        for s, before, after in zip(shift, values.shape[-2:], plain.shape[-2:], strict=True)
    ]
    difference = np.abs(moved - np.roll(plain, scaled, axis=(-2, -1)))
    if margin:
        difference = difference[..., margin:-margin, margin:-margin]
    if not difference.size:
        raise UsageError(f"margin={margin} leaves nothing of a result of {plain.shape[-2:]}.")
    return float(difference.max())
