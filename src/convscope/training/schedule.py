"""The learning rate of every step."""

from __future__ import annotations

import numpy as np

from ..graph import Graph
from ..graph.head import head_layer

WARM_UP = 0.3  # share of a one-cycle schedule that rises
START, END = 25.0, 1e4  # the peak over the first rate, the first rate over the last


def learning_rates(schedule: str, peak: float, steps: int) -> np.ndarray:
    """float64 (steps,), the learning rate of each step.

    `constant`; `cosine` falls from the peak to 0 as (1 + cos(π t / T)) / 2 (Loshchilov & Hutter 2017,
    without restarts); `one-cycle` rises from peak / 25 over 30 % of the steps and falls to peak / 250,000,
    along cosines (Smith & Topin 2018, in the form of PyTorch's `OneCycleLR`).

    >>> learning_rates("cosine", 0.1, 4).round(3)
    array([0.1  , 0.085, 0.05 , 0.015])
    """
    step = np.arange(steps, dtype=np.float64)
    if schedule == "constant":
        return np.full(steps, peak)
    if schedule == "cosine":
        return peak * (1 + np.cos(np.pi * step / steps)) / 2
    assert schedule == "one-cycle", schedule
    top = WARM_UP * steps - 1
    first, last = peak / START, peak / START / END
    with np.errstate(divide="ignore", invalid="ignore"):
        rise, fall = step / top, (step - top) / (steps - 1 - top)
    rising = peak + (first - peak) * (1 + np.cos(np.pi * rise)) / 2
    falling = last + (peak - last) * (1 + np.cos(np.pi * fall)) / 2
    return np.where(step <= top, rising, falling)


def rate_ratios(graph: Graph, lr: float, trunk_lr: float | None) -> dict[str, float]:
    """What the rate of a step is multiplied with, by parameter: `trunk_lr / lr` before the last layer.

    Raises `UnsupportedOperation` for a network without a last layer that scores the classes.

    >>> from convscope import nets
    >>> rate_ratios(nets.graph("simple-cnn-4-8"), 0.01, 0.001)
    {'conv1.weight': 0.1, 'conv1.bias': 0.1, 'conv2.weight': 0.1, 'conv2.bias': 0.1}
    """
    if trunk_lr is None:
        return {}
    head = set(head_layer(graph).parameters.values())
    return {name: trunk_lr / lr for name in graph.trained if name not in head}
