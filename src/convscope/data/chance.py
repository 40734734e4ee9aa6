"""Numbers that look random and depend on (seed, epoch, position) alone.

They are the same after a resume, for every engine, and however the pictures are divided into batches.
"""

from __future__ import annotations

import numpy as np


class Chance:
    """For each of `count` positions, as many independent numbers as are asked for by a number of their own.

    >>> Chance(4, seed=0, epoch=1).below(3, 0), Chance(2, seed=0, epoch=1).below(3, 0)
    (array([2, 0, 1, 2]), array([2, 0]))
    """

    def __init__(self, count: int, *, seed: int, epoch: int) -> None:
        self._keys = _mix(np.arange(count, dtype=np.uint64) + _mix(_mix(_number(seed)) + _number(epoch)))

    def below(self, end: int, which: int) -> np.ndarray:
        """int64: each of 0 to `end` - 1 is as likely as another; another draw for each `which`."""
        return ((self._bits(which) * np.uint64(end)) >> np.uint64(32)).astype(np.int64)

    def share(self, which: int) -> np.ndarray:
        """float64 between 0 and 1, never one of them."""
        return (self._bits(which).astype(np.float64) + 0.5) / 2.0**32

    def within(self, reach: float, which: int) -> np.ndarray:
        """float64 between -`reach` and `reach`."""
        return (2 * self.share(which) - 1) * reach

    def _bits(self, which: int) -> np.ndarray:
        return _mix(self._keys + np.uint64(which)) >> np.uint64(32)


def _number(value: int) -> np.ndarray:
    return np.array([value % 2**64], dtype=np.uint64)  # an array, whose arithmetic wraps around in silence


def _mix(x: np.ndarray) -> np.ndarray:
    """splitmix64 (Steele, Lea & Flood 2014): uint64 to uint64, each bit of the result depends on all."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = x ^ (x >> np.uint64(31))
    return mixed
