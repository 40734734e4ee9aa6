"""What is counted of predictions as they go by, whatever their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ...data.unusual import Unusual
from ..prediction import Prediction


@dataclass(slots=True)
class Warned:
    """A kind of warning: of how many pictures, the first of them, and what was said of it."""

    count: int
    path: str | None
    warning: Unusual


class Tally:
    """How many predictions there were, of which classes, how many unsure and unreadable, and the warnings.

    >>> tally = Tally()
    >>> for share in (0.9, 0.6):
    ...     tally.add(Prediction("a.png", (("cat", share),)).marked(0.8))
    >>> tally.add(Prediction("b.png", error="b.png is empty (0 bytes)."))
    >>> tally.count, dict(tally.classes), tally.unsure, tally.unreadable
    (3, {'cat': 2}, 1, 1)
    """

    def __init__(self) -> None:
        self.count = self.unsure = self.unreadable = 0
        self.resumed = 0  # of them, those that a stopped run had predicted
        self.classes: Counter[str] = Counter()
        self.warned: dict[str, Warned] = {}

    def __repr__(self) -> str:
        return f"Tally({self.count:,} predictions, {self.unsure:,} unsure, {self.unreadable:,} unreadable)"

    def add(self, prediction: Prediction) -> None:
        """One more."""
        self.count += 1
        if prediction.error is not None:
            self.unreadable += 1
            return
        self.classes[prediction.label] += 1
        self.unsure += bool(prediction.unsure)
        for warning in prediction.warnings:
            self.warned.setdefault(warning.kind, Warned(0, prediction.path, warning)).count += 1

    def counting(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """The same predictions, each counted when it is taken."""
        for prediction in predictions:
            self.add(prediction)
            yield prediction

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the most frequent class comes first."""
        return {
            "count": self.count,
            "classes": dict(self.classes.most_common()),
            "unsure": self.unsure,
            "unreadable": self.unreadable,
            "warnings": {kind: warned.count for kind, warned in self.warned.items()},
        }
