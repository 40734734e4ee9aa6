"""Examples worked out by hand, from textbooks and lessons, and filters of a real photo."""

from __future__ import annotations

from math import sqrt
from typing import Any

import cv2
import numpy as np
import pytest
import scipy.ndimage
from sklearn.datasets import load_sample_image

from convscope.ops import (
    average_pool,
    conv2d,
    convolve,
    cross_correlate,
    gaussian,
    global_average_pool,
    kernel,
    lp_pool,
    max_pool,
    output_size,
    steps,
)

CHECKERS = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
LINES = [[1, 1, 1], [0, 0, 0], [1, 1, 1]]
PIXELS = [[1, 0, 1, 0, 0], [0, 1, 1, 0, 1], [0, 0, 1, 1, 0], [1, 0, 0, 1, 1], [0, 1, 0, 1, 1]]
CROSS = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
POOLED = [[1, 2, 3, 0], [4, 5, 6, 1], [3, 4, 7, 2], [1, 2, 1, 0]]


def test_a_signal_in_full() -> None:
    assert convolve([3, 2, 1, 0], [1, 0, -1], padding="full").tolist() == [3, 2, -2, -2, -1, 0]
    walked = steps([3, 2, 1, 0], [1, 0, -1], flip=True, padding="full")
    assert [int(step.result) for step in walked] == [3, 2, -2, -2, -1, 0]


def test_padding_and_stride_on_checkers() -> None:
    wanted = [[1, 2], [2, 4]]
    assert cross_correlate(CHECKERS, LINES, padding=1, stride=2).tolist() == wanted
    assert conv2d([CHECKERS], [[LINES]], padding=1, stride=2).tolist() == [wanted]


def test_valid_on_pixels() -> None:
    wanted = [[4, 2, 2], [2, 3, 4], [1, 3, 3]]
    assert cross_correlate(PIXELS, CROSS, padding="valid").tolist() == wanted
    assert convolve(PIXELS, CROSS, padding="valid").tolist() == wanted  # the kernel is its own turn by 180°


def test_four_pools() -> None:
    assert max_pool(POOLED, 2).tolist() == [[5, 6], [4, 7]]
    assert average_pool(POOLED, 2).tolist() == [[3, 2.5], [2.5, 2.5]]
    np.testing.assert_allclose(lp_pool(POOLED, 2), np.sqrt([[46, 46], [30, 54]]), rtol=1e-15)
    assert lp_pool(POOLED, 2)[1, 1] == pytest.approx(sqrt(7**2 + 2**2 + 1**2 + 0))
    assert global_average_pool(POOLED) == 2.625


def test_a_kernel_of_5_with_padding_of_2_keeps_the_size() -> None:
    assert output_size(32, kernel_size=5, padding=(2, 2), stride=1) == 32
    assert conv2d(np.ones((3, 32, 32)), np.ones((6, 3, 5, 5)), padding=2).shape == (6, 32, 32)


# a real photo

NDIMAGE = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "grid-wrap"}


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A temple with trees, 427×640, grey, 0 to 255."""
    return np.asarray(load_sample_image("china.jpg").mean(axis=2).round().astype(np.uint8))


@pytest.mark.parametrize("border", sorted(NDIMAGE))
@pytest.mark.parametrize("name", ["sobel-x", "sobel-y", "gaussian"])
def test_filters_of_a_photo(photo: np.ndarray, name: str, border: str) -> None:
    taps = kernel(name) if name != "gaussian" else gaussian(2.0)
    exact, mode = photo.astype(np.float64), NDIMAGE[border]
    correlated, convolved = (f(photo, taps, border=border) for f in (cross_correlate, convolve))
    assert correlated.dtype == np.float64  # of bytes, and nothing cut off at 0 or 255
    np.testing.assert_allclose(correlated, scipy.ndimage.correlate(exact, taps, mode=mode), atol=1e-10)
    np.testing.assert_allclose(convolved, scipy.ndimage.convolve(exact, taps, mode=mode), atol=1e-10)
    inner = len(taps) // 2
    opencv = cv2.filter2D(photo, cv2.CV_64F, taps)[inner:-inner, inner:-inner]
    np.testing.assert_allclose(correlated[inner:-inner, inner:-inner], opencv, atol=1e-10)


def test_named_filters_of_the_libraries_are_the_same(photo: np.ndarray) -> None:
    exact = photo.astype(np.float64)
    x, y = (cross_correlate(photo, kernel(name), border="reflect") for name in ("sobel-x", "sobel-y"))
    np.testing.assert_allclose(x, scipy.ndimage.sobel(exact, axis=1, mode="mirror"), atol=1e-10)
    np.testing.assert_allclose(y, scipy.ndimage.sobel(exact, axis=0, mode="mirror"), atol=1e-10)
    np.testing.assert_allclose(x, cv2.Sobel(photo, cv2.CV_64F, 1, 0), atol=1e-10)  # OpenCV's default border
    blurred = cross_correlate(photo, gaussian(2.0), border="reflect")
    wanted = scipy.ndimage.gaussian_filter(exact, 2.0, mode="mirror", truncate=3)
    np.testing.assert_allclose(blurred, wanted, atol=1e-10)
    np.testing.assert_allclose(blurred, cv2.GaussianBlur(exact, (13, 13), 2.0), atol=1e-10)


@pytest.mark.parametrize("method", ["direct", "separable", "fft"])
def test_a_photo_by_every_method(photo: np.ndarray, method: str) -> None:
    wanted = scipy.ndimage.correlate(photo.astype(np.float64), kernel("sobel-x"), mode="constant")
    settings: dict[str, Any] = {"method": method}
    np.testing.assert_allclose(cross_correlate(photo, kernel("sobel-x"), **settings), wanted, atol=1e-9)


def test_a_photo_with_integers_is_exact(photo: np.ndarray) -> None:
    edges = cross_correlate(photo, np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.int8))
    wanted = scipy.ndimage.correlate(
        photo.astype(np.int64), kernel("sobel-x").astype(np.int64), mode="constant"
    )
    assert edges.dtype == np.int64
    assert edges.min() < 0 < 255 < edges.max()
    np.testing.assert_array_equal(edges, wanted)
