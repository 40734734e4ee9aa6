"""What a network says of one picture, or signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..data.unusual import Unusual
from ..errors import DataError


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one picture, or signal: the most probable classes, or why not.

    `warnings` say in what it is unlike the training pictures: each is a sentence (`str`) with a `kind`.
    """

    path: str | None
    top: tuple[tuple[str, float], ...] = ()  # (class, probability in 0..1), the most probable first
    error: str | None = None
    warnings: tuple[Unusual, ...] = ()

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
            "top": [{"class": label, "probability": probability} for label, probability in self.top],
            "warnings": [warning.to_dict() for warning in self.warnings],
        }
