"""How far a training is between two steps: with the engine's state, all that its rest depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ..metrics import EpochFigures
from .engines.engine import StepFigures


@dataclass(slots=True)
class Standing:
    """The epoch at work, its figures so far, and those of the epochs before it.

    `best_epoch` is the best so far in validation, `kept_epoch` the one whose weights are kept (0: none).
    """

    epoch: int = 1  # the one at work; one more than there are when all are done
    steps: int = 0  # of it that are done
    loss_sum: float = 0.0
    correct: int = 0
    pictures: int = 0
    seconds: float = 0.0  # of wall time in it
    history: list[EpochFigures] = field(default_factory=list)
    best_epoch: int = 0
    kept_epoch: int = 0
    stopped: bool = False  # early

    @property
    def keeps(self) -> bool:
        """Whether the weights as they are now are those to keep: the epoch that has them just ended."""
        return self.steps == 0 and 0 < self.kept_epoch == self.epoch - 1

    def is_over(self, epochs: int) -> bool:
        """Whether there is nothing left to do of so many epochs."""
        return self.stopped or self.epoch > epochs

    def add(self, part: StepFigures) -> None:
        """Count some steps. The losses are added one by one, so that how they are divided has no effect."""
        self.steps += len(part.losses)
        self.loss_sum = float(np.add.accumulate([self.loss_sum, *part.losses])[-1])
        self.correct += part.correct
        self.pictures += part.pictures

    def next_epoch(self, figures: EpochFigures) -> None:
        """The epoch at work is done, with these figures."""
        self.history.append(figures)
        self.epoch, self.steps, self.seconds = self.epoch + 1, 0, 0.0
        self.loss_sum, self.correct, self.pictures = 0.0, 0, 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON values.

        >>> Standing.from_dict(Standing(epoch=2, steps=3, loss_sum=0.5).to_dict()).steps
        3
        """
        record = {name.name: getattr(self, name.name) for name in fields(self)}
        history = [{**figures.to_dict(), "learning_rate": figures.learning_rate} for figures in self.history]
        return {**record, "history": history}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Standing:
        """The inverse; raises `DataError`, `TypeError` or `KeyError` for what it is not."""
        history = [
            replace(EpochFigures.from_dict(figures), learning_rate=figures["learning_rate"])
            for figures in record["history"]
        ]
        return cls(**{**record, "history": history})
