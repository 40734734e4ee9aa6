"""An exported network as a function of batches, and what it says of many inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..columns import shortened
from ..errors import ConvscopeError, GateFailed
from .entrance import Entrance

Runner = Callable[[np.ndarray], np.ndarray]  # what an `Entrance` gives → probabilities, float32 (N, classes)
Told = Callable[[str, int, int | None], None]  # what, so many done, of so many


class NotRunnable(ConvscopeError):
    """Nothing here can run what was exported, for a reason that is not in it."""


def in_batches(
    run: Runner,
    entrance: Entrance,
    stored: np.ndarray,
    size: int,
    classes: int,
    *,
    subject: str = "what was exported",
    advice: str = "",
    what: str = "",
    told: Told | None = None,
) -> np.ndarray:
    """The probabilities of inputs as they are stored, `size` of them at a time: float64 (N, classes).

    `subject` and `advice` are said where it fails on a batch or gives another shape, which raises
    `GateFailed`; `what` is told with how far it is.

    >>> from convscope.data import Preprocessing
    >>> entrance, stored = Entrance(Preprocessing(height=1, width=1, channels=1)), np.zeros((3, 1, 1, 1))
    >>> in_batches(lambda batch: np.full((len(batch), 2), 1 / len(batch)), entrance, stored, 2, 2).tolist()
    [[0.5, 0.5], [0.5, 0.5], [1.0, 1.0]]
    """
    parts, behind = [], f"; {advice}" if advice else ""
    for start in range(0, len(stored), size):
        batch = entrance.of_stored(stored[start : start + size])
        try:
            part = np.asarray(run(batch))
        except MemoryError:
            raise
        except Exception as error:  # what runs it has exceptions of its own, without a common class
            reason = shortened(" ".join(str(error).split()).rstrip("."), 300)
            raise GateFailed(f"{subject} fails on a batch of {len(batch)} ({reason}){behind}.") from error
        expected = (len(batch), classes)
        if part.shape != expected:
            raise GateFailed(
                f"{subject} gives {part.shape} for a batch of {len(batch)}, not {expected}{behind}."
            )
        parts.append(part.astype(np.float64))
        if told is not None:
            told(what, start + len(batch), len(stored))
    return np.concatenate(parts)
