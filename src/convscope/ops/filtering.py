"""One picture under one kernel: tap by tap, as a column and a row, or by Fourier transform."""

from __future__ import annotations

import numpy as np

from .. import native
from ..errors import UsageError
from .arrays import DType
from .geometry import output_size
from .padding import BORDERS, Pairs, pad

METHODS = ("auto", "direct", "separable", "fft")
BAND = 1 << 18  # numbers of a result that stay in the cache while all taps are added to them
ALONE = 1_000_000  # multiplications that are done before a second thread has begun

# ns per number of the picture, measured on two cores with AVX-512 in float32 (float64 takes twice that): for
# each tap natively and in NumPy, for each doubling of the picture by FFT; of pictures, and of single rows.
# PASS is what reading and writing costs, however few the taps; FFT_START, in ns, the start of a transform.
NATIVE_TAP, NUMPY_TAP, FFT_DOUBLING = (0.006, 0.016), (0.22, 0.15), (0.35, 1.3)
PASS, FFT_START = 0.2, 200_000


def correlate(
    values: np.ndarray,
    kernel: np.ndarray,
    pads: Pairs,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    border: str,
    method: str,
    kind: DType,
) -> np.ndarray:
    """The cross-correlation of checked arrays with as many axes, one or two, in numbers of `kind`."""
    picture, taps = np.atleast_2d(values), np.atleast_2d(kernel)
    if values.ndim == 1:
        pads, stride, dilation = ((0, 0), *pads), (1, *stride), (1, *dilation)
    factors = factorize(taps, kind) if kind.kind == "f" else None
    chosen = choose(picture, taps, stride, factors, kind) if method == "auto" else method
    if chosen == "separable" and factors is None:
        raise UsageError(
            'method="separable" needs floating-point numbers and a kernel that is a column times a row; '
            'this one is not, and "direct" computes it.'
        )
    if chosen == "fft" and kind.kind != "f":
        raise UsageError('method="fft" would round integers; "direct" is exact.')
    if method == "fft" and not np.isfinite(picture).all():
        raise UsageError(
            'method="fft" would spread the NaN or infinity of this signal over all of the result; "direct" '
            "keeps it where it is."
        )
    if chosen == "fft":
        padded = pad(picture, pads, border).astype(kind, copy=False)
        result = by_fft(padded, taps.astype(kind), stride, dilation)
    else:
        parts = factors if chosen == "separable" else None
        tap_by_tap = natively if _has_native(kind) else in_numpy
        result = tap_by_tap(picture.astype(kind, copy=False), taps, parts, pads, stride, dilation, border)
    return result.reshape(result.shape[2 - values.ndim :])


def natively(
    picture: np.ndarray,
    kernel: np.ndarray,
    factors: tuple[np.ndarray, np.ndarray] | None,
    pads: Pairs,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    border: str,
) -> np.ndarray:
    """The compiled filter: no copy of the picture, all cores."""
    axes = zip(picture.shape, kernel.shape, stride, pads, dilation, strict=True)
    shape = tuple(output_size(n, kernel_size=k, stride=s, padding=p, dilation=d) for n, k, s, p, d in axes)
    result = np.empty(shape, dtype=picture.dtype)
    work = result.size * (sum(kernel.shape) if factors is not None else kernel.size)

    def numbers(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, dtype=picture.dtype)

    native.module().correlate(
        x=numbers(picture),
        y=result,
        weights=numbers(kernel) if factors is None else None,
        factors=None if factors is None else (numbers(factors[0].ravel()), numbers(factors[1].ravel())),
        before=(pads[0][0], pads[1][0]),
        stride=stride,
        dilation=dilation,
        border=list(BORDERS).index(border),
        threads=1 if work < ALONE else native.cores(),
    )
    return result


def in_numpy(
    picture: np.ndarray,
    kernel: np.ndarray,
    factors: tuple[np.ndarray, np.ndarray] | None,
    pads: Pairs,
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    border: str,
) -> np.ndarray:
    """The same in NumPy: for integers, and where nothing was compiled."""
    padded = pad(picture, pads, border)
    if factors is None:
        return direct(padded, kernel.astype(picture.dtype), stride, dilation)
    column, row = (factor.astype(picture.dtype) for factor in factors)
    return direct(direct(padded, column, (stride[0], 1), dilation), row, (1, stride[1]), dilation)


