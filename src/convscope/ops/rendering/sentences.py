"""What is said of a step: its sum, its settings, what is not shown of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..pool_steps import PoolStep
from ..steps import WHOLE, Step, plain, spelled

DIGITS = 4  # significant ones
MOST_TERMS = 12  # of a sum that is written out


def equation(step: Step | PoolStep) -> str:
    """How the result comes about: written out where it is short, else summed up."""
    digits = digits_of(step)
    if step.window.size <= MOST_TERMS:
        return step.equation(digits)
    result = plain(step.result, digits)
    if isinstance(step, PoolStep):
        what = {"max": "maximum", "average": "mean"}.get(step.kind, f"{step.p:g}-norm")
        return f"{what} of {int(step.counted.sum())} numbers = {result}"
    bias = "" if step.bias is None else f" + bias {spelled(step.bias, digits)}"
    sums = step.channel_sums
    if 1 < len(sums) <= MOST_TERMS:
        return f"sums of the channels: {' + '.join(spelled(each, digits) for each in sums)}{bias} = {result}"
    return f"sum of {step.window.size} products{bias} = {result}"


def digits_of(step: Step | PoolStep) -> int:
    """How many are shown of each number: all before the point of the largest, where they are few."""
    largest = max(float(np.abs(step.window).max()), abs(float(step.result)))
    return max(DIGITS, len(f"{largest:.0f}") if largest < WHOLE else 0)


def left_out(channels: int, maps: int) -> str:
    """What a scene has no room for; "" where it shows everything.

    >>> left_out(60, 1)
    'not shown: 60 more input channels and 1 more output map'
    """
    parts = [
        f"{count} more {what}{'s' * (count > 1)}"
        for count, what in ((channels, "input channel"), (maps, "output map"))
        if count > 0
    ]
    return f"not shown: {' and '.join(parts)}" if parts else ""


def each(numbers: Sequence[Any]) -> str:
    """One number where all are the same.

    >>> each((2, 2)), each((1, 2))
    ('2', '1, 2')
    """
    return str(numbers[0]) if len(set(numbers)) == 1 else ", ".join(map(str, numbers))
