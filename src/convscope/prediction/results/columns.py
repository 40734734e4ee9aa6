"""A prediction as a row of a table."""

from __future__ import annotations

from ..prediction import Prediction

FIRST = ("path", "class", "probability", "unsure", "error", "warnings")
Share = tuple[str, float]


def names(top: int) -> list[str]:
    """The columns of predictions with up to `top` classes.

    >>> names(2)
    ['path', 'class', 'probability', 'unsure', 'error', 'warnings', 'class_2', 'probability_2']
    """
    others = [f"{of}_{place}" for place in range(2, top + 1) for of in ("class", "probability")]
    return [*FIRST, *others]


def shares(prediction: Prediction, top: int) -> list[Share] | list[tuple[None, None]]:
    """The `top` classes and their probabilities; of what could not be read, nothing."""
    if prediction.error is not None:
        return [(None, None)] * top
    return list(prediction.top[:top])


def kinds(prediction: Prediction) -> list[str]:
    """Of its warnings."""
    return [warning.kind for warning in prediction.warnings]
