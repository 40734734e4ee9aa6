from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.split import check_fraction, hold_out
from convscope.errors import DataError, UsageError

sizes = st.lists(st.integers(2, 60), min_size=1, max_size=6)
fractions = st.floats(0.01, 0.99)


def labels_of(sizes: list[int]) -> np.ndarray:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return np.random.default_rng(len(labels)).permutation(labels)


@given(sizes, fractions, st.integers(0, 2**31))
def test_disjoint_complete_stratified(sizes: list[int], fraction: float, seed: int) -> None:
    labels = labels_of(sizes)
    kept, held = hold_out(labels, fraction, seed=seed)
    assert sorted([*kept, *held]) == list(range(len(labels)))
    assert (np.diff(kept) > 0).all()
    assert (np.diff(held) > 0).all()
    for label, size in enumerate(sizes):
        share = int((labels[held] == label).sum())
        assert 1 <= share <= size - 1
        assert abs(share - size * fraction) <= 1


@given(sizes, fractions, st.integers(0, 2**31))
def test_same_seed_same_split(sizes: list[int], fraction: float, seed: int) -> None:
    labels = labels_of(sizes)
    first, second = (hold_out(labels, fraction, seed=seed) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_other_seed_other_split() -> None:
    labels = labels_of([50, 50])
    assert not np.array_equal(hold_out(labels, 0.3, seed=0)[1], hold_out(labels, 0.3, seed=1)[1])


def test_the_whole_is_exact() -> None:
    labels = labels_of([13, 13, 13, 13, 13, 13, 13])  # 10 % is 1.3 of each, 9.1 of all
    assert len(hold_out(labels, 0.1, seed=0)[1]) == 9


def test_nothing_held_out() -> None:
    kept, held = hold_out(np.array([0, 1, 1]), 0, seed=0)
    assert kept.tolist() == [0, 1, 2]
    assert held.tolist() == []


def test_a_class_of_one() -> None:
    with pytest.raises(DataError, match=r"class 'bees' has 1 picture, and a split needs at least 2"):
        hold_out(np.array([0, 0, 1]), 0.5, seed=0, classes=["ants", "bees"])


@pytest.mark.parametrize("value", [-0.1, 1, 1.5, float("nan")])
def test_fractions(value: float) -> None:
    with pytest.raises(UsageError, match="--validation"):
        check_fraction(value, flag="--validation")
