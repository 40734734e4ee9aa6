"""Which records of the final evaluation a page has room for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST_RIGHT = 24  # of those of one class that were called right
MOST_PIXELS = 4_000_000  # of all records together
SMALLEST = 64  # pixels of the longer side that larger records are reduced to, at the least
MOST_SIGNALS = 300  # drawing one takes a millisecond
SUREST = 12  # mistakes that come before all others: those that stand on the page without a click


def select(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer], most: int
) -> npt.NDArray[np.int64]:
    """Positions of at most `most` records, whatever is cut off behind leaves every cell its share.

    Each cell of the confusion matrix is a queue: of mistakes the surest first, all of them; of those called
    right the least sure first, `MOST_RIGHT` of them. The heads of all queues come first, then the seconds,
    and so on, those of right answers before those of mistakes; before all of them the `SUREST` mistakes.

    >>> said = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    >>> select(said, np.array([0, 0, 0, 1]), 3).tolist()  # the mistake, then of each class the least sure
    [2, 1, 3]
    """
    best = probabilities.argmax(axis=1)
    sure = np.nan_to_num(probabilities[np.arange(len(labels)), best])
    wrong = best != labels
    urgency = np.where(wrong, -sure, sure)
    cells = labels.astype(np.int64) * probabilities.shape[1] + best
    order = np.lexsort((urgency, cells))
    _, heads, sizes = np.unique(cells[order], return_index=True, return_counts=True)
    ranks = np.empty(len(labels), dtype=np.int64)
    ranks[order] = np.arange(len(labels)) - np.repeat(heads, sizes)
    chosen = np.flatnonzero(wrong | (ranks < MOST_RIGHT))
    mistakes = np.flatnonzero(wrong)
    ranks[mistakes[np.argsort(urgency[mistakes], kind="stable")[:SUREST]]] = -1
    queued = np.lexsort((urgency[chosen], wrong[chosen], ranks[chosen]))
    return chosen[queued][:most]


def room(record: npt.NDArray[np.generic]) -> int:
    """How many records such as this one a page has room for.

    >>> room(np.zeros((28, 28, 1), np.uint8)), room(np.zeros((480, 640, 3), np.uint8))
    (5102, 1302)
    """
    if record.dtype != np.uint8:
        return MOST_SIGNALS
    height, width = at_most(SMALLEST, *record.shape[:2])
    return MOST_PIXELS // (height * width)


def at_most(side: int, height: int, width: int) -> tuple[int, int]:
    """Height and width in proportion, the longer one at most `side`."""
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
