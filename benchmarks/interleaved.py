"""Times several contestants side by side: in every repeat each of them has its slice of time, in turn.

On a machine that is not idle a slice in which other processes took much of the processor is done again, and
one that stays disturbed does not count.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from contestants import Contestant

LEAST_STEPS = 2  # of a slice
PAUSE = 0.02  # s before a slice: the threads of the one before go to sleep
PATIENCE = 20.0  # s in all slices of one contestant; past that it has had enough repeats
LEAST_REPEATS = 3
QUIET = 0.08  # share of all cores that other processes may take during a slice
ATTEMPTS = 3  # at a slice that others disturb; the last one counts
LONGEST_WAIT = 120.0  # s for a quiet machine, in all repeats of one comparison


class Sliced(Protocol):
    """Does a slice of steps when it is asked to."""

    def slice(self, first: int, seconds: float) -> tuple[int, float, float]: ...


@dataclass
class Rates:
    """Pictures per second of each slice, and the share of all cores that other processes took meanwhile."""

    samples: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def quiet(self) -> list[float]:
        """The slices that count."""
        return [rate for rate, share in zip(self.samples, self.others, strict=True) if share <= QUIET]

    @property
    def disturbed(self) -> bool:
        """Whether too few slices count; then the figures are of all of them, and not to be used."""
        return len(self.quiet) < min(LEAST_REPEATS, len(self.samples))

    def to_dict(self) -> dict[str, Any]:
        counted = self.samples if self.disturbed else self.quiet
        low, median, high = map(float, np.percentile(counted, (25, 50, 75)))
        return {
            "median": round(median, 1),
            "spread": round((high - low) / median, 4),  # the distance of the quartiles, of the median
            "disturbed": self.disturbed,
            "samples": [round(rate, 1) for rate in self.samples],
            "others": [round(share, 3) for share in self.others],
        }


def interleaved(
    contestants: Mapping[str, Sliced],
    *,
    batch_size: int,
    repeats: int,
    seconds: float,
    patience: float = LONGEST_WAIT,
) -> dict[str, Rates]:
    """Pictures per second of every contestant, in slices of `seconds` or more.

    Every repeat begins with another contestant, so that none always follows the same one. `patience` is how
    long to wait for a quiet machine, in all repeats.
    """
    names, step = list(contestants), dict.fromkeys(contestants, 0)
    rates = {name: Rates() for name in names}
    for repeat in range(repeats):
        patience -= wait_for_quiet(patience)
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            if rates[name].seconds > PATIENCE and repeat >= LEAST_REPEATS:
                continue
            for _ in range(ATTEMPTS):
                steps, elapsed, others = contestants[name].slice(step[name], seconds)
                step[name] += steps
                rates[name].seconds += elapsed
                if others <= QUIET:
                    break
            rates[name].samples.append(steps * batch_size / elapsed)
            rates[name].others.append(others)
    return rates


def timed(contestant: Contestant, first: int, seconds: float) -> tuple[int, float, float]:
    """Steps done from `first` on, seconds used, and the share of all cores that other processes took."""
    time.sleep(PAUSE)
    steps, busy, start = 0, busy_elsewhere(), time.perf_counter()
    while True:
        contestant.run(first + steps)
        steps += contestant.steps
        elapsed = time.perf_counter() - start
        if elapsed >= seconds and steps >= LEAST_STEPS:
            break
    return steps, elapsed, (busy_elsewhere() - busy) / (elapsed * (os.cpu_count() or 1))


def wait_for_quiet(longest: float) -> float:
    """Waits until other processes leave the processor alone; seconds waited, at most about `longest`."""
    start = time.perf_counter()
    while True:
        busy, since = busy_elsewhere(), time.perf_counter()
        time.sleep(0.25)
        share = (busy_elsewhere() - busy) / ((time.perf_counter() - since) * (os.cpu_count() or 1))
        waited = time.perf_counter() - start
        if share <= QUIET or waited >= longest:
            return waited


def busy_elsewhere() -> float:
    """Seconds of processor time that all other processes have used; 0 where the system does not tell."""
    facts = Path("/proc/stat")
    if not facts.is_file():
        return 0.0
    user, nice, system, _idle, _wait, *rest = map(int, facts.read_text().split("\n", 1)[0].split()[1:])
    taken = user + nice + system + sum(rest[:3])  # interrupts, and what other guests of the host stole
    return taken / os.sysconf("SC_CLK_TCK") - time.process_time()
