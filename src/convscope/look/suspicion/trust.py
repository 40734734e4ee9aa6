"""How far the word of networks counts against labels: what their agreement with all labels says."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...metrics import wilson_interval

Trust = Literal["good", "doubtful", "too weak"]
GOOD, WEAK = 0.9, 0.2  # shares of the way from always the largest class to all labels


def trust(correct: int, labels: np.ndarray) -> Trust:
    """What `correct` answers, those that are as the labels (N,) say, let networks say of labels.

    What counts is the skill (a - m) / (1 - m), with the share of agreement a and m that of the largest class,
    which an answer without looking has. Networks do not tell their own errors from those of the labels: below
    a skill of 0.9 the count that confident learning expects is mostly theirs ("doubtful"; "good" from there
    on). They are "too weak" below 0.2, or where the 95 % interval of a (Wilson) reaches down to m.

    >>> labels = np.repeat([0, 1], 100)
    >>> trust(196, labels), trust(144, labels), trust(97, labels)
    ('good', 'doubtful', 'too weak')
    """
    count, largest = len(labels), majority(labels)
    skill = (correct / count - largest) / (1 - largest) if largest < 1 else 0.0
    if skill < WEAK or wilson_interval(correct, count)[0] <= largest:
        return "too weak"
    return "good" if skill >= GOOD else "doubtful"


def majority(labels: np.ndarray) -> float:
    """The share of the largest class among labels (N,).

    >>> majority(np.array([0, 1, 1, 1]))
    0.75
    """
    return float(np.bincount(labels).max() / len(labels))
