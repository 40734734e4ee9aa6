"""Pools: one number for each window, channel by channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, overload

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import Array, as_floats, as_numbers, computing_type, is_number, is_whole, takes_tensors
from .geometry import output_size, taps
from .padding import Padding, pad, per_axis, resolve_padding
from .sliding import windows

Sizes = int | Sequence[int]


@overload
def max_pool(
    x: Array,
    kernel_size: Sizes,
    *,
    stride: Sizes | None = None,
    padding: Padding = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    border: str = "zeros",
    return_indices: Literal[False] = False,
) -> np.ndarray: ...
@overload
def max_pool(
    x: Array,
    kernel_size: Sizes,
    *,
    stride: Sizes | None = None,
    padding: Padding = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    border: str = "zeros",
    return_indices: Literal[True],
) -> tuple[np.ndarray, np.ndarray]: ...
@takes_tensors
def max_pool(
    x: Array,
    kernel_size: Sizes,
    *,
    stride: Sizes | None = None,
    padding: Padding = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    border: str = "zeros",
    return_indices: bool = False,
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    """The largest number of each window, max over a, b of x[s·i + d·a - p, s·j + d·b - p].

    x: (..., height, width) where kernel_size is two numbers or one; (..., length) where it is a tuple of one.
        A picture alone, channels and a batch are all fine. The type of x is kept.
    stride: the window unless given. padding: as for `conv2d`. Beyond the border lies nothing: what is padded
        never wins (it counts as -inf); with another `border` than "zeros" it is the picture's own values.
    ceil_mode: a last window that only partly lies on the picture counts too, as in PyTorch.
    return_indices: also where each maximum is, as its number in its picture, row by row (int64); the first of
        equals, as in PyTorch. A NaN wins over everything.

    Raises `ShapeError` where no window fits or one sees nothing but padding.

    >>> x = [[1, 2, 3, 0], [4, 5, 6, 1], [3, 4, 7, 2], [1, 2, 1, 0]]
    >>> max_pool(x, 2)
    array([[5, 6],
           [4, 7]])
    >>> max_pool(x, 2, return_indices=True)[1]
    array([[ 5,  6],
           [ 9, 10]])
    """
    values = as_numbers(x, "the input")
    pool = Pool(values, kernel_size, stride, padding, dilation, ceil_mode)
    lowest = -np.inf if values.dtype.kind == "f" else np.iinfo(values.dtype).min
    seen = pool.windows(values, border, lowest)
    best = np.asarray(seen.max(axis=-1))
    if not return_indices:
        return best
    # Where the lowest of integers wins, padding may be as large: it is left out by its place.
    places = pool.windows(
        np.broadcast_to(np.arange(pool.count).reshape(pool.sizes), values.shape), border, -1
    )
    won = np.where(places < 0, False, (seen == best[..., None]) | (seen != seen))
    first = np.argmax(won, axis=-1)[..., None]
    return best, np.take_along_axis(places, first, axis=-1)[..., 0]


@takes_tensors
def average_pool(
    x: Array,
    kernel_size: Sizes,
    *,
    stride: Sizes | None = None,
    padding: Padding = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    border: str = "zeros",
) -> np.ndarray:
    """The mean of each window; shapes and settings as for `max_pool`.

    count_include_pad: whether zeros of the padding count as numbers of the window. What ceil_mode looks at
        beyond the padding never counts. Integers give float64.

    >>> average_pool([[1, 2, 3, 0], [4, 5, 6, 1], [3, 4, 7, 2], [1, 2, 1, 0]], 2)
    array([[3. , 2.5],
           [2.5, 2.5]])
    """
    values = as_floats(as_numbers(x, "the input"))
    pool = Pool(values, kernel_size, stride, padding, dilation, ceil_mode)
    total = pool.windows(values, border, 0).sum(axis=-1, dtype=computing_type(values.dtype))
    counts_beyond = float(count_include_pad or border != "zeros")
    counted = pool.over(pad(np.ones(pool.sizes), pool.pads, "zeros", counts_beyond), 0).sum(axis=-1)
    return np.asarray((total / counted).astype(values.dtype, copy=False))


@takes_tensors
def lp_pool(
    x: Array,
    kernel_size: Sizes,
    *,
    p: float = 2,
    stride: Sizes | None = None,
    padding: Padding = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    border: str = "zeros",
) -> np.ndarray:
    """The p-norm of each window, (Σ |x|^p)^(1/p); shapes and settings as for `max_pool`.

    p = 1 is the sum of magnitudes; the larger p, the closer to the largest. Integers give float64.
    (PyTorch's own leaves the magnitude out, which differs for odd p and negative numbers; ONNX has it.)

    >>> lp_pool([[3, 4], [0, 0]], 2)
    array([[5.]])
    """
    check_p(p)
    values = as_floats(as_numbers(x, "the input"))
    pool = Pool(values, kernel_size, stride, padding, dilation, ceil_mode)
    return p_norm(pool.windows(values, border, 0), p)


@takes_tensors
def global_average_pool(x: Array, *, rank: int = 2) -> np.ndarray:
    """The mean over the last `rank` axes: of each picture (2), or of each signal (1).

    >>> print(global_average_pool([[1, 2, 3, 0], [4, 5, 6, 1], [3, 4, 7, 2], [1, 2, 1, 0]]))
    2.625
    """
    values = as_floats(as_numbers(x, "the input"))
    return np.asarray(values.mean(axis=_last(values, rank)))


@takes_tensors
def global_max_pool(x: Array, *, rank: int = 2) -> np.ndarray:
    """The largest number over the last `rank` axes: of each picture (2), or of each signal (1).

    >>> print(global_max_pool([[1, 2], [7, 3]]))
    7
    """
    values = as_numbers(x, "the input")
    return np.asarray(values.max(axis=_last(values, rank)))


class Pool:
    """The settings of one pool, checked against its input."""

    def __init__(
        self,
        values: np.ndarray,
        kernel_size: Sizes,
        stride: Sizes | None,
        padding: Padding,
        dilation: Sizes,
        ceil_mode: bool,
    ) -> None:
        rank = len(tuple(kernel_size)) if isinstance(kernel_size, Iterable) else 2
        if rank not in (1, 2) or values.ndim < rank:
            raise ShapeError(
                f"a window of kernel_size={kernel_size!r} needs an input with as many axes; this one is "
                f"{values.shape}. For signals give a tuple of one: kernel_size=(3,)."
            )
        self.sizes = values.shape[values.ndim - rank :]
        self.kernel_size = per_axis(kernel_size, rank, "kernel_size")
        self.stride = self.kernel_size if stride is None else per_axis(stride, rank, "stride")
        self.dilation = per_axis(dilation, rank, "dilation")
        self.pads = resolve_padding(
            padding, self.sizes, kernel_size=self.kernel_size, stride=self.stride, dilation=self.dilation
        )
        axes = list(zip(self.sizes, self.kernel_size, self.stride, self.pads, self.dilation, strict=True))
        self.outputs = tuple(
            output_size(n, kernel_size=k, stride=s, padding=p, dilation=d, ceil_mode=ceil_mode)
            for n, k, s, p, d in axes
        )
        extents = tuple(d * (k - 1) + 1 for _, k, _, _, d in axes)
        if min(self.outputs) < 1:
            raise ShapeError(
                f"a window of extent {extents} does not fit an input of {self.sizes} "
                f"with padding {self.pads}; take a larger input or more padding."
            )
        for count, (n, k, s, (before, _), d) in zip(self.outputs, axes, strict=True):
            places = taps(count, kernel_size=k, stride=s, before=before, dilation=d)
            if not ((places >= 0) & (places < n)).any(axis=1).all():
                raise ShapeError(
                    f"padding {self.pads} lets a window of extent {extents} see nothing of an input of "
                    f"{self.sizes}; take less padding."
                )
        # what ceil_mode sees beyond the padding
        self.more = tuple(
            max(0, (count - 1) * s + e - (n + sum(p)))
            for count, e, (n, _, s, p, _) in zip(self.outputs, extents, axes, strict=True)
        )

    @property
    def count(self) -> int:
        """Numbers in one picture."""
        return int(np.prod(self.sizes))

    def windows(self, values: np.ndarray, border: str, value: float) -> np.ndarray:
        """(..., positions..., numbers of the window); `value` is what zeros of the border are."""
        return self.over(pad(values, self.pads, border, value), value)

    def over(self, padded: np.ndarray, value: float) -> np.ndarray:
        """The same of an input that has its padding; `value` lies where ceil_mode looks beyond that."""
        padded = pad(padded, tuple((0, more) for more in self.more), "zeros", value)
        rank = len(self.sizes)
        seen = windows(padded, self.kernel_size, self.stride, self.dilation)
        kept: tuple[Any, ...] = (..., *(slice(n) for n in self.outputs), *[slice(None)] * rank)
        seen = seen[kept]
        return np.asarray(seen.reshape(*seen.shape[:-rank], -1))


def check_p(p: float) -> None:
    """Raises `UsageError` for what is no p of a p-norm."""
    if not is_number(p) or p <= 0:
        raise UsageError(f"p={p!r} of a p-norm should be above 0 and finite; max_pool gives the largest.")


def p_norm(values: np.ndarray, p: float) -> np.ndarray:
    """(Σ |x|^p)^(1/p) over the last axis."""
    sizes = np.abs(values.astype(computing_type(values.dtype), copy=False))
    largest = sizes.max(axis=-1, keepdims=True)  # divided out, so that no power overflows
    scale = np.where((largest > 0) & np.isfinite(largest), largest, 1)
    norms: np.ndarray = ((sizes / scale) ** p).sum(axis=-1) ** (1 / p) * scale[..., 0]
    return norms.astype(values.dtype, copy=False)


def _last(values: np.ndarray, rank: int) -> tuple[int, ...]:
    if not is_whole(rank) or rank > values.ndim:
        raise ShapeError(
            f"rank={rank} should be from 1 to the {values.ndim} axes of an input {values.shape}."
        )
    return tuple(range(values.ndim - rank, values.ndim))
