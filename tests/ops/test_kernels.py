"""The named kernels: their sums, symmetries and signs, and what they do to pictures made for it."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import UnknownName, UsageError
from convscope.ops import (
    KERNELS,
    box,
    convolve,
    cross_correlate,
    emboss,
    gabor,
    gaussian,
    identity,
    kernel,
    laplacian,
    laplacian_of_gaussian,
    motion_blur,
    roberts,
    scharr_x,
    sharpen,
    sobel_x,
    sobel_y,
)

from .drawn import numbers

SETTINGS = {
    "identity": [(), (5,)],
    "box": [(), (4,)],
    "gaussian": [(), (0.4,), (2.5,), (1.0, 4)],
    "motion-blur": [(), (9, 45), (4, -30), (1,), (7, 90)],
    "sharpen": [(), (0.5,), (3,)],
    "laplacian-of-gaussian": [(), (2.0,), (1.0, 6)],
    "gabor": [(), (2.0, 30, 4, 9, 90), (3.0, 0, 8, None)],
}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_sums_to_what_it_says(name: str) -> None:
    (said,) = re.findall(r"Sums to ([01])\b", KERNELS[name].make.__doc__ or "")
    for settings in SETTINGS.get(name, [()]):
        taps = KERNELS[name].make(*settings)
        assert taps.dtype == np.float64
        assert taps.ndim == 2
        assert taps.sum() == pytest.approx(float(said), abs=1e-12)
        assert KERNELS[name].purpose.endswith(f"Sums to {said}.") or "Sums" not in KERNELS[name].purpose


@pytest.mark.parametrize("name", KERNELS)
def test_no_caller_can_change_a_kernel_for_another(name: str) -> None:
    kernel(name)[:] = 7
    assert not (kernel(name) == 7).any()


def test_kernels_of_opencv_and_ndimage() -> None:
    spot = np.zeros((7, 7))
    spot[3, 3] = 1.0  # correlated with a kernel it gives the kernel, turned by 180°
    inner = np.s_[2:5, 2:5]
    turned = {
        "sobel-x": scipy.ndimage.sobel(spot, 1),
        "sobel-y": scipy.ndimage.sobel(spot, 0),
        "prewitt-x": scipy.ndimage.prewitt(spot, 1),
        "prewitt-y": scipy.ndimage.prewitt(spot, 0),
        "scharr-x": cv2.Scharr(spot, -1, 1, 0),
        "scharr-y": cv2.Scharr(spot, -1, 0, 1),
        "laplacian": scipy.ndimage.laplace(spot),
        "box": scipy.ndimage.uniform_filter(spot, 3),
    }
    for name, wanted in turned.items():
        np.testing.assert_allclose(kernel(name), np.flip(wanted[inner]), atol=1e-15)


@given(st.floats(0.3, 6.0))
def test_a_gaussian_is_that_of_ndimage_and_opencv(sigma: float) -> None:
    row = gaussian(sigma, rank=1)
    radius = int(3 * sigma + 0.5)
    spot = np.zeros(2 * radius + 1)
    spot[radius] = 1
    wanted = scipy.ndimage.gaussian_filter1d(spot, sigma, mode="constant", truncate=3)
    np.testing.assert_allclose(row, wanted, atol=1e-15)
    np.testing.assert_allclose(row, cv2.getGaussianKernel(len(row), sigma)[:, 0], atol=1e-15)
    np.testing.assert_allclose(gaussian(sigma), np.outer(wanted, wanted), atol=1e-15)


@given(st.floats(1.0, 4.0))
def test_a_laplacian_of_a_gaussian_is_ndimages(sigma: float) -> None:
    taps = laplacian_of_gaussian(sigma)
    spot = np.zeros(taps.shape)
    spot[len(taps) // 2, len(taps) // 2] = 1
    wanted = scipy.ndimage.gaussian_laplace(spot, sigma, mode="constant", truncate=4)
    np.testing.assert_allclose(taps, wanted, atol=5e-4)


def test_a_laplacian_of_a_gaussian_answers_most_to_blobs_of_its_size() -> None:
    """Negative in the middle of a bright blob, and strongest for the radius √2·sigma (scaled by sigma²)."""
    y, x = np.mgrid[:81, :81] - 40
    disk = (x**2 + y**2 <= 8**2).astype(float)
    answers = {
        sigma: sigma**2 * cross_correlate(disk, laplacian_of_gaussian(sigma))[40, 40]
        for sigma in (2.0, 3.0, 4.0, 8 / np.sqrt(2), 8.0, 9.5)
    }
    assert max(answers.values()) < 0
    assert min(answers, key=lambda sigma: answers[sigma]) == 8 / np.sqrt(2)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135])
def test_a_gabor_answers_to_stripes_of_its_width_and_angle(angle: float) -> None:
    """The wave runs `angle` degrees up from the horizontal; a bright stripe in the middle gives the most."""
    y, x = np.mgrid[:61, :61] - 30.0

    def stripes(degrees: float, wavelength: float) -> np.ndarray:
        along = x * np.cos(np.radians(degrees)) - y * np.sin(np.radians(degrees))
        return np.asarray(np.cos(2 * np.pi * along / wavelength))

    def answer(picture: np.ndarray) -> float:
        return float(cross_correlate(picture, gabor(4.0, angle, 7.0), padding="valid").max())

    best = answer(stripes(angle, 7.0))
    assert cross_correlate(stripes(angle, 7.0), gabor(4.0, angle, 7.0))[30, 30] == pytest.approx(
        best, rel=1e-2
    )
    assert best > 5 * answer(stripes(angle + 90, 7.0))
    assert best > 4 * answer(stripes(angle, 14.0))
    assert answer(np.ones((61, 61))) == pytest.approx(0, abs=1e-12)


def test_directions() -> None:
    right = np.tile(np.arange(9.0), (9, 1))
    for taps in (sobel_x(), kernel("prewitt-x"), scharr_x()):
        assert (cross_correlate(right, taps, padding="valid") > 0).all()
        assert (convolve(right, taps, padding="valid") < 0).all()  # flipped
    assert (cross_correlate(right.T, sobel_y(), padding="valid") > 0).all()
    diagonal = right + right.T
    assert (cross_correlate(diagonal, roberts(), padding="valid") == 2).all()
    assert (cross_correlate(diagonal, emboss(), padding="valid") > diagonal[1:-1, 1:-1]).all()
    assert (cross_correlate(diagonal, laplacian(), padding="valid") == 0).all()


def test_a_motion_blur_is_the_mean_along_its_line() -> None:
    spread = np.zeros((9, 9))
    spread[4] = 1 / 9
    np.testing.assert_allclose(motion_blur(9), spread, atol=1e-15)
    np.testing.assert_allclose(motion_blur(9, 90), spread.T, atol=1e-15)
    falling = motion_blur(9, -45)
    assert falling[2, 2] > 0 == falling[2, 6]
    np.testing.assert_allclose(motion_blur(9, 45), np.fliplr(falling), atol=1e-15)


def test_what_changes_nothing_and_what_sharpens() -> None:
    picture = numbers([8, 9])
    np.testing.assert_array_equal(cross_correlate(picture, identity(5)), picture)
    np.testing.assert_allclose(
        cross_correlate(picture, sharpen(0.7), border="replicate"),
        picture - 0.7 * scipy.ndimage.laplace(picture, mode="nearest"),
    )
    np.testing.assert_allclose(box(np.uint8(20)), 1 / 400)  # type: ignore[arg-type]


def test_names_as_people_write_them() -> None:
    np.testing.assert_array_equal(kernel(" Sobel_X "), sobel_x())
    np.testing.assert_array_equal(kernel("sobel"), sobel_x())
    np.testing.assert_array_equal(kernel("log", 2), laplacian_of_gaussian(2.0))
    np.testing.assert_array_equal(kernel("gaussian", 1.5, 7.0), gaussian(1.5, 7))
    np.testing.assert_array_equal(kernel("gaussian:1.5:7"), gaussian(1.5, 7))
    np.testing.assert_array_equal(kernel("gaussian:1.5", 7), gaussian(1.5, 7))


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("sobel-z", (), "unknown kernel 'sobel-z': did you mean 'sobel-"),
        ("gausian", (), "unknown kernel 'gausian': did you mean 'gaussian'? Known: identity, box,"),
        ("lag", (), "unknown kernel 'lag': did you mean 'log'?"),
        ("gausian:2", (), "unknown kernel 'gausian': did you mean 'gaussian'?"),
        ("box:wide", (), "the kernel box does not take the settings ('wide',)."),
        (3, (), "unknown kernel '3'. Known:"),
        ("sobel-x", (1,), "the kernel sobel-x does not take the settings (1,)."),
        ("box", ("wide",), "the kernel box does not take the settings ('wide',)."),
        ("box", (0,), "size=0 of a kernel should be a whole number from 1 to 999."),
        ("box", (2.5,), "size=2.5 of a kernel should be a whole number from 1 to 999."),
        ("gaussian", (-1,), "sigma=-1 should be above 0."),
        ("gaussian", (float("nan"),), "sigma=nan should be a finite number."),
        ("gaussian", (1e6,), "sigma=1000000 makes a kernel wider than 999; give its size."),
        ("identity", (4,), "size=4 of an identity should be odd: an even one has no middle."),
        ("motion-blur", (9, float("inf")), "angle=inf should be a finite number."),
        ("sharpen", (float("nan"),), "amount=nan should be a finite number."),
        ("gabor", (3, 0, 0), "wavelength=0 should be above 0."),
        ("gabor", (3, 0, 6, 9, float("inf")), "phase=inf should be a finite number."),
    ],
)
def test_kernels_that_there_are_not(name: str, settings: tuple[float, ...], sentence: str) -> None:
    with pytest.raises(UsageError, match="^" + re.escape(sentence)) as caught:
        kernel(name, *settings)
    assert isinstance(caught.value, UnknownName) == sentence.startswith("unknown")


def test_a_gaussian_of_another_rank() -> None:
    with pytest.raises(UsageError, match=re.escape("rank=3 should be 1 for a signal or 2 for a picture.")):
        gaussian(1.0, rank=3)
