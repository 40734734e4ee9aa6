"""How much work one native call gets: enough to be fast, little enough to show progress and answer Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

SECONDS = 0.08
GROWTH = 4  # from one call to the next


class Pace:
    """Divides work into calls of about `SECONDS`, by what the calls before took.

    >>> pace = Pace()
    >>> pace.take(1000)
    1
    >>> pace.took(1, seconds=0.001)
    >>> pace.take(1000), pace.take(3)
    (4, 3)
    """

    def __init__(self, multiple: int = 1) -> None:
        self.multiple = multiple  # what a call should get is a multiple of this, the first one this much
        self.count = multiple

    def calls(self, count: int, work: Callable[[slice], T]) -> Iterator[T]:
        """What `work` gives for one part after the other of `count` items; only its own time counts."""
        done = 0
        while done < count:
            part = slice(done, done + self.take(count - done))
            began = time.perf_counter()
            result = work(part)
            self.took(part.stop - part.start, time.perf_counter() - began)
            done = part.stop
            yield result

    def take(self, left: int) -> int:
        """How many of the items that are left the next call should get."""
        return min(left, self.count)

    def took(self, items: int, seconds: float) -> None:
        """Learn from a call."""
        fitting = items * SECONDS / max(seconds, 1e-6)
        chosen = min(fitting, GROWTH * self.count)
        self.count = max(1, round(chosen / self.multiple)) * self.multiple
