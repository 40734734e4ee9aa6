"""Convolution, cross-correlation and autocorrelation of one signal or one picture."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from ..errors import ConvscopeWarning, ShapeError, UnknownName, UsageError
from .arrays import Array, as_floats, as_kernel, as_numbers, computing_type, result_type, takes_tensors
from .filtering import METHODS, correlate
from .geometry import output_size
from .padding import Padding, Pairs, check_border, check_padded_memory, per_axis, resolve_padding


@takes_tensors
def convolve(
    signal: Array,
    kernel: Array,
    *,
    padding: Padding = "same",
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    border: str = "zeros",
    method: str = "auto",
) -> np.ndarray:
    """Convolution: the kernel is flipped, slid over the signal, multiplied and added up at each place.

    (f * g)[t] = Σ f[t - τ] g[τ], and the same along both axes of a picture. A layer of a CNN does not flip:
    that is `cross_correlate`.

    signal: (length,) or (height, width).
    kernel: as many axes. Both of any real type: integers give int64, integers with floats give floats.
    padding: "full" (every place where the two touch: n + k - 1 results), "same" (n results, the middle of
        "full") and "valid" (places where the kernel lies inside) mean what they mean in `scipy.signal`. Or
        a number for all sides, or per axis a number or (before, after): (1, 2) is one row above and below and
        two columns left and right of a picture; ((1, 2),) is one place before and two after a signal.
    stride: every how many places a result is kept; "same" then keeps the first, the one after `stride`, ...
    dilation: distance of the kernel's taps on the signal.
    border: what lies beyond the signal: "zeros", "reflect" (the edge is not repeated; ndimage's "mirror"),
        "replicate" (ndimage's "nearest") or "circular" (ndimage's "grid-wrap").
    method: "direct", "separable" (for a kernel that is a column times a row), "fft" (rounded to the last bits
        of the largest numbers; not for integers or NaN), or "auto", the cheapest of those that can be used.

    With "same" and an even kernel there is no middle: the extra place is taken at the start, as SciPy does,
    where `conv2d` takes it at the end as PyTorch and ONNX do. A `ConvscopeWarning` says so.

        >>> convolve([1, 2, 3, 4], [1, 1], padding=((1, 0),))  # what "same" does with an even kernel
        array([1, 3, 5, 7])
        >>> from convscope.ops import conv1d
        >>> conv1d([[1, 2, 3, 4]], [[[1, 1]]], padding="same")
        array([[3, 5, 7, 4]])

    Raises `ShapeError` (a "valid" kernel larger than the signal, another number of axes) and `UsageError` (a
    stride below 1, NaN in the kernel, ...).

    The product of two polynomials is the full convolution of their coefficients, in either order:

    >>> convolve([3, 2, 1, 0], [1, 0, -1], padding="full")
    array([ 3,  2, -2, -2, -1,  0])
    >>> convolve([1, 0, -1], [3, 2, 1, 0], padding="full")
    array([ 3,  2, -2, -2, -1,  0])

    A Gaussian is the heat equation's answer to one hot point, so convolving with it lets heat spread for a
    time of sigma² / 2, and its variances add up:

    >>> from convscope.ops import gaussian
    >>> bar = np.zeros(41)
    >>> bar[20] = 1.0
    >>> twice = convolve(convolve(bar, gaussian(1.5, 41, rank=1)), gaussian(2.0, 41, rank=1))
    >>> bool(np.allclose(twice, convolve(bar, gaussian(2.5, 41, rank=1)), atol=1e-7))
    True
    """
    flipped = np.flip(as_kernel(kernel))
    return _slide(signal, flipped, padding, stride, dilation, border, method)


@takes_tensors
def cross_correlate(
    signal: Array,
    kernel: Array,
    *,
    padding: Padding = "same",
    stride: int | Sequence[int] = 1,
    dilation: int | Sequence[int] = 1,
    border: str = "zeros",
    method: str = "auto",
) -> np.ndarray:
    """Cross-correlation: the kernel as it is, slid over the signal. What a layer of a CNN does.

    The result at place t is Σ signal[t + τ] kernel[τ], which is (kernel ⋆ signal)[t] with
    (f ⋆ g)[t] = Σ f[τ] g[t + τ]. With padding="full" the lag 0 lies at index len(kernel) - 1, as in
    `scipy.signal.correlate(signal, kernel)`. Everything else is as for `convolve`, an even kernel with "same"
    too (as in `scipy.signal.correlate`; `correlate2d` takes the extra place at the end).

    >>> picture = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    >>> cross_correlate(picture, [[1, 1, 1], [0, 0, 0], [1, 1, 1]], padding=1, stride=2)
    array([[1, 2],
           [2, 4]])
    """
    return _slide(signal, as_kernel(kernel), padding, stride, dilation, border, method)


@takes_tensors
def autocorrelate(signal: Array, *, padding: str = "full", normalize: bool = False) -> np.ndarray:
    """A signal's cross-correlation with itself, (f ⋆ f)[t] = Σ f[τ] f[t + τ].

    signal: (length,) or (height, width). With padding="full" the lag 0 lies in the middle, at index n - 1 of
    each axis; "same" keeps the n lags around it, from -(n // 2) on. The largest value is that at lag 0, the
    sum of squares; `normalize` divides by it, and integers give float64. Raises `UsageError` where it is 0.

    >>> autocorrelate([1, 2, 3])
    array([ 3,  8, 14,  8,  3])
    >>> autocorrelate([1.0, -1.0, 1.0, -1.0], normalize=True)
    array([-0.25,  0.5 , -0.75,  1.  , -0.75,  0.5 , -0.25])
    """
    values = as_kernel(signal, "the signal")
    if padding not in ("full", "same"):
        raise UnknownName("padding", str(padding), ("full", "same"))
    pads = tuple((n - 1, n - 1) if padding == "full" else (n // 2, (n - 1) // 2) for n in values.shape)
    if not normalize:
        return _slide(values, values, pads, 1, 1, "zeros", "auto")
    exact = values.astype(np.result_type(values, np.float64))
    largest = np.abs(exact).max()
    if largest == 0:
        raise UsageError("the signal is zero everywhere; its autocorrelation cannot be normalised.")
    exact /= largest  # so that no square overflows
    result: np.ndarray = _slide(exact, exact, pads, 1, 1, "zeros", "auto") / np.sum(exact**2)
    return result.astype(as_floats(values).dtype, copy=False)


def _slide(
    signal: Array,
    kernel: np.ndarray,
    padding: Padding,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    border: str,
    method: str,
) -> np.ndarray:
    values = as_numbers(signal, "the signal")
    if values.ndim not in (1, 2) or kernel.ndim != values.ndim:
        raise ShapeError(
            f"a signal (length,) or picture (height, width) takes a kernel with as many axes, not shapes "
            f"{values.shape} and {kernel.shape}; conv1d and conv2d take channels and batches."
        )
    if method not in METHODS:
        raise UnknownName("method", str(method), METHODS)
    rank = values.ndim
    strides, dilations = per_axis(stride, rank, "stride"), per_axis(dilation, rank, "dilation")
    extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel.shape, dilations, strict=True))
    pads = signal_padding(padding, values.shape, kernel.shape, strides, dilations)
    check_border(border, pads, values.shape)
    axes = zip(values.shape, extents, strides, pads, strict=True)
    if min(output_size(n, kernel_size=e, stride=s, padding=p) for n, e, s, p in axes) < 1:
        raise ShapeError(
            f"a kernel of extent {extents} does not fit into a signal of {values.shape} with padding "
            f'{pads}; padding="same" or "full" lets it reach beyond the border.'
        )
    result = result_type(values, kernel)
    kind = computing_type(result)
    check_padded_memory(values, pads, kind)
    answer = correlate(values, kernel, pads, strides, dilations, border, method, kind)
    return answer.astype(result, copy=False)


def signal_padding(
    padding: Padding,
    sizes: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    *,
    stacklevel: int = 5,
) -> Pairs:
    """Padding as (before, after) per axis, where "same" is the middle of "full" as in `scipy.signal`."""
    if padding == "same":
        extents = [d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True)]
        if any(extent % 2 == 0 for extent in extents):
            warnings.warn(
                ConvscopeWarning(
                    "even-kernel",
                    f'a kernel of extent {tuple(extents)} has no middle: with padding="same" the extra '
                    "column or row goes to the start, as in SciPy (conv1d and conv2d have it at the end).",
                ),
                stacklevel=stacklevel,
            )
        return tuple((extent // 2, (extent - 1) // 2) for extent in extents)
    if padding == "same_lower":
        raise UsageError('padding="same_lower" is for conv1d, conv2d and the pools; here there is "same".')
    return resolve_padding(padding, sizes, kernel_size=kernel_size, stride=stride, dilation=dilation)
