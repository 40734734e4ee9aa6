"""Whether a difference between runs is more than chance: the three tests that runs are compared with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .spread import t_quantile, t_two_sided


@dataclass(frozen=True)
class Welch:
    """The means of two series compared: second less first, in the values' unit; a 95 % interval of that."""

    difference: float
    low: float
    high: float
    t: float
    freedom: float  # degrees of it
    p: float  # the chance of such a difference, or a larger one, where both have the same mean


def welch(first: Sequence[float], second: Sequence[float]) -> Welch | None:
    """Welch's t-test of two series of two or more values, whose deviations may differ.

    t = (m₂ - m₁) / √(s₁²/n₁ + s₂²/n₂) with (s₁²/n₁ + s₂²/n₂)² / Σ (sᵢ²/nᵢ)² / (nᵢ - 1) degrees of freedom
    (Welch 1947, Biometrika 34, 28-35). None where neither series spreads at all: t is then not defined.

    >>> result = welch([1.0, 2.0, 3.0], [3.0, 4.0, 5.0])
    >>> result.difference, round(result.t, 3), round(result.freedom, 1), round(result.p, 3)
    (2.0, 2.449, 4.0, 0.07)
    """
    difference = statistics.fmean(second) - statistics.fmean(first)
    shares = [statistics.variance(values) / len(values) for values in (first, second)]
    squared = sum(shares)  # the squared standard error of the difference
    if squared == 0:
        return None
    # each share over the whole first: squares of tiny variances would be 0
    freedom = 1 / sum(
        (share / squared) ** 2 / (len(values) - 1)
        for share, values in zip(shares, (first, second), strict=True)
    )
    error = math.sqrt(squared)
    t = difference / error
    reach = t_quantile(0.975, freedom) * error
    return Welch(difference, difference - reach, difference + reach, t, freedom, t_two_sided(t, freedom))


@dataclass(frozen=True)
class Prediction:
    """Where one more run of a series would lie, and the chance that it lies as far out as a given one."""

    low: float  # 95 % of single runs lie between these
    high: float
    p: float


def prediction(values: Sequence[float], one: float) -> Prediction | None:
    """Whether `one` more value may come from where two or more `values` come from.

    The interval for a single further value is mean ± t(0.975, n - 1) s √(1 + 1/n) (Hahn & Meeker 1991,
    Statistical Intervals, section 4.7). None where the values do not spread at all.

    >>> result = prediction([1.0, 2.0, 3.0], 4.0)
    >>> round(result.low, 3), round(result.high, 3), round(result.p, 3)
    (-2.968, 6.968, 0.225)
    """
    mean, count = statistics.fmean(values), len(values)
    error = statistics.stdev(values) * math.sqrt(1 + 1 / count)
    if error == 0:
        return None
    reach = t_quantile(0.975, count - 1) * error
    return Prediction(mean - reach, mean + reach, t_two_sided((one - mean) / error, count - 1))


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact McNemar test of two classifiers on the same pictures: p, two-sided.

    `only_first` pictures were classified right by the first alone, `only_second` by the second alone. Where
    both are as good, each such picture is a fair coin: p = min(1, 2 P(Binomial(n, ½) <= the smaller))
    (McNemar 1947, Psychometrika 12, 153-157, in its exact form). 1 where there is no such picture.

    >>> mcnemar(1, 5)
    0.21875
    """
    count, fewer = only_first + only_second, min(only_first, only_second)
    ways = term = 1
    for k in range(fewer):
        term = term * (count - k) // (k + 1)  # binomial coefficients, as whole numbers
        ways += term
    return min(1.0, float(2 * ways / 2**count))
