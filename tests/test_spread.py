"""The spread of a figure against scipy.stats, tables, and the coverage that an interval promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from convscope.errors import DataError
from convscope.spread import Spread, t_quantile, t_two_sided

values = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40)


@given(values)
def test_mean_deviation_and_interval_are_scipys(numbers: list[float]) -> None:
    spread = Spread.of(numbers)
    assert spread.mean == pytest.approx(np.mean(numbers), abs=1e-9)
    assert spread.std == pytest.approx(np.std(numbers, ddof=1), abs=1e-9)
    if spread.std > 1e-9:
        low, high = stats.t.interval(0.95, len(numbers) - 1, loc=np.mean(numbers), scale=stats.sem(numbers))
        assert (spread.low, spread.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)
    assert (spread.least, spread.most, spread.count) == (min(numbers), max(numbers), len(numbers))


def test_by_hand() -> None:
    """2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares 32 over 7; t(0.975, 7) = 2.365 in the tables."""
    spread = Spread.of([2, 4, 4, 4, 5, 5, 7, 9])
    assert spread.mean == 5
    assert spread.std == pytest.approx(math.sqrt(32 / 7))
    assert spread.high - 5 == pytest.approx(2.365 * math.sqrt(32 / 7 / 8), rel=2e-4)


@pytest.mark.parametrize(("freedom", "table"), [(1, 12.706), (4, 2.776), (29, 2.045), (120, 1.980)])
def test_quantiles_of_the_tables(freedom: int, table: float) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(table, abs=5e-4)
    assert t_two_sided(table, freedom) == pytest.approx(0.05, abs=2e-4)


@given(st.floats(-50, 50), st.floats(1, 200))
def test_two_sided_probability_is_scipys(t: float, freedom: float) -> None:
    assert t_two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), rel=1e-6, abs=1e-300)


def test_equal_values_have_no_spread() -> None:
    spread = Spread.of([0.1] * 30)
    assert (spread.std, spread.low, spread.high) == (0.0, spread.mean, spread.mean)


def test_the_interval_stays_within_the_bounds() -> None:
    spread = Spread.of([0.9, 1.0, 1.0], within=(0.0, 1.0))
    assert spread.high == 1.0
    assert spread.low < 0.9


@pytest.mark.parametrize("numbers", [[], [1.0]])
def test_one_value_is_no_spread(numbers: list[float]) -> None:
    with pytest.raises(DataError, match="two values or more"):
        Spread.of(numbers)


def test_the_interval_holds_the_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    samples = random.normal(3.0, 2.0, (2000, 6))
    held = sum(spread.low <= 3.0 <= spread.high for spread in map(Spread.of, samples.tolist()))
    assert stats.binomtest(held, 2000, 0.95).pvalue > 0.001
