"""What a training run tells while it works; the command line and notebooks listen in their own ways."""

from __future__ import annotations

import contextlib
import sys
from typing import Protocol

from ..metrics import EpochFigures


class Progress(Protocol):
    """Hears of everything that happens; every method returns at once."""

    def note(self, sentence: str) -> None:
        """Something a person should read."""

    def reading(self, what: str, done: int, whole: int | None) -> None:
        """How far a download or the reading of pictures is."""

    def begin(self, description: str, epochs: int) -> None:
        """Training starts."""

    def step(self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int) -> None:
        """Steps done in this epoch, the means so far, and the pictures seen."""

    def epoch(self, figures: EpochFigures) -> None:
        """An epoch ended."""

    def end(self) -> None:
        """Training ended, however it did."""


class Silent:
    """Listens to nothing."""

    def note(self, sentence: str) -> None: ...
    def reading(self, what: str, done: int, whole: int | None) -> None: ...
    def begin(self, description: str, epochs: int) -> None: ...
    def step(
        self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int
    ) -> None: ...
    def epoch(self, figures: EpochFigures) -> None: ...
    def end(self) -> None: ...


class Lines(Silent):
    """Prints a line per note and epoch to standard error: for pipes, files and notebooks."""

    def __init__(self) -> None:
        self.epochs = 0

    def note(self, sentence: str) -> None:
        self._print(sentence)

    def begin(self, description: str, epochs: int) -> None:
        self.epochs = epochs
        self._print(description)

    def epoch(self, figures: EpochFigures) -> None:
        self._print(epoch_line(figures, self.epochs))

    @staticmethod
    def _print(line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # whoever read along has left; the training goes on
            print(line, file=sys.stderr, flush=True)


def epoch_line(figures: EpochFigures, epochs: int) -> str:
    """An epoch in one line of at most 80 columns.

    >>> epoch_line(EpochFigures(2, 0.1523, 0.9541, 0.1012, 0.9702, 8.31), epochs=10)
    'epoch  2/10  loss 0.1523  accuracy  95.4 %  validation 0.1012   97.0 %    8.3 s'
    """
    width = len(str(epochs))
    parts = [
        f"epoch {figures.epoch:>{width}}/{epochs}",
        f"loss {figures.train_loss:.4f}",
        f"accuracy {figures.train_accuracy:>6.1%}".replace("%", " %"),
    ]
    if figures.validation_loss is not None and figures.validation_accuracy is not None:
        accuracy = f"{figures.validation_accuracy:>6.1%}".replace("%", " %")
        parts.append(f"validation {figures.validation_loss:.4f}  {accuracy}")
    return "  ".join([*parts, f"{figures.seconds:>6.1f} s"])
