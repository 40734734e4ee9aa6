"""How a figure spreads over runs that differ in their seed alone."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import DataError


@dataclass(frozen=True)
class Spread:
    """One figure of several runs; everything but `count` is in the figure's own unit.

    `std` is the sample standard deviation (n - 1 below the line); `low` and `high` bound the 95 % interval
    of the mean, `least` and `most` are the extremes that were seen.
    """

    count: int
    mean: float
    std: float
    low: float
    high: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float], *, within: tuple[float, float] = (-math.inf, math.inf)) -> Spread:
        """The spread of two or more finite `values`; `DataError` for fewer.

        The interval is Student's: mean ± t(0.975, n - 1) std / √n (Student 1908, Biometrika 6, 1-25),
        which takes the values as independent and about normal. `within` are the bounds that the figure
        cannot leave, 0 and 1 for an accuracy; the interval is cut there.

        >>> spread = Spread.of([1.0, 2.0, 3.0])
        >>> spread.mean, spread.std, round(spread.low, 3), round(spread.high, 3)
        (2.0, 1.0, -0.484, 4.484)
        """
        if len(values) < 2:
            raise DataError(f"a spread needs two values or more, and there are {len(values)}.")
        mean, std = statistics.fmean(values), statistics.stdev(values)
        reach = t_quantile(0.975, len(values) - 1) * std / math.sqrt(len(values))
        low, high = max(mean - reach, within[0]), min(mean + reach, within[1])
        return cls(len(values), mean, std, low, high, min(values), max(values))

    def to_dict(self) -> dict[str, float]:
        """A record for JSON."""
        return {
            "mean": self.mean,
            "std": self.std,
            "low": self.low,
            "high": self.high,
            "least": self.least,
            "most": self.most,
        }


def t_quantile(share: float, freedom: float) -> float:
    """The value below which Student's t with so many degrees of freedom lies with probability `share`.

    >>> round(t_quantile(0.975, 29), 3)
    2.045
    """
    from scipy.special import stdtrit  # most of a second to import, on first use

    return float(stdtrit(freedom, share))


def t_two_sided(t: float, freedom: float) -> float:
    """The probability that Student's t lies as far from 0 as `t`, or farther, on either side.

    >>> round(t_two_sided(2.045, 29), 3)
    0.05
    """
    from scipy.special import stdtr

    return float(2 * stdtr(freedom, -abs(t)))
