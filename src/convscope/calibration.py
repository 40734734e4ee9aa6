"""How far a classifier's probabilities can be taken at their word. Only numpy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DataError, ShapeError

BINS = 15  # those of Guo et al. 2017


@dataclass(frozen=True)
class Bin:
    """The records whose confidence lies above `low` and up to `high`: how many, and how many of them right.

    `confidence` is their mean probability; it is NaN where there are none.
    """

    low: float
    high: float
    count: int
    right: int
    confidence: float

    @property
    def accuracy(self) -> float:
        """The share that is right; NaN where there are none."""
        return self.right / self.count if self.count else float("nan")


@dataclass(frozen=True)
class Calibration:
    """Confidence beside accuracy, in bins of equal width over 0..1.

    A record's confidence is the probability of the class that was predicted.
    """

    bins: tuple[Bin, ...]
    brier: float  # mean over the records of Σ (probability - 1 of the truth, 0 of others)², 0..2 (Brier 1950)

    @property
    def filled(self) -> tuple[Bin, ...]:
        """The bins that have records."""
        return tuple(bin_ for bin_ in self.bins if bin_.count)

    @property
    def count(self) -> int:
        """How many records there are."""
        return sum(bin_.count for bin_ in self.bins)

    @property
    def confidence(self) -> float:
        """The mean confidence of all records."""
        return sum(bin_.confidence * bin_.count for bin_ in self.filled) / self.count

    @property
    def expected_error(self) -> float:
        """ECE of the bins: see the function."""
        return expected_error(self.filled)


def calibration(
    probabilities: npt.NDArray[np.floating[Any]], labels: npt.NDArray[np.integer[Any]], *, bins: int = BINS
) -> Calibration:
    """Compare probabilities (N, classes), rows that sum to 1, with the true labels (N,).

    Bin m of M holds the confidences above (m - 1) / M and up to m / M. Raises `ShapeError` where the shapes
    do not fit, `DataError` where there are no records or a probability is not a number of 0..1.

    >>> sure = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]])
    >>> result = calibration(sure, np.array([0, 1, 1, 1]), bins=2)
    >>> [(b.count, b.right, round(b.confidence, 3)) for b in result.filled], round(result.expected_error, 3)
    ([(4, 3, 0.75)], 0.0)
    """
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ShapeError(
            f"need probabilities (N, classes) and labels (N,), got {probabilities.shape} and {labels.shape}."
        )
    if probabilities.size == 0:
        raise DataError("there is nothing to calibrate: 0 records.")
    shares = probabilities.astype(np.float64)
    if not (shares.min() >= 0 and shares.max() <= 1 + 1e-6):  # NaN is neither
        raise DataError("a probability is not a number from 0 to 1.")
    best = shares.argmax(axis=1)
    rows = np.arange(len(labels))
    confidence, right = np.minimum(shares[rows, best], 1.0), best == labels
    misses = shares.copy()
    misses[rows, labels] -= 1
    return Calibration(
        bins=binned(confidence, right, bins=bins),
        brier=float(np.square(misses).sum(axis=1).mean()),
    )


def binned(
    confidence: npt.NDArray[np.floating[Any]], right: npt.NDArray[np.bool_], *, bins: int = BINS
) -> tuple[Bin, ...]:
    """The bins of records of which only the probability of what was predicted is known, and what was right.

    Both are (N,). Bin m of M holds the confidences above (m - 1) / M and up to m / M.
    """
    edges = np.linspace(0, 1, bins + 1)
    places = np.searchsorted(edges[1:-1], confidence)  # what lies on an edge belongs below it
    counts = np.bincount(places, minlength=bins)
    hits = np.bincount(places, weights=right, minlength=bins)
    sums = np.bincount(places, weights=confidence, minlength=bins)
    return tuple(
        Bin(float(low), float(high), int(count), int(hit), float(total / count if count else float("nan")))
        for low, high, count, hit, total in zip(edges, edges[1:], counts, hits, sums, strict=False)
    )


def expected_error(bins: Iterable[Bin]) -> float:
    """ECE = Σ count / N · |accuracy - confidence| over the bins (Guo et al. 2017, equation 3).

    It depends on the number of bins, and is above 0 by chance alone where records are few.

    >>> round(expected_error([Bin(0.5, 1.0, 4, 3, 0.9), Bin(0.0, 0.5, 4, 1, 0.25)]), 3)
    0.075
    """
    filled = [bin_ for bin_ in bins if bin_.count]
    gap = sum(bin_.count * abs(bin_.accuracy - bin_.confidence) for bin_ in filled)
    return gap / sum(bin_.count for bin_ in filled)
