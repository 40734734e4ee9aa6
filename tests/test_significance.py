"""The three tests against scipy.stats, numbers worked out by hand, and the errors that they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from convscope.significance import mcnemar, prediction, welch

values = st.lists(st.integers(-500, 500).map(lambda n: n / 8), min_size=2, max_size=40)


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy, of a series that does not spread
@given(values, values)
def test_welch_is_scipys(first: list[float], second: list[float]) -> None:
    assume(len(set(first)) > 1 or len(set(second)) > 1)
    result = welch(first, second)
    expected = stats.ttest_ind(second, first, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert result is not None
    assert result.difference == pytest.approx(np.mean(second) - np.mean(first), abs=1e-9)
    assert result.t == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
    assert result.freedom == pytest.approx(expected.df, rel=1e-9)
    assert result.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-300)
    assert (result.low, result.high) == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-9)


def test_welch_by_hand() -> None:
    """Means 2 and 6, variances 1 and 4, three each: t = 4 / √(5/3), freedom 2 (5/3)² / ((1/3)² + (4/3)²)."""
    result = welch([1, 2, 3], [4, 6, 8])
    assert result is not None
    assert result.t == pytest.approx(4 / math.sqrt(5 / 3))
    assert result.freedom == pytest.approx(2 * (25 / 9) / (17 / 9))


def test_welch_of_tiny_deviations_does_not_underflow() -> None:
    first, second = [1.0, 1.0 + 1e-15], [2.0, 2.0 + 1e-15]
    result = welch(first, second)
    assert result is not None
    assert result.p < 1e-6


def test_where_nothing_spreads_there_is_no_test() -> None:
    assert welch([0.5] * 3, [0.75] * 4) is None
    assert prediction([0.5] * 3, 0.75) is None


def test_welch_of_equal_series_finds_nothing() -> None:
    result = welch([0.9, 0.8, 0.7], [0.9, 0.8, 0.7])
    assert result is not None
    assert (result.difference, result.p) == (0.0, 1.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    count = only_first + only_second
    expected = stats.binomtest(only_first, count, 0.5).pvalue if count else 1.0
    assert mcnemar(only_first, only_second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_many_pictures() -> None:
    assert mcnemar(4800, 5200) == pytest.approx(stats.binomtest(4800, 10_000, 0.5).pvalue, rel=1e-6)
    assert mcnemar(0, 5000) == 2.0**-4999 or mcnemar(0, 5000) == 0.0


def test_mcnemar_by_hand() -> None:
    """One of ten the other way: 2 (1 + 10) / 1024."""
    assert mcnemar(9, 1) == mcnemar(1, 9) == 22 / 1024
    assert mcnemar(3, 3) == 1.0


@given(values, st.floats(-100, 100))
def test_prediction_is_the_t_interval_of_one_more_value(numbers: list[float], one: float) -> None:
    assume(len(set(numbers)) > 1)
    result = prediction(numbers, one)
    count = len(numbers)
    scale = np.std(numbers, ddof=1) * math.sqrt(1 + 1 / count)
    low, high = stats.t.interval(0.95, count - 1, loc=np.mean(numbers), scale=scale)
    assert result is not None
    assert (result.low, result.high) == pytest.approx((low, high), rel=1e-6, abs=1e-9)
    if abs(result.p - 0.05) > 1e-9:
        assert (result.p > 0.05) == (result.low < one < result.high)


def test_false_alarms_are_as_rare_as_promised() -> None:
    """Where there is no difference, one test in twenty says that there is one."""
    random = np.random.default_rng(1)
    series = random.normal(0.0, 1.0, (2000, 12)).tolist()
    alarms = sum(result is not None and result.p < 0.05 for result in (welch(s[:5], s[5:]) for s in series))
    assert stats.binomtest(alarms, 2000, 0.05).pvalue > 0.001
    outside = sum(
        result is not None and result.p < 0.05 for result in (prediction(s[1:], s[0]) for s in series)
    )
    assert stats.binomtest(outside, 2000, 0.05).pvalue > 0.001
