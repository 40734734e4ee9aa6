"""Which pictures an epoch's batches have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.recipe import Recipe
from convscope.training.batches import balanced_batches, epoch_batches, shuffled_batches


@given(st.integers(1, 200), st.integers(1, 64), st.integers(0, 2**64), st.integers(1, 1000))
def test_batches_partition_the_positions(count: int, batch_size: int, seed: int, epoch: int) -> None:
    batches = shuffled_batches(count, batch_size, seed, epoch)
    assert sorted(np.concatenate(batches).tolist()) == list(range(count))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    left_over = count % batch_size or batch_size
    joins = left_over == 1 and 1 < batch_size < count  # batch norm cannot take a single picture
    assert len(batches[-1]) == (batch_size + 1 if joins else left_over)


def test_batches_differ_by_epoch_and_seed_and_are_the_same_again() -> None:
    orders = {
        (seed, epoch): np.concatenate(shuffled_batches(100, 8, seed, epoch)).tolist()
        for seed in range(3)
        for epoch in range(1, 4)
    }
    assert len(set(map(tuple, orders.values()))) == 9
    for (seed, epoch), order in orders.items():
        assert np.concatenate(shuffled_batches(100, 8, seed, epoch)).tolist() == order


def uneven_labels(draw: st.DrawFn) -> np.ndarray:
    counts = draw(st.lists(st.integers(0, 40), min_size=1, max_size=6).filter(any))
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))


@given(st.composite(uneven_labels)(), st.integers(1, 64), st.integers(0, 2**64), st.integers(1, 1000))
def test_balanced_batches_have_each_class_equally_often(
    labels: np.ndarray, batch_size: int, seed: int, epoch: int
) -> None:
    batches = balanced_batches(labels, batch_size, seed, epoch)
    shuffled = shuffled_batches(len(labels), batch_size, seed, epoch)
    assert [len(batch) for batch in batches] == [len(batch) for batch in shuffled]
    drawn = np.concatenate(batches)
    of_class = np.bincount(labels[drawn])
    present = np.unique(labels)
    assert of_class[present].max() - of_class[present].min() <= 1
    times = np.bincount(drawn, minlength=len(labels))
    for label in present:  # each picture of a class as often as the others, or once more
        assert np.ptp(times[labels == label]) <= 1


def test_balanced_batches_differ_by_epoch_and_seed_and_reach_every_picture() -> None:
    labels = np.repeat([0, 1, 2], [90, 9, 2])
    orders = {
        (seed, epoch): np.concatenate(balanced_batches(labels, 8, seed, epoch)).tolist()
        for seed in range(3)
        for epoch in range(1, 11)
    }
    assert len(set(map(tuple, orders.values()))) == 30
    for (seed, epoch), order in orders.items():
        assert np.concatenate(balanced_batches(labels, 8, seed, epoch)).tolist() == order
    assert set().union(*orders.values()) == set(range(101))
    left_over = {int(np.bincount(labels[order]).argmin()) for order in orders.values()}
    assert left_over == {0, 1, 2}  # 101 = 34 + 34 + 33: not always the same class has 33


@pytest.mark.parametrize("sampling", ["shuffled", "balanced"])
def test_the_recipe_says_which(sampling: str) -> None:
    labels = np.repeat([0, 1], [30, 10])
    recipe = Recipe.of(sampling=sampling, batch_size=16, seed=5)
    rare = (labels[np.concatenate(epoch_batches(labels, recipe, 3))] == 1).sum()
    assert rare == {"shuffled": 10, "balanced": 20}[sampling]
