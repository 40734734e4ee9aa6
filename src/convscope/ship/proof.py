"""Whether an exported network says what its bundle says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..bundle import Bundle
from ..errors import GateFailed
from .entrance import Entrance

TOLERANCE = 1e-4  # of a probability
BATCHES = (1, 7, 64)
COMPARED = 256  # pictures

Runner = Callable[[np.ndarray], np.ndarray]  # what an `Entrance` gives → probabilities, float32 (N, classes)


@dataclass(frozen=True)
class Proof:
    """How far an exported network was from its bundle."""

    count: int  # inputs compared
    batches: tuple[int, ...]
    largest: float  # difference of a probability


def prove(
    bundle: Bundle, entrance: Entrance, stored: np.ndarray, run: Runner, *, batches: Sequence[int] = BATCHES
) -> Proof:
    """Compare; raises `GateFailed` where they differ."""
    wanted = bundle.probabilities(stored)
    given = entrance.of_stored(stored)
    largest = 0.0
    for size in batches:
        parts = [run(given[start : start + size]) for start in range(0, len(given), size)]
        largest = max(largest, float(np.abs(np.concatenate(parts) - wanted).max()))
    if not largest <= TOLERANCE:
        raise GateFailed(f"it differs by {largest:.2g}.")
    return Proof(len(stored), tuple(batches), largest)
