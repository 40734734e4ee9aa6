"""Convolution, correlation and autocorrelation beside SciPy's `signal` and `ndimage`, NumPy and OpenCV."""

from __future__ import annotations

import warnings
from typing import Any

import cv2
import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import ConvscopeWarning
from convscope.ops import autocorrelate, convolve, cross_correlate, gaussian, steps

from .drawn import arrays, close, numbers

NDIMAGE = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "grid-wrap"}
RANKS = st.sampled_from([1, 2])


def quietly(function: Any, *args: Any, **settings: Any) -> np.ndarray:
    """The result, without the warning of an even kernel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvscopeWarning)
        return np.asarray(function(*args, **settings))


# scipy.signal


@given(st.data(), RANKS, st.sampled_from(["full", "same", "valid"]))
def test_every_mode_is_scipys(data: st.DataObject, rank: int, mode: str) -> None:
    kernel = data.draw(arrays(rank, most=6))
    least = max(kernel.shape) if mode == "valid" else 1  # SciPy swaps a signal and a kernel that is larger
    signal = data.draw(arrays(rank, least=least, most=11))
    close(quietly(convolve, signal, kernel, padding=mode), scipy.signal.convolve(signal, kernel, mode))
    close(
        quietly(cross_correlate, signal, kernel, padding=mode), scipy.signal.correlate(signal, kernel, mode)
    )


@given(st.data(), st.sampled_from(["full", "same", "valid"]))
def test_every_mode_is_that_of_scipys_functions_for_pictures(data: st.DataObject, mode: str) -> None:
    kernel = data.draw(arrays(2, most=6))
    picture = data.draw(arrays(2, least=6, most=11))
    close(quietly(convolve, picture, kernel, padding=mode), scipy.signal.convolve2d(picture, kernel, mode))
    # correlate2d alone takes the extra place of an even kernel at the end; correlate has it at the start.
    at_end = tuple(((k - 1) // 2, k // 2) for k in kernel.shape) if mode == "same" else mode
    correlated = cross_correlate(picture, kernel, padding=at_end)
    close(correlated, scipy.signal.correlate2d(picture, kernel, mode))


@pytest.mark.parametrize("function", [convolve, cross_correlate])
@pytest.mark.parametrize(("shape", "dilation"), [((2,), 1), ((3, 4), 1), ((4, 3), 1), ((2,), 3)])
def test_an_even_kernel_has_no_middle_and_says_so(
    function: Any, shape: tuple[int, ...], dilation: int
) -> None:
    signal = numbers([9] * len(shape))
    with pytest.warns(
        ConvscopeWarning, match=r"\[even-kernel\] a kernel of extent .* has no middle"
    ) as caught:
        function(signal, np.ones(shape), padding="same", dilation=dilation)
    assert caught[0].message.code == "even-kernel"
    assert caught[0].filename == __file__  # it points at the line of who asked


def test_the_steps_of_an_even_kernel_say_so_too() -> None:
    with pytest.warns(ConvscopeWarning, match="even-kernel") as caught:
        steps(numbers([9]), [1, 1], padding="same")
    assert caught[0].filename == __file__


@pytest.mark.parametrize("padding", ["full", "valid", 1])
def test_an_even_kernel_needs_no_middle_elsewhere(padding: Any) -> None:
    convolve(numbers([9, 9]), np.ones((2, 4)), padding=padding)
    convolve(numbers([9]), np.ones(3), padding="same", dilation=2)


@given(st.data(), RANKS)
def test_a_stride_keeps_every_so_many_places(data: st.DataObject, rank: int) -> None:
    signal, kernel = data.draw(arrays(rank, least=3, most=12)), data.draw(arrays(rank, most=5))
    mode = data.draw(st.sampled_from(["full", "same"]))
    stride = [data.draw(st.integers(1, 4)) for _ in range(rank)]
    every = tuple(slice(None, None, step) for step in stride)
    result = quietly(convolve, signal, kernel, padding=mode, stride=stride)
    close(result, scipy.signal.convolve(signal, kernel, mode)[every])


@given(st.data(), RANKS)
def test_a_dilated_kernel_is_one_with_holes(data: st.DataObject, rank: int) -> None:
    signal, kernel = data.draw(arrays(rank, least=3, most=12)), data.draw(arrays(rank, most=4))
    dilation = [data.draw(st.integers(1, 3)) for _ in range(rank)]
    holes = np.zeros([d * (k - 1) + 1 for d, k in zip(dilation, kernel.shape, strict=True)])
    holes[tuple(slice(None, None, d) for d in dilation)] = kernel
    result = cross_correlate(signal, kernel, padding="full", dilation=dilation)
    close(result, scipy.signal.correlate(signal, holes, "full"))


@given(st.data(), RANKS)
def test_padding_in_numbers_is_a_larger_signal(data: st.DataObject, rank: int) -> None:
    signal, kernel = data.draw(arrays(rank, least=5)), data.draw(arrays(rank, most=5))
    pairs = [(data.draw(st.integers(0, 4)), data.draw(st.integers(0, 4))) for _ in range(rank)]
    close(
        cross_correlate(signal, kernel, padding=pairs),
        scipy.signal.correlate(np.pad(signal, pairs), kernel, "valid"),
    )


@given(arrays(1, most=12))
def test_autocorrelation_of_a_signal(signal: np.ndarray) -> None:
    for mode in ("full", "same"):
        close(autocorrelate(signal, padding=mode), scipy.signal.correlate(signal, signal, mode))


@given(arrays(2, most=7))
def test_autocorrelation_of_a_picture(picture: np.ndarray) -> None:
    for mode in ("full", "same"):
        close(autocorrelate(picture, padding=mode), scipy.signal.correlate(picture, picture, mode))
    # Wiener and Khinchin: it is the transform of the power spectrum
    shape = [2 * n - 1 for n in picture.shape]
    lags = np.fft.ifft2(np.abs(np.fft.fft2(picture, shape)) ** 2).real
    close(autocorrelate(picture), np.fft.fftshift(lags))
    normal = autocorrelate(picture, normalize=True)
    assert normal[tuple(n - 1 for n in picture.shape)] == pytest.approx(1.0) == normal.max()
    close(normal, scipy.signal.correlate(picture, picture) / np.sum(picture**2))


def test_normalised_autocorrelation_of_numbers_whose_squares_have_no_place() -> None:
    expected = scipy.signal.correlate([3.0, 1, -2], [3.0, 1, -2]) / 14
    for dtype, scale in (("float16", 1e4), ("float32", 1e30), ("float64", 1e250), ("float64", 1e-250)):
        signal = (np.array([3, 1, -2]) * scale).astype(dtype)
        result = autocorrelate(signal, normalize=True)
        assert result.dtype == dtype
        close(result, expected, dtype)
    assert autocorrelate(np.array([3, 1, -2], np.int8), normalize=True).dtype == np.float64


# scipy.ndimage and OpenCV


@given(st.data(), RANKS, st.sampled_from(sorted(NDIMAGE)))
def test_every_border_is_ndimages(data: st.DataObject, rank: int, border: str) -> None:
    size = st.sampled_from([1, 3, 5])
    kernel = numbers([data.draw(size) for _ in range(rank)], data.draw(st.integers(0, 99)))
    signal = data.draw(arrays(rank, least=6, most=11))
    mode = NDIMAGE[border]
    close(convolve(signal, kernel, border=border), scipy.ndimage.convolve(signal, kernel, mode=mode))
    close(cross_correlate(signal, kernel, border=border), scipy.ndimage.correlate(signal, kernel, mode=mode))


@given(st.data(), st.sampled_from(["symm", "wrap"]))
def test_borders_of_convolve2d(data: st.DataObject, boundary: str) -> None:
    picture, kernel = data.draw(arrays(2, least=6, most=9)), data.draw(arrays(2, most=5))
    if boundary == "wrap":
        wanted = scipy.signal.convolve2d(picture, kernel, "same", "wrap")
        close(quietly(convolve, picture, kernel, border="circular"), wanted)
    else:  # SciPy repeats the edge, which no border here does: one row of it is "replicate"
        kernel = kernel[:3, :3]
        kernel = np.pad(kernel, [(0, 3 - n) for n in kernel.shape])
        wanted = scipy.signal.convolve2d(picture, kernel, "same", "symm")
        close(convolve(picture, kernel, border="replicate"), wanted)


@pytest.mark.parametrize("border", sorted(NDIMAGE))
@pytest.mark.parametrize(("sigma", "truncate"), [(0.5, 3), (1.0, 3), (1.5, 3), (2.0, 4), (2.5, 3)])
def test_a_gaussian_blur_of_the_same_width_is_ndimages(border: str, sigma: float, truncate: int) -> None:
    picture, mode = numbers([40, 33]), NDIMAGE[border]
    kernel = gaussian(sigma) if truncate == 3 else gaussian(sigma, 2 * int(truncate * sigma + 0.5) + 1)
    wanted = scipy.ndimage.gaussian_filter(picture, sigma, mode=mode, truncate=truncate)
    close(convolve(picture, kernel, border=border), wanted)


@given(st.data(), st.sampled_from(["float32", "float64"]))
def test_the_interior_is_opencvs(data: st.DataObject, dtype: str) -> None:
    kernel = numbers([2 * data.draw(st.integers(0, 3)) + 1 for _ in range(2)], data.draw(st.integers(0, 99)))
    picture = data.draw(arrays(2, least=8, most=20, dtypes=[dtype]))
    rows, columns = (slice(k // 2, n - k // 2) for k, n in zip(kernel.shape, picture.shape, strict=True))
    wanted = cv2.filter2D(picture, -1, kernel)[rows, columns]
    close(cross_correlate(picture, kernel.astype(dtype), padding="valid"), wanted, dtype)


# algebra


@given(arrays(1, most=12), arrays(1, most=12))
def test_full_convolution_multiplies_polynomials(a: np.ndarray, b: np.ndarray) -> None:
    close(convolve(a, b, padding="full"), np.polynomial.polynomial.polymul(a, b))


@given(st.data(), RANKS)
def test_convolution_commutes_and_associates(data: st.DataObject, rank: int) -> None:
    f, g, h = (data.draw(arrays(rank, most=8, dtypes=["int8"])) for _ in range(3))
    fg, gh = convolve(f, g, padding="full"), convolve(g, h, padding="full")
    np.testing.assert_array_equal(fg, convolve(g, f, padding="full"))
    np.testing.assert_array_equal(convolve(fg, h, padding="full"), convolve(f, gh, padding="full"))


@given(st.data(), RANKS)
def test_correlation_is_convolution_with_the_kernel_turned_by_half(data: st.DataObject, rank: int) -> None:
    f, g = data.draw(arrays(rank)), data.draw(arrays(rank))
    np.testing.assert_array_equal(
        cross_correlate(f, g, padding="full"), convolve(f, np.flip(g), padding="full")
    )
    # (f ⋆ g)[t] = (g ⋆ f)[-t]
    close(cross_correlate(f, g, padding="full"), np.flip(cross_correlate(g, f, padding="full")))


@given(st.floats(2.0, 4.0), st.integers(0, 99))
def test_a_gaussian_solves_the_heat_equation(sigma: float, seed: int) -> None:
    """∂u/∂t = Δu on a circle, from smooth heat: after sigma² / 2 each wave is exp(-k² t) of what it was."""
    n, time = 64, sigma**2 / 2
    waves = np.fft.rfftfreq(n, 1 / n)
    spectrum = np.fft.rfft(numbers([n], seed)) * (waves < 8)
    hot = np.fft.irfft(spectrum, n)
    later = np.fft.irfft(spectrum * np.exp(-((2 * np.pi * waves / n) ** 2) * time), n)
    blurred = convolve(hot, gaussian(sigma, 63, rank=1), border="circular")
    np.testing.assert_allclose(blurred, later, atol=1e-7)


def test_a_gaussian_solves_the_heat_equation_on_a_plate() -> None:
    """The same by small explicit steps of the five-point Laplacian, to the accuracy of those."""
    n, sigma, count = 48, 3.0, 400
    y, x = np.mgrid[:n, :n] - (n - 1) / 2
    hot = np.exp(-(x**2 + 2 * y**2) / 50)
    plate = hot.copy()
    for _ in range(count):
        around = sum(np.roll(plate, shift, axis) for shift in (-1, 1) for axis in (0, 1))
        plate += sigma**2 / 2 / count * (around - 4 * plate)
    np.testing.assert_allclose(convolve(hot, gaussian(sigma, 25), border="circular"), plate, atol=3e-3)
