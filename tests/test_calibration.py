"""Calibration against scikit-learn, the formula written out, and numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from convscope.calibration import calibration
from convscope.errors import DataError, ShapeError


def drawn(seed: int, count: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(classes, 0.3), count)
    return probabilities, rng.integers(0, classes, count)


@given(st.integers(0, 10_000), st.integers(1, 300), st.integers(2, 12), st.integers(1, 30))
def test_the_bins_are_those_of_scikit_learn(seed: int, count: int, classes: int, bins: int) -> None:
    probabilities, labels = drawn(seed, count, classes)
    result = calibration(probabilities, labels, bins=bins)
    right = probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, probabilities.max(axis=1), n_bins=bins)
    np.testing.assert_allclose([b.accuracy for b in result.filled], accuracy)
    np.testing.assert_allclose([b.confidence for b in result.filled], confidence)
    assert result.count == count
    assert len(result.bins) == bins
    assert sum(b.right for b in result.bins) == right.sum()


@given(st.integers(0, 10_000), st.integers(1, 200), st.integers(2, 12))
def test_the_expected_error_is_the_formula(seed: int, count: int, classes: int) -> None:
    probabilities, labels = drawn(seed, count, classes)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    expected = 0.0
    for m in range(1, 16):
        inside = ((m - 1) / 15 < confidence) & (confidence <= m / 15)
        if inside.any():
            expected += inside.sum() / count * abs(right[inside].mean() - confidence[inside].mean())
    result = calibration(probabilities, labels)
    assert result.expected_error == pytest.approx(expected)
    assert result.confidence == pytest.approx(confidence.mean())


@given(st.integers(0, 10_000), st.integers(1, 200), st.integers(3, 12))
def test_the_brier_score_is_that_of_scikit_learn(seed: int, count: int, classes: int) -> None:
    probabilities, labels = drawn(seed, count, classes)
    expected = brier_score_loss(labels, probabilities, labels=list(range(classes)), scale_by_half=False)
    assert calibration(probabilities, labels).brier == pytest.approx(expected)


def test_an_example_by_hand() -> None:
    # confidences 0.9 and 0.7 in one bin, one of them right; 0.5 on the edge belongs to the bin below it
    probabilities = np.array([[0.9, 0.1], [0.3, 0.7], [0.5, 0.5]])
    result = calibration(probabilities, np.array([0, 0, 0]), bins=2)
    assert [(b.low, b.high, b.count, b.right) for b in result.bins] == [(0, 0.5, 1, 1), (0.5, 1, 2, 1)]
    assert result.expected_error == pytest.approx(1 / 3 * 0.5 + 2 / 3 * 0.3)
    assert result.brier == pytest.approx((2 * 0.01 + 2 * 0.49 + 2 * 0.25) / 3)


def test_a_perfect_network_has_no_error() -> None:
    result = calibration(np.eye(4, dtype=np.float32), np.arange(4))
    assert (result.expected_error, result.brier, result.confidence) == (0, 0, 1)
    assert [b.count for b in result.filled] == [4]


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.5])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(DataError, match="not a number from 0 to 1"):
        calibration(np.array([[value, 0.5]]), np.array([0]))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="labels"):
        calibration(np.ones((2, 3)), np.array([0]))
    with pytest.raises(DataError, match="0 records"):
        calibration(np.ones((0, 3)), np.zeros(0, int))
