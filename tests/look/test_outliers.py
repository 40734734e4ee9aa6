"""Distances against SciPy's, and scores against the formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import median_abs_deviation

from convscope.look import outlier_scores
from convscope.look.suspicion.neighbours import nearest
from convscope.look.suspicion.outliers import distances, pixel_rows


@given(st.integers(1, 30), st.integers(1, 40), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_the_nearest_are_scipys(queries: int, among: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    a, b = random.normal(size=(queries, 3)).astype("f4"), random.normal(size=(among, 3)).astype("f4")
    far, where = nearest(a, b, count)
    every = np.sort(cdist(a, b), axis=1)[:, :count]
    np.testing.assert_allclose(far, every, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(a[:, None] - b[where], axis=2), every, atol=1e-5)


def test_progress_is_told_in_blocks() -> None:
    told: list[tuple[int, int]] = []
    nearest(
        np.zeros((5000, 2), "f4"), np.zeros((3, 2), "f4"), 1, lambda done, whole: told.append((done, whole))
    )
    assert told == [(2048, 5000), (4096, 5000), (5000, 5000)]


def test_distances_are_means_to_ten_on_the_unit_sphere() -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(size=(7, 2, 4)).astype("f4"), random.normal(size=(50, 2, 4)).astype("f4")
    unit = [x.reshape(len(x), -1) / np.linalg.norm(x.reshape(len(x), -1), axis=1)[:, None] for x in (a, b)]
    expected = np.sort(cdist(*unit), axis=1)[:, :10].mean(axis=1)
    np.testing.assert_allclose(distances(a, b), expected, atol=1e-5)


def test_scores_are_robust_deviations_within_the_class() -> None:
    random = np.random.default_rng(2)
    labels = np.repeat([0, 1], 30)
    one = random.uniform(1, 2, 60) * np.where(labels, 10, 1)  # class 1 is ten times as wide
    two = random.uniform(1, 2, 60)
    one[5], two[40] = 4, 6
    z = []
    for space in (one, two):
        logs = np.log(space + 1e-6)
        each = np.zeros(60)
        for k in (0, 1):
            of = labels == k
            each[of] = (logs[of] - np.median(logs[of])) / median_abs_deviation(logs[of], scale="normal")
        z.append(each)
    highest = np.maximum(*z).clip(0)
    scores = outlier_scores([one, two], labels)
    np.testing.assert_allclose(scores, highest / (highest + 3.5), rtol=1e-3)
    assert set(np.argsort(-scores)[:2]) == {5, 40}


def test_a_small_class_is_not_judged() -> None:
    space = np.array([*np.linspace(1, 1.2, 20), 9.0, 1.1])
    scores = outlier_scores([space], np.array([0] * 20 + [1, 1]))
    assert scores[20:].tolist() == [0, 0]
    assert 0 < scores[:20].max() < 0.5


@pytest.mark.parametrize("shape", [(30, 28, 28, 1), (30, 64, 40, 3)])
def test_rows_of_pictures_forget_light(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 100, shape).astype(np.uint8)
    np.testing.assert_allclose(pixel_rows(images), pixel_rows(images * 2 + 9), atol=2e-2)
    assert pixel_rows(images).shape[1] <= 256


def test_rows_of_signals() -> None:
    signals = np.random.default_rng(0).normal(size=(5, 2, 1000)).astype(np.float32)
    rows = pixel_rows(signals)
    assert rows.shape == (5, 2 * 250)
    means = signals.reshape(5, 2, 250, 4).mean(axis=3).reshape(5, -1)
    np.testing.assert_allclose(rows @ rows.T, np.corrcoef(means), atol=1e-5)
