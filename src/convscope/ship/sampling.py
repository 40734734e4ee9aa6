"""Which inputs of many are taken: always the same ones, each as likely, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import numpy as np

SEED = 0
T = TypeVar("T")


def positions(whole: int, most: int) -> np.ndarray:
    """`most` of so many at most, as positions.

    >>> positions(3, 5).tolist(), len(set(positions(100, 5).tolist()))
    ([0, 1, 2], 5)
    """
    return np.sort(np.random.default_rng(SEED).permutation(whole)[:most])


def sample(inputs: Iterable[T], most: int) -> list[T]:
    """`most` of them at most, without keeping the others (Vitter's reservoir, algorithm R).

    >>> sample("abc", 5), len(set(sample(range(100), 5)))
    (['a', 'b', 'c'], 5)
    """
    random, kept = np.random.default_rng(SEED), list[tuple[int, T]]()
    for position, one in enumerate(inputs):
        if position < most:
            kept.append((position, one))
        elif (place := random.integers(position + 1)) < most:
            kept[place] = (position, one)
    return [one for _, one in sorted(kept, key=lambda pair: pair[0])]
