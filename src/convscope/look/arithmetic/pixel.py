"""How preprocessing makes one number of a network's input of a pixel, or of a number of a signal."""

from __future__ import annotations

import numpy as np

from ...data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from .terms import Step


def pixel_steps(
    preprocessing: InputPreprocessing, stored: np.ndarray, index: tuple[int, ...]
) -> tuple[Step, ...]:
    """From the number that is stored to the network's input.

    >>> grey = Preprocessing(height=1, width=1, channels=1, mean=(0.5,), std=(0.25,))
    >>> [step.result for step in pixel_steps(grey, np.full((1, 1, 1), 255, np.uint8), (0, 0, 0))]
    [255.0, 1.0, 0.5, 2.0]
    """
    channel, *place = index
    if isinstance(preprocessing, Preprocessing):
        value = float(stored[(*place, channel)])
        steps = [Step("pixel", None, value), Step("divided by", 255.0, value / 255)]
    else:
        at = [position // _repeat(preprocessing) for position in place]
        value = float(stored[(channel, *at)])
        steps = [Step("stored number", None, value)]
    mean, std = preprocessing.mean, getattr(preprocessing, "std", None)
    if mean is not None and std is not None:
        less = steps[-1].result - _as_computed(preprocessing, mean[channel])
        steps.append(Step("minus the mean", mean[channel], less))
        steps.append(
            Step("divided by the deviation", std[channel], less / _as_computed(preprocessing, std[channel]))
        )
    return tuple(steps)


def about_pixel(preprocessing: InputPreprocessing, index: tuple[int, ...]) -> tuple[str, ...]:
    """What to know of a place of the input."""
    if isinstance(preprocessing, Preprocessing):
        size = f"{preprocessing.height}×{preprocessing.width}"
        how = " and turned around (255 - x)" if preprocessing.invert else ""
        return (f"Row {index[1]}, column {index[2]} are those of the picture as it enters, made {size}{how}",)
    repeat = _repeat(preprocessing)
    if repeat > 1:
        place = ", ".join(str(at // repeat) for at in index[1:])
        return (f"Each number enters {repeat} times along each axis; this one is stored at {place}",)
    return ()


def _repeat(preprocessing: InputPreprocessing) -> int:
    return preprocessing.repeat if isinstance(preprocessing, ArrayPreprocessing) else 1


def _as_computed(preprocessing: InputPreprocessing, number: float) -> float:
    """Mean and deviation of arrays are rounded to float32 before they are used, which shows in large ones."""
    return float(np.float32(number)) if isinstance(preprocessing, ArrayPreprocessing) else number
