"""What is drawn for each picture: its range, how likely it is, and that nothing else decides it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from convscope.data.augmentation import Augmentation
from convscope.data.moving import (
    BRIGHTNESS,
    CONTRAST,
    COSINE,
    LEFT,
    MIRRORED,
    PARTNER,
    SHARE,
    SINE,
    TOP,
    UNCHANGED,
    UNTURNED,
    WHOLE,
)

EVERYTHING = Augmentation(
    shift=3, flip=True, rotate=20, scale=0.25, brightness=0.3, contrast=0.4, cutout=4, mixup=0.4, fill=7
)
EACH: list[dict[str, Any]] = [
    {"shift": 1},
    {"crop": 1},
    {"flip": True},
    {"rotate": 5},
    {"scale": 0.1},
    {"brightness": 0.2},
    {"contrast": 0.2},
    {"cutout": 1},
    {"mixup": 0.2},
]


def test_a_draw_depends_on_seed_epoch_and_position_alone() -> None:
    table = EVERYTHING.draw(1000, 28, 20, seed=5, epoch=3)
    assert table.dtype == np.int32
    alone = Augmentation(shift=3, rotate=20, scale=0.25, contrast=0.4).draw(1000, 28, 20, seed=5, epoch=3)
    for column in (0, 1, COSINE, SINE, CONTRAST):  # each kind has its own numbers
        np.testing.assert_array_equal(alone[:, column], table[:, column])
    few = EVERYTHING.draw(10, 28, 20, seed=5, epoch=3)  # but for partners, who are among all pictures
    np.testing.assert_array_equal(np.delete(few, PARTNER, 1), np.delete(table[:10], PARTNER, 1))
    np.testing.assert_array_equal(EVERYTHING.draw(1000, 28, 20, seed=5 + 2**64, epoch=3), table)
    for seed, epoch in ((5, 4), (6, 3), (3, 5)):
        other = EVERYTHING.draw(1000, 28, 20, seed=seed, epoch=epoch)
        assert 0.4 < (other[:, MIRRORED] != table[:, MIRRORED]).mean() < 0.6
        assert (other[:, [COSINE, SINE, BRIGHTNESS, CONTRAST, PARTNER, SHARE]] != table[:, 5:]).mean() > 0.98


def test_every_whole_number_is_as_likely_as_another() -> None:
    count = 70_000
    table = EVERYTHING.draw(count, 28, 20, seed=0, epoch=1)
    ranges = (range(-3, 4), range(-3, 4), range(2), range(-2, 26), range(-2, 18))
    for column, values in zip(table.T, ranges, strict=False):
        found, counts = np.unique(column, return_counts=True)
        np.testing.assert_array_equal(found, values)
        share = count / len(values)
        assert (abs(counts - share) < 5 * np.sqrt(share)).all()
    partners = np.bincount(table[:, PARTNER] * 10 // count, minlength=10)
    assert (abs(partners - count / 10) < 5 * np.sqrt(count / 10)).all()
    assert abs(np.corrcoef(table.T.astype(float)) - np.eye(11)).max() < 0.02
    assert (abs(np.diag(np.corrcoef(table[:-1].T, table[1:].T)[:11, 11:])) < 0.02).all()


def test_real_numbers_are_distributed_as_they_should_be() -> None:
    """Kolmogorov and Smirnov's test against SciPy's distributions; the seed is one, so it passes for ever."""
    table = EVERYTHING.draw(20_000, 28, 20, seed=0, epoch=1).astype(float)
    scale = UNTURNED / np.hypot(table[:, COSINE], table[:, SINE])
    for values, distribution in (
        (np.degrees(np.arctan2(table[:, SINE], table[:, COSINE])), stats.uniform(-20, 40)),
        (scale, stats.uniform(0.75, 0.5)),
        (table[:, BRIGHTNESS] / WHOLE, stats.uniform(0.7, 0.6)),
        (table[:, CONTRAST] / WHOLE, stats.uniform(0.6, 0.8)),
        (table[:, SHARE] / WHOLE, stats.beta(0.4, 0.4)),
    ):
        assert stats.kstest(values, distribution.cdf).pvalue > 0.01


@given(
    reach=st.floats(0, 0.9),
    degrees=st.floats(0, 180),
    alpha=st.floats(0, 100),
    count=st.integers(0, 50),
    seed=st.integers(0, 2**70),
)
def test_nothing_drawn_is_out_of_range(
    reach: float, degrees: float, alpha: float, count: int, seed: int
) -> None:
    how = Augmentation(rotate=degrees, scale=reach, brightness=reach, contrast=reach, mixup=alpha)
    table = how.draw(count, 9, 7, seed=seed, epoch=1)
    assert table.shape == (count, 11)
    length = np.hypot(table[:, COSINE], table[:, SINE]) / UNTURNED
    assert ((length > 1 / (1 + reach) - 1e-4) & (length < 1 / (1 - reach) + 1e-4)).all()
    angles = np.degrees(np.arctan2(table[:, SINE], table[:, COSINE]))
    assert (abs(angles) <= degrees + 0.01).all()
    for column in (BRIGHTNESS, CONTRAST):
        assert (abs(table[:, column] / WHOLE - 1) <= reach + 1e-4).all()
    assert ((table[:, SHARE] >= 0) & (table[:, SHARE] <= WHOLE)).all()
    assert ((table[:, PARTNER] < count) & (table[:, PARTNER] >= (0 if alpha else -1))).all()


def test_nothing_is_drawn_where_nothing_is_asked_for() -> None:
    assert not Augmentation(fill=9)
    np.testing.assert_array_equal(Augmentation().draw(5, 8, 8, seed=0, epoch=1), [UNCHANGED] * 5)
    for settings in EACH:
        assert Augmentation(**settings), settings
        assert (Augmentation(**settings).draw(99, 8, 8, seed=0, epoch=1) != UNCHANGED).any(), settings


@pytest.mark.parametrize("how", [EVERYTHING, Augmentation(crop=3, mixup=1.0), Augmentation(shift=2)])
def test_the_division_into_batches_changes_nothing(how: Augmentation) -> None:
    images = np.random.default_rng(3).integers(0, 256, (30, 9, 8, 3)).astype(np.uint8)
    table, order = how.draw(30, 9, 8, seed=1, epoch=2), np.random.default_rng(4).permutation(30)
    whole = how.apply(images, table, order)
    for size in (1, 7, 29):
        parts = [how.apply(images, table, order[i : i + size]) for i in range(0, 30, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_row_is_described_in_peoples_units() -> None:
    assert Augmentation().described(np.array(UNCHANGED)) == {}
    row = np.array([1, -2, 1, 3, -1, 0, 2 * UNTURNED, WHOLE // 2, 3 * WHOLE // 2, 17, WHOLE // 4])
    assert EVERYTHING.described(row) == {
        "down": 1,
        "right": -2,
        "mirrored": True,
        "degrees": 90.0,
        "scale": 0.5,
        "brightness": 0.5,
        "contrast": 1.5,
        "top": 3,
        "left": -1,
        "partner": 17,
        "share": 0.25,
    }
    table = EVERYTHING.draw(3, 28, 28, seed=0, epoch=1)
    assert table[0, TOP] == EVERYTHING.described(table[0])["top"]
    assert table[0, LEFT] == EVERYTHING.described(table[0])["left"]