def _has_native(kind: DType) -> bool:
    return native.available() and kind in (np.float32, np.float64)


def factorize(kernel: np.ndarray, kind: DType | type = np.float64) -> tuple[np.ndarray, np.ndarray] | None:
    """A kernel as (column, row) whose product it is to the last bits of `kind`, or None where it is none.

    >>> column, row = factorize(np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]))
    >>> np.allclose(column @ row, [[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    True
    >>> factorize(np.eye(3)) is None
    True
    """
    exact = kernel.astype(np.result_type(kernel, np.float64))
    if min(exact.shape) == 1:
        return (exact, np.ones((1, 1))) if exact.shape[1] == 1 else (np.ones((1, 1)), exact)
    pivot = np.unravel_index(np.argmax(np.abs(exact)), exact.shape)
    if exact[pivot] == 0:
        return exact[:, :1], exact[:1]
    column, row = exact[:, pivot[1] : pivot[1] + 1], exact[pivot[0] : pivot[0] + 1] / exact[pivot]
    rounding = 4 * np.finfo(kind).eps * abs(exact[pivot])
    return (column, row) if np.abs(column @ row - exact).max() <= rounding else None


def choose(
    picture: np.ndarray,
    kernel: np.ndarray,
    stride: tuple[int, ...],
    factors: tuple[np.ndarray, np.ndarray] | None,
    kind: DType,
) -> str:
    """The cheapest method by an estimate of its time per number of the picture.

    A Fourier transform spreads a NaN or an infinity over everything, so a picture with one goes direct.
    """
    single = int(picture.shape[0] == 1)
    tap = NATIVE_TAP if _has_native(kind) else NUMPY_TAP
    kept = stride[0] * stride[1]
    costs = {"direct": PASS + tap[single] * kernel.size / kept}
    if factors is not None and min(kernel.shape) > 1:
        down, along = kernel.shape[0] / stride[0], kernel.shape[1] / kept
        costs["separable"] = 2 * PASS + tap[0] * down + tap[1] * along  # one row after the other
    if kind.kind == "f":
        doublings = np.log2(picture.size + kernel.size)
        costs["fft"] = FFT_DOUBLING[single] * doublings + FFT_START / picture.size
    best = min(costs, key=lambda name: costs[name])
    if best == "fft" and not np.isfinite(picture).all():
        del costs["fft"]
        best = min(costs, key=lambda name: costs[name])
    return best


def direct(
    padded: np.ndarray, kernel: np.ndarray, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> np.ndarray:
    """A multiplication for every tap and place, in bands of rows."""
    extents = [d * (k - 1) + 1 for k, d in zip(kernel.shape, dilation, strict=True)]
    rows, columns = ((n - e) // s + 1 for n, e, s in zip(padded.shape, extents, stride, strict=True))
    result = np.zeros((rows, columns), dtype=padded.dtype)
    band = max(1, BAND // columns)
    product = np.empty((min(band, rows), columns), dtype=padded.dtype)
    for first in range(0, rows, band):
        part = result[first : first + band]
        for (i, j), weight in np.ndenumerate(kernel):
            top, left = first * stride[0] + i * dilation[0], j * dilation[1]
            window = padded[
                top : top + (len(part) - 1) * stride[0] + 1 : stride[0],
                left : left + (columns - 1) * stride[1] + 1 : stride[1],
            ]
            part += np.multiply(window, weight, out=product[: len(part)])
    return result


def by_fft(
    padded: np.ndarray, kernel: np.ndarray, stride: tuple[int, ...], dilation: tuple[int, ...]
) -> np.ndarray:
    """The product of the spectra (convolution theorem), of the kernel turned by 180 degrees."""
    import scipy.fft

    extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel.shape, dilation, strict=True))
    spread = np.zeros(extents, dtype=kernel.dtype)
    spread[:: dilation[0], :: dilation[1]] = kernel
    shape = tuple(scipy.fft.next_fast_len(n, real=True) for n in padded.shape)  # what wraps around is cut off
    spectrum = scipy.fft.rfft2(padded, shape, workers=-1)
    spectrum *= scipy.fft.rfft2(np.flip(spread), shape, workers=-1)
    whole = scipy.fft.irfft2(spectrum, shape, workers=-1)
    return np.ascontiguousarray(
        whole[extents[0] - 1 : padded.shape[0] : stride[0], extents[1] - 1 : padded.shape[1] : stride[1]]
    )
