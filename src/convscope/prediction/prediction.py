"""What a network says of one picture, or signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..data.unusual import Unusual
from ..errors import DataError, UsageError


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one picture, or signal: the most probable classes, or why not.

    `warnings` say in what it is unlike the training pictures: each is a sentence (`str`) with a `kind`.
    `unsure` says whether the best class is less probable than was asked for; None where nothing was.
    """

    path: str | None
    top: tuple[tuple[str, float], ...] = ()  # (class, probability in 0..1), the most probable first
    error: str | None = None
    warnings: tuple[Unusual, ...] = ()
    unsure: bool | None = None

    @property
    def label(self) -> str:
        """The most probable class; raises `DataError` for a picture that could not be read."""
        return self._best[0]

    @property
    def probability(self) -> float:
        """Its probability, 0..1; raises `DataError` for a picture that could not be read."""
        return self._best[1]

    @property
    def _best(self) -> tuple[str, float]:
        if self.error is not None:
            raise DataError(self.error)
        return self.top[0]

    def marked(self, threshold: float | None) -> Prediction:
        """The same, `unsure` where the most probable class is less probable than `threshold`.

        >>> cat = Prediction("a.png", (("cat", 0.75), ("dog", 0.25)))
        >>> cat.marked(0.8).unsure, cat.marked(0.75).unsure, cat.marked(None).unsure
        (True, False, None)
        """
        if threshold is None or self.error is not None:
            return self
        unsure = self.probability < threshold
        return Prediction(self.path, self.top, warnings=self.warnings, unsure=unsure)

    def to_dict(self) -> dict[str, Any]:
        """A record of `convscope predict --json`.

        >>> Prediction("a.png", (("cat", 0.75), ("dog", 0.25))).to_dict()["top"]
        [{'class': 'cat', 'probability': 0.75}, {'class': 'dog', 'probability': 0.25}]
        >>> Prediction("b.png", error="b.png is empty (0 bytes).").to_dict()
        {'path': 'b.png', 'error': 'b.png is empty (0 bytes).'}
        """
        if self.error is not None:
            return {"path": self.path, "error": self.error}
        return {
            "path": self.path,
            "class": self.label,
            "probability": self.probability,
            **({} if self.unsure is None else {"unsure": self.unsure}),
            "top": [{"class": label, "probability": probability} for label, probability in self.top],
            "warnings": [warning.to_dict() for warning in self.warnings],
        }


def check_threshold(unsure: float | None) -> None:
    """Raises `UsageError` for what is no probability to be unsure below."""
    if unsure is not None and not 0 < unsure <= 1:
        raise UsageError(
            f"unsure {unsure:g} should be a probability above 0 and at most 1, such as 0.8: "
            "predictions below it are marked."
        )
