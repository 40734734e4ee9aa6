"""Wrong labels against the formulas of confident learning, worked out class by class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import DataError, ShapeError
from convscope.look import label_errors


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_score_and_suggestion_are_the_normalised_margin(classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, 20)])
    says = random.dirichlet(np.full(classes, 0.5), len(labels)).astype(np.float32)
    found = label_errors(says, labels)
    thresholds = [says[labels == k, k].astype(float).mean() for k in range(classes)]
    np.testing.assert_allclose(found.thresholds, thresholds, rtol=1e-6)
    span = 1 + max(thresholds) - min(thresholds)
    for i, label in enumerate(labels):
        others = {k: says[i, k] - thresholds[k] for k in range(classes) if k != label}
        best = max(others, key=others.__getitem__)
        margin = others[best] - (says[i, label] - thresholds[label])
        assert found.scores[i] == pytest.approx(0.5 + margin / span / 2, abs=1e-6)
        assert others[int(found.suggested[i])] == pytest.approx(others[best], abs=1e-7)
    assert found.scores.min() >= 0
    assert found.scores.max() <= 1
    assert set(found.ranked) == set(np.flatnonzero(found.scores > 0.5))
    assert (np.diff(found.scores[found.ranked]) <= 0).all()


def test_the_expected_number_is_the_calibrated_confident_joint() -> None:
    # of label 0: thresholds 0.65; counted 0→0 twice, 0→1 once (0.1 of 0, 0.9 of 1); of label 1 threshold 0.9
    says = np.array([[0.9, 0.1], [0.95, 0.05], [0.1, 0.9], [0.65, 0.35], [0.1, 0.9], [0.1, 0.9]])
    labels = np.array([0, 0, 0, 0, 1, 1])
    found = label_errors(says, labels)
    np.testing.assert_allclose(found.thresholds, [0.65, 0.9])
    # the joint: row 0 counts pictures 0, 1, 3 on its diagonal and picture 2 beside it: 1/4 of 4 labels
    assert found.expected == 1
    assert found.ranked.tolist() == [2]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 2\) and the labels \(2,\)"):
        label_errors(np.ones((3, 2)), np.zeros(2, int))
    with pytest.raises(DataError, match="two classes or more"):
        label_errors(np.ones((3, 1)), np.zeros(3, int))
    with pytest.raises(DataError, match="each with pictures"):
        label_errors(np.ones((3, 2)), np.zeros(3, int))
