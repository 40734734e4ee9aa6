"""How long each part of a command took, for `--debug`."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .complaint import complain

if TYPE_CHECKING:
    from ..metrics import EpochFigures
    from ..training.progress import Progress

DEBUGGING = ContextVar("DEBUGGING", default=False)


class Phases:
    """Tells another listener, and by what it hears knows in which part of a training it is."""

    def __init__(self, listener: Progress) -> None:
        self.listener = listener
        self.part, self.began = "getting ready", time.perf_counter()
        self.seconds: dict[str, float] = {}

    def note(self, sentence: str) -> None:
        self.listener.note(sentence)

    def reading(self, what: str, done: int, whole: int | None) -> None:
        self._enter("reading pictures" if done < (whole or 0) else "getting ready")
        self.listener.reading(what, done, whole)

    def waiting(self, what: str) -> None:
        self._enter(what)
        self.listener.waiting(what)

    def begin(self, description: str, epochs: int, runs: int = 1, each: str = "run") -> None:
        self._enter("training")
        self.listener.begin(description, epochs, runs, each)

    def step(self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int) -> None:
        self._enter("training")
        self.listener.step(epoch, done, steps, loss, accuracy, pictures)

    def epoch(self, figures: EpochFigures) -> None:
        self.listener.epoch(figures)

    def seed(self, line: str) -> None:
        self.listener.seed(line)

    def end(self) -> None:
        self._enter("final figures")
        self.listener.end()

    def tell(self) -> None:
        """One line on standard error, the parts in their order."""
        self._enter("")
        parts = [f"{part} {seconds:.2f} s" for part, seconds in self.seconds.items() if seconds >= 0.005]
        complain(f"debug: {', '.join(parts)}.")

    def _enter(self, part: str) -> None:
        now = time.perf_counter()
        self.seconds[self.part] = self.seconds.get(self.part, 0.0) + now - self.began
        self.part, self.began = part, now
