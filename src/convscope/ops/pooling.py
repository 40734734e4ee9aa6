"""Pools: one number for each window, channel by channel."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal, overload

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import Array, as_floats, as_numbers, computing_type, is_number, is_whole, takes_tensors
from .folding import Pool, Sizes, added, first_of_largest, largest, p_norm
from .padding import Padding


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
        A picture alone, channels and a batch are all fine. The type of x is kept; truth values become 0 and 1
        in uint8.
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
    best = pool.padded(values, border, lowest)
    if not return_indices:
        return pool.fold(best, largest)
    places = pool.padded(np.arange(math.prod(pool.sizes)).reshape(pool.sizes), border, -1)
    for axis in pool.axes:
        best, places = first_of_largest(pool.taps(best, axis), pool.taps(places, axis))
    return best, np.broadcast_to(places, best.shape).copy()


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
    exact = values.astype(computing_type(values.dtype), copy=False)
    total = pool.fold(pool.padded(exact, border, 0), added)
    total /= pool.counts(padding_counts=count_include_pad or border != "zeros")
    return total.astype(values.dtype, copy=False)


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
    (PyTorch's own leaves the magnitude out, which differs for odd p and negative numbers; ONNX has it. With
    ceil_mode PyTorch scales a last window that only partly lies on the picture up to the size of a whole one;
    here it is the norm of what it sees.)

    >>> lp_pool([[3, 4], [0, 0]], 2)
    array([[5.]])
    """
    check_p(p)
    values = as_floats(as_numbers(x, "the input"))
    pool = Pool(values, kernel_size, stride, padding, dilation, ceil_mode)
    exact = values.astype(computing_type(values.dtype), copy=False)
    norms = pool.fold(pool.padded(np.abs(exact), border, 0), partial(p_norm, p=p))
    return norms.astype(values.dtype, copy=False)


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

    The type is that of `max_pool`.

    >>> print(global_max_pool([[1, 2], [7, 3]]))
    7
    """
    values = as_numbers(x, "the input")
    return np.asarray(values.max(axis=_last(values, rank)))


def check_p(p: float) -> None:
    """Raises `UsageError` for what is no p of a p-norm."""
    if not is_number(p) or p <= 0:
        raise UsageError(f"p={p!r} of a p-norm should be above 0 and finite; max_pool gives the largest.")


def _last(values: np.ndarray, rank: int) -> tuple[int, ...]:
    if not is_whole(rank) or rank > values.ndim:
        raise ShapeError(
            f"rank={rank} should be from 1 to the {values.ndim} axes of an input {values.shape}."
        )
    return tuple(range(values.ndim - rank, values.ndim))
