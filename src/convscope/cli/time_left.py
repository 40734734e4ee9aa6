"""How long a training still takes, and how fast it goes: from its steps, the last ones counting most."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

MEMORY = 15.0  # seconds after which a step counts 1/e of what it did
ENOUGH = 0.3  # seconds of steps before anything is said


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
        self.run = 1
        self._lengths: list[float] = []  # of the trainings that are finished
        self._begun = self._last = clock()
        self._begin_run()

    @property
    def rate(self) -> float | None:
        """Pictures a second, of late; None before that is known."""
        return self._pictures / self._spent if self._spent >= ENOUGH else None

    @property
    def seconds(self) -> float | None:
        """What is left of all trainings; None before anything is known."""
        if self._spent < ENOUGH or not self._steps:
            return None
        pace = self._spent / self._steps
        pause = statistics.fmean(self._pauses) if self._pauses else 0.0
        epoch = pace * self._in_epoch + pause
        left = epoch * (self.epochs - self._epoch + 1) - pace * self._done
        whole = statistics.fmean(self._lengths) if self._lengths else epoch * self.epochs
        return left + (self.runs - self.run) * whole

    def step(self, epoch: int, done: int, steps: int, pictures: int) -> None:
        """So many steps of the epoch are done, and pictures seen in it."""
        now = self.clock()
        passed, self._last = now - self._last, now
        if epoch != self._epoch:
            new_steps, new_pictures = done, pictures
            if self._epoch and self._steps:
                pause = max(0.0, passed - done * self._spent / self._steps)
                self._pauses.append(pause)
                passed -= pause
        else:
            new_steps, new_pictures = done - self._done, pictures - self._seen
        if self._epoch:
            fades = math.exp(-passed / MEMORY)
            self._spent = self._spent * fades + passed
            self._steps = self._steps * fades + new_steps
            self._pictures = self._pictures * fades + new_pictures
        self._epoch, self._done, self._in_epoch, self._seen = epoch, done, steps, pictures

    def run_ended(self) -> None:
        """One of the trainings ended; the next one begins."""
        now = self.clock()
        self._lengths.append(now - self._begun)
        self._begun = self._last = now
        self.run += 1
        self._begin_run()

    def _begin_run(self) -> None:
        self._epoch = self._done = self._in_epoch = self._seen = 0
        self._spent = self._steps = self._pictures = 0.0
        self._pauses: list[float] = []


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
