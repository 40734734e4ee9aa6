"""What a training run tells while it works; the command line and notebooks listen in their own ways."""

from __future__ import annotations

import contextlib
import sys
from typing import Protocol

from ..columns import printable
from ..metrics import EpochFigures


class Progress(Protocol):
    """Hears of everything that happens; every method returns at once."""

    def note(self, sentence: str) -> None:
        """Something a person should read."""

    def reading(self, what: str, done: int, whole: int | None) -> None:
        """How far a download or the reading of pictures is."""

    def waiting(self, what: str) -> None:
        """Something takes a while, and nobody knows how long."""

    def begin(self, description: str, epochs: int, runs: int = 1, each: str = "run") -> None:
        """Training starts: of so many epochs, the first of so many runs, `each` by its name."""

    def step(self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int) -> None:
        """Steps done in this epoch, the means so far, and the pictures seen."""

    def epoch(self, figures: EpochFigures) -> None:
        """An epoch ended."""

    def seed(self, line: str) -> None:
        """A run of several that differ in their seed ended; `line` has its figures."""

    def end(self) -> None:
        """Training ended, however it did."""


class Silent:
    """Listens to nothing."""

    def note(self, sentence: str) -> None: ...
    def reading(self, what: str, done: int, whole: int | None) -> None: ...
    def waiting(self, what: str) -> None: ...
    def begin(self, description: str, epochs: int, runs: int = 1, each: str = "run") -> None: ...
    def step(
        self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int
    ) -> None: ...
    def epoch(self, figures: EpochFigures) -> None: ...
    def seed(self, line: str) -> None: ...
    def end(self) -> None: ...


class Lines(Silent):
    """Prints a line per note and epoch to standard error: for pipes, files and notebooks."""

    def __init__(self) -> None:
        self.epochs = 0

    def note(self, sentence: str) -> None:
        self._print(printable(sentence))

    def begin(self, description: str, epochs: int, runs: int = 1, each: str = "run") -> None:
        self.epochs = epochs
        self._print(description)

    def epoch(self, figures: EpochFigures) -> None:
        self._print(epoch_line(figures, self.epochs))

    def seed(self, line: str) -> None:
        self._print(line)

    @staticmethod
    def _print(line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # whoever read along has left; the training goes on
            print(line, file=sys.stderr, flush=True)


class SeriesProgress(Silent):
    """Tells another listener of a series: what all runs share once, and the steps, but no epochs.

    What is said during a training (that it stopped early, say) is in the run's figures, and not told.
    """

    def __init__(self, listener: Progress, runs: int, each: str = "run") -> None:
        self.listener, self.runs, self.each = listener, runs, each
        self.told: set[str] = set()
        self.training = self.begun = False

    def note(self, sentence: str) -> None:
        if not self.training and sentence not in self.told:
            self.told.add(sentence)
            self.listener.note(sentence)

    def reading(self, what: str, done: int, whole: int | None) -> None:
        self.listener.reading(what, done, whole)

    def waiting(self, what: str) -> None:
        self.listener.waiting(what)

    def begin(self, description: str, epochs: int, runs: int = 1, each: str = "run") -> None:
        if not self.begun:
            self.listener.begin(description, epochs, self.runs, self.each)
        self.begun = self.training = True

    def step(self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int) -> None:
        self.listener.step(epoch, done, steps, loss, accuracy, pictures)

    def seed(self, line: str) -> None:
        self.training = False
        self.listener.seed(line)

    def end(self) -> None:
        self.listener.end()


def epoch_line(figures: EpochFigures, epochs: int, width: int = 80) -> str:
    """An epoch in one line, with fewer words where `width` columns are too few for all.

    >>> figures = EpochFigures(2, 0.1523, 0.9541, 0.1012, 0.9702, 8.31)
    >>> epoch_line(figures, epochs=10)
    'epoch  2/10  loss 0.1523  accuracy  95.4 %  validation 0.1012   97.0 %     8.3 s'
    >>> epoch_line(figures, epochs=10, width=60)
    'epoch  2/10  loss 0.1523   95.4 %  validation 0.1012  97.0 %'
    """
    place = f"{figures.epoch:>{len(str(epochs))}}/{epochs}"
    loss, share = _loss(figures.train_loss), _share(figures.train_accuracy)
    seconds = f"{figures.seconds:>6.1f} s" if figures.seconds < 10_000 else f"{figures.seconds:>6,.0f} s"
    forms = [
        [f"epoch {place}", f"loss {loss}", f"accuracy {share}", seconds],
        [f"epoch {place}", f"loss {loss}", share, seconds],
        [f"epoch {place}", f"loss {loss}", share],
        [place, loss, share],
        [place, loss],
    ]
    if figures.validation_loss is not None and figures.validation_accuracy is not None:
        validation, right = _loss(figures.validation_loss), _share(figures.validation_accuracy)
        forms[0].insert(3, f"validation {validation}  {right}")
        forms[1].insert(3, f"validation {validation}  {right}")
        forms[2].append(f"validation {validation} {right}")
        forms[3] += [validation, right]
        forms[4] += [validation]
    lines = ["  ".join(form) for form in forms]
    return next((line for line in lines if len(line) <= width), lines[-1])


def _loss(value: float) -> str:
    return f"{value:.4f}" if not value >= 1000 else f"{value:.1e}"


def _share(value: float) -> str:
    return f"{value:>6.1%}".replace("%", " %")
