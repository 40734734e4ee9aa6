"""What int8 costs: the same pictures by a network before and after, counted."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...significance import mcnemar


@dataclass(frozen=True)
class Cost:
    """Two classifiers on the same inputs: how many each has right, and how far their probabilities differ."""

    part: str  # of the data: "validation" or "test"
    count: int
    right_before: int
    right_after: int
    only_before: int  # right before, wrong after
    only_after: int
    agreeing: int  # the same class is the most probable
    mean_difference: float  # of a probability
    largest_difference: float

    @staticmethod
    def of(before: np.ndarray, after: np.ndarray, labels: np.ndarray, *, part: str) -> Cost:
        """From the probabilities (N, classes) before and after, and the true labels (N,).

        >>> before = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
        >>> after = np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
        >>> cost = Cost.of(before, after, np.array([0, 0, 1]), part="validation")
        >>> cost.right_before, cost.right_after, cost.only_before, cost.only_after, round(cost.drop, 1)
        (3, 2, 1, 0, 33.3)
        """
        first, second = before.argmax(axis=1), after.argmax(axis=1)
        right, still = first == labels, second == labels
        differences = np.abs(after.astype(np.float64) - before)
        return Cost(
            part=part,
            count=len(labels),
            right_before=int(right.sum()),
            right_after=int(still.sum()),
            only_before=int((right & ~still).sum()),
            only_after=int((still & ~right).sum()),
            agreeing=int((first == second).sum()),
            mean_difference=float(differences.mean()),
            largest_difference=float(differences.max()),
        )

    @property
    def accuracy_before(self) -> float:
        """A share of 1."""
        return self.right_before / self.count

    @property
    def accuracy_after(self) -> float:
        """A share of 1."""
        return self.right_after / self.count

    @property
    def drop(self) -> float:
        """Of the accuracy, in points (percent of the inputs); below 0 where it rose."""
        return 100 * (self.right_before - self.right_after) / self.count

    @property
    def p(self) -> float:
        """The chance of so uneven a count, or a more uneven one, were both as good (exact McNemar test)."""
        return mcnemar(self.only_before, self.only_after)

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON."""
        figures = {
            "accuracy_before": self.accuracy_before,
            "accuracy_after": self.accuracy_after,
            "drop": self.drop,
            "p": self.p,
        }
        return {**asdict(self), **figures}
