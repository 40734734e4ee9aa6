"""How long a training still takes, and how fast it goes: from its steps, the last ones counting most."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MEMORY = 15.0  # seconds after which a step counts 1/e of what it did
ENOUGH = 0.3  # seconds of steps before anything is said


@dataclass
class _Pace:
    """Of one training: where it is, and the time and what was done in it of late."""

    epoch: int = 0
    done: int = 0
    steps: int = 0
    pictures: int = 0
    recent_seconds: float = 0.0
    recent_steps: float = 0.0
    recent_pictures: float = 0.0
    pauses: list[float] = field(default_factory=list)  # between two epochs


class TimeLeft:
    """Hears of the steps of one training, or of several alike, and estimates what is left of all of them.

    What passes between two epochs (validation, files) is told apart from the steps. The first call of a
    training is left out of the pace: memory is claimed in it, and code is loaded. `clock` gives seconds.

    >>> seconds = iter([0.0, 3.0, 4.0, 5.0])
    >>> left = TimeLeft(epochs=2, clock=lambda: next(seconds))
    >>> for done in (1, 6, 11):
    ...     left.step(epoch=1, done=done, steps=100, pictures=done * 64)
    >>> round(left.rate), round(left.seconds, 1)  # 5 steps a second, and 189 steps to go
    (320, 37.8)
    """

    def __init__(self, epochs: int, runs: int = 1, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self.epochs, self.runs, self.clock = epochs, runs, clock
        self._pace = _Pace()
        self._lengths: list[float] = []  # of the trainings that are finished
        self._begun = self._last = clock()

    @property
    def run(self) -> int:
        """Which of the trainings it is, from 1."""
        return len(self._lengths) + 1

    @property
    def rate(self) -> float | None:
        """Pictures a second, of late; None before that is known."""
        pace = self._pace
        return pace.recent_pictures / pace.recent_seconds if pace.recent_seconds >= ENOUGH else None

    @property
    def seconds(self) -> float | None:
        """What is left of all trainings; None before anything is known."""
        pace = self._pace
        if pace.recent_seconds < ENOUGH or not pace.recent_steps:
            return None
        step = pace.recent_seconds / pace.recent_steps
        epoch = step * pace.steps + (statistics.fmean(pace.pauses) if pace.pauses else 0.0)
        left = epoch * (self.epochs - pace.epoch + 1) - step * pace.done
        whole = statistics.fmean(self._lengths) if self._lengths else epoch * self.epochs
        return left + (self.runs - self.run) * whole

    def step(self, epoch: int, done: int, steps: int, pictures: int) -> None:
        """So many steps of the epoch are done, and pictures seen in it."""
        pace, now = self._pace, self.clock()
        passed, self._last = now - self._last, now
        same = epoch == pace.epoch
        new_steps, new_pictures = done - same * pace.done, pictures - same * pace.pictures
        if not same and pace.recent_steps:
            pause = max(0.0, passed - new_steps * pace.recent_seconds / pace.recent_steps)
            pace.pauses.append(pause)
            passed -= pause
        if pace.epoch:
            fades = math.exp(-passed / MEMORY)
            pace.recent_seconds = pace.recent_seconds * fades + passed
            pace.recent_steps = pace.recent_steps * fades + new_steps
            pace.recent_pictures = pace.recent_pictures * fades + new_pictures
        pace.epoch, pace.done, pace.steps, pace.pictures = epoch, done, steps, pictures

    def run_ended(self) -> None:
        """One of the trainings ended; the next one begins."""
        now = self.clock()
        self._lengths.append(now - self._begun)
        self._begun = self._last = now
        self._pace = _Pace()


def duration(seconds: float) -> str:
    """
    >>> duration(7.4), duration(754), duration(3723), duration(200_000)
    ('0:07', '12:34', '1:02:03', '2 d 7 h')
    """
    whole = round(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days:
        return f"{days:,} d {hours % 24} h"
    return f"{hours}:{minutes % 60:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
