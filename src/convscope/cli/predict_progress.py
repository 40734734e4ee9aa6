"""How far `convscope predict --out` is, on a terminal; and what it could not read."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..prediction import Prediction
from ..prediction.results.listener import Listener
from .complaint import complain
from .progress import Live, listener
from .progress_line import Predicting
from .seen import Seen
from .time_left import TimeLeft

if TYPE_CHECKING:
    from ..data import InputPreprocessing

EVERY = 0.1  # seconds between two looks at the pace
NAMED = 10  # of what could not be read


class Progress(Listener):
    """Shows what is done, how fast, and how long it still takes, where that is known."""

    def __init__(
        self,
        pictures: Sequence[Path],
        preprocessing: InputPreprocessing,
        seen: Seen | None,
    ) -> None:
        shown = listener(quiet=False)
        self.live = shown if isinstance(shown, Live) else None
        self.noun, self.seen = preprocessing.noun, seen
        self.done, self.time, self.looked = 0, TimeLeft(epochs=1), 0.0
        self.whole = _Whole(pictures, preprocessing) if self.live else None
        self.unread: list[str] = []  # why, of the first few

    def note(self, sentence: str) -> None:
        if self.live and self.live.display:
            self.live.note(f"note: {sentence}")
        else:
            complain(f"note: {sentence}")

    def read(self, one: Any, error: str | None) -> None:
        if self.seen is not None:
            self.seen.add(one, error)

    def predicted(self, prediction: Prediction) -> None:
        self.done += 1
        if prediction.error is not None and len(self.unread) < NAMED:
            self.unread.append(prediction.error)
        now = time.perf_counter()
        if self.live and self.whole and now - self.looked >= EVERY:
            self.looked, whole = now, self.whole.count
            self.time.step(1, self.done, whole or self.done, self.done)
            left = self.time.seconds if whole else None
            self.live.show(Predicting(self.done, whole, self.time.rate, left, self.noun))

    def finishing(self, file: Path) -> None:
        if self.live:
            self.live.waiting(f"writing {file}")

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """However this is left, nothing of the live line stays."""
        try:
            yield
        finally:
            if self.live and self.whole:
                self.whole.stopped = True
                self.live.end()


class _Whole:
    """How many there are in all, counted beside the work; `count` is None before that is known.

    Files and folders are counted; what else there is would have to be read for it.
    """

    def __init__(self, pictures: Sequence[Path], preprocessing: InputPreprocessing) -> None:
        self.count: int | None = None
        self.stopped = False
        self.pictures, self.preprocessing = pictures, preprocessing
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        from ..data.pictures import EXTENSIONS
        from ..prediction import inputs_in

        if any(not path.is_dir() and path.suffix.lower() not in EXTENSIONS for path in self.pictures):
            return
        count = 0
        with contextlib.suppress(Exception):  # what is wrong is said by who reads it
            for _ in inputs_in(self.pictures, self.preprocessing):
                count += 1
                if self.stopped:
                    return
            self.count = count
