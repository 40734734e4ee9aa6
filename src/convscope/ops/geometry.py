"""Sizes and positions of sliding windows: what fits, what is seen, and what is missed."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import check_memory, is_whole

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
        if not is_whole(self.before, -math.inf):
            raise UsageError(f"before={self.before!r} should be a whole number, the padding at the start.")

    @property
    def extent(self) -> int:
        """Pixels from the first to the last input, both counted."""
        return self.dilation * (self.kernel_size - 1) + 1


def check_window(**settings: int) -> None:
    """Raises `UsageError` for a setting that is no whole number from 1."""
    for name, value in settings.items():
        if not is_whole(value):
            raise UsageError(f"{name}={value!r} should be a whole number from 1.")


def check_size(size: int) -> None:
    """Raises `UsageError` for what is no length of one axis."""
    if not is_whole(size, 0):
        raise UsageError(f"size={size!r} of one axis should be a whole number from 0.")


def both_sides(padding: int | Pair) -> Pair:
    """The padding of one axis, a number or (before, after), as (before, after).

    >>> both_sides(1)
    (1, 1)
    """
    sides = tuple(padding) if isinstance(padding, Iterable) else (padding, padding)
    if len(sides) != 2 or not all(is_whole(side, -math.inf) for side in sides):
        raise UsageError(
            f"padding={padding!r} of one axis should be a whole number or (before, after); same_padding and "
            "full_padding give those."
        )
    return int(sides[0]), int(sides[1])


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
    padding: int | Pair = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Number of window positions along one axis; 0 where no window fits.

    floor((size + before + after - dilation * (kernel_size - 1) - 1) / stride) + 1
    (Dumoulin & Visin 2016, relationship 14). `padding` is a number, or (before, after). With `ceil_mode` a
    last window that starts inside the picture or its leading padding counts too, as in PyTorch. Raises
    `UsageError` for a kernel, stride or dilation below 1, and for what is no whole number.

    >>> output_size(32, kernel_size=5, padding=2)
    32
    >>> output_size(7, kernel_size=2, stride=2), output_size(7, kernel_size=2, stride=2, ceil_mode=True)
    (3, 4)
    """
    check_window(kernel_size=kernel_size, stride=stride, dilation=dilation)
    check_size(size)
    before, after = both_sides(padding)
    room = size + before + after - dilation * (kernel_size - 1) - 1
    if not ceil_mode:
        return max(room // stride + 1, 0)
    count = -(-room // stride) + 1
    return max(count - 1 if (count - 1) * stride >= size + before else count, 0)


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
    check_size(size)
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
    size: int, *, kernel_size: int, stride: int = 1, padding: int | Pair = 0, dilation: int = 1
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
    before, _ = both_sides(padding)
    check_memory(
        [max(size, count * kernel_size)], np.dtype(np.int64), "what its windows see", "take a smaller size"
    )
    seen = taps(count, kernel_size=kernel_size, stride=stride, before=before, dilation=dilation)
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
    chain = tuple(windows) if isinstance(windows, Iterable) else windows
    if not isinstance(chain, tuple) or not all(isinstance(window, Window) for window in chain):
        raise UsageError(f"a receptive field is that of a list such as [Window(3)], not of {windows!r}.")
    field = Field()
    for window in chain:
        field = field.through(window)
    return field
