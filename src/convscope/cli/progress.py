"""Live progress on a terminal: a line per finished epoch, and below them one for what is at work."""

from __future__ import annotations

import contextlib
import sys
import textwrap
from collections.abc import Iterator
from typing import Protocol

from rich.console import Console
from rich.live import Live as Display
from rich.text import Text

from ..columns import printable
from ..metrics import EpochFigures
from ..training.progress import Lines, Silent, epoch_line
from ..training.progress import Progress as Listener
from .phases import DEBUGGING, Phases
from .progress_line import Reading, Training, Waiting
from .time_left import TimeLeft

A_SECOND = 8  # times that the line is drawn
MARGIN = 4  # columns left free: a terminal writes ^C^C there, and a line that it breaks is not erased whole


@contextlib.contextmanager
def listening(quiet: bool) -> Iterator[Listener]:
    """What fits standard error: nothing, a live line on a terminal, or a line per epoch elsewhere.

    However it is left, nothing of the live line stays. With `--debug` the parts and their times are told.
    """
    progress = listener(quiet)
    phases = Phases(progress) if DEBUGGING.get() else None
    try:
        yield phases or progress
    finally:
        progress.end()
        if phases is not None:
            phases.tell()


def listener(quiet: bool) -> Listener:
    """The same, for who ends it."""
    if quiet:
        return Silent()
    return Live() if sys.stderr.isatty() and not Console(stderr=True).is_dumb_terminal else Lines()


class AtWork(Protocol):
    """What the live line shows."""

    def line(self, width: int) -> Text:
        """In at most `width` columns."""


class Live(Silent):
    """Draws on standard error with rich; what is finished stays above the line of what is at work."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self.display: Display | None = None
        self.shown: AtWork = Waiting("")
        self.time, self.each = TimeLeft(epochs=1), "run"

    def note(self, sentence: str) -> None:
        self._print(printable(sentence), "yellow" if sentence.startswith("warning:") else "dim")

    def reading(self, what: str, done: int, whole: int | None) -> None:
        self.show(Reading(what, done, whole))

    def waiting(self, what: str) -> None:
        self.show(Waiting(what))

    def begin(self, description: str, epochs: int, runs: int = 1, each: str = "run") -> None:
        self.time, self.each = TimeLeft(epochs, runs), each
        width = self.console.width
        if max(map(len, description.splitlines())) > width:
            description = textwrap.fill(" ".join(description.split()), width, break_on_hyphens=False)
        self._print(description)
        self.waiting("the first steps")

    def step(self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int) -> None:
        left = self.time
        left.step(epoch, done, steps, pictures)
        of_run = (epoch - 1 + done / steps) / left.epochs
        place = f"epoch {epoch:>{len(str(left.epochs))}}/{left.epochs}"
        if left.runs > 1:
            place = f"{self.each} {left.run}/{left.runs}  {place}"
        share = (left.run - 1 + of_run) / left.runs
        self.show(Training(place, share, loss, accuracy, left.rate, left.seconds))

    def epoch(self, figures: EpochFigures) -> None:
        self._print(epoch_line(figures, self.time.epochs, self.console.width))

    def seed(self, line: str) -> None:
        self.time.run_ended()
        self._print(line)

    def end(self) -> None:
        if self.display is not None:
            self.display.stop()
        self.display = None

    def _print(self, text: str, style: str = "") -> None:
        """Above the live line."""
        self.console.print(text, style=style, markup=False)

    def show(self, at_work: AtWork) -> None:
        """What is at work now, in place of what was."""
        self.shown = at_work
        if self.display is None:
            self.display = Display(
                get_renderable=lambda: self.shown.line(self.console.width - MARGIN),
                console=self.console,
                transient=True,
                refresh_per_second=A_SECOND,
            )
            self.display.start()
