"""Live progress on a terminal: a line per finished epoch, a bar for the one at work."""

from __future__ import annotations

import sys
import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ..metrics import EpochFigures
from ..training.progress import Lines, Silent, epoch_line
from ..training.progress import Progress as Listener


def listener(quiet: bool) -> Listener:
    """What fits standard error: nothing, a live bar on a terminal, or a line per epoch elsewhere."""
    if quiet:
        return Silent()
    return Live() if sys.stderr.isatty() else Lines()


class Live(Silent):
    """Draws on standard error with rich; what is finished stays above the bar."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.bar: Progress | None = None
        self.task: TaskID | None = None
        self.what = ""
        self.epochs = 0
        self.seen = (time.perf_counter(), 0)

    def note(self, sentence: str) -> None:
        self.end()
        style = "yellow" if sentence.startswith("warning:") else "dim"
        self.console.print(sentence, style=style, markup=False)

    def reading(self, what: str, done: int, whole: int | None) -> None:
        self._show(what, done, whole, "")

    def begin(self, description: str, epochs: int) -> None:
        self.end()
        self.epochs = epochs
        self.console.print(description, markup=False)

    def step(self, epoch: int, done: int, steps: int, loss: float, accuracy: float, pictures: int) -> None:
        now = time.perf_counter()
        if self.what != f"epoch {epoch}/{self.epochs}":
            self.seen = (now, pictures)
        started, before = self.seen
        rate = f"{(pictures - before) / (now - started):,.0f}/s" if now > started else ""
        detail = f"loss {loss:.4f}  {accuracy:.1%}  {rate}".replace("%", " %")
        self._show(f"epoch {epoch}/{self.epochs}", done, steps, detail)

    def epoch(self, figures: EpochFigures) -> None:
        self.end()
        self.console.print(epoch_line(figures, self.epochs), markup=False)

    def seed(self, line: str) -> None:
        self.end()
        self.console.print(line, markup=False)

    def end(self) -> None:
        if self.bar is not None:
            self.bar.stop()
        self.bar, self.what = None, ""

    def _show(self, what: str, done: int, whole: int | None, detail: str) -> None:
        if self.bar is None:
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("{task.fields[detail]}"),
                TimeRemainingColumn(compact=True),
                console=self.console,
                transient=True,
            )
            self.bar.start()
        if what != self.what:
            if self.task is not None and self.task in self.bar.task_ids:
                self.bar.remove_task(self.task)
            self.task, self.what = self.bar.add_task(what, total=whole, detail=detail), what
        assert self.task is not None
        self.bar.update(self.task, completed=done, total=whole, detail=detail)
