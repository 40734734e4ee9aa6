"""Batch norm with running statistics as part of something else, in float64."""

from __future__ import annotations

import numpy as np

from ..graph import Node
from .plan import Weights


def scale_and_shift(norm: Node, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """A batch norm with running statistics as x * scale + shift, in float64."""
    mean, variance = (
        weights[norm.parameters[f"running_{what}"]].astype(np.float64) for what in ("mean", "var")
    )
    scale = 1 / np.sqrt(variance + norm.attributes["eps"])
    if "weight" in norm.parameters:
        scale = scale * weights[norm.parameters["weight"]]
    shift = -mean * scale
    if "bias" in norm.parameters:
        shift = shift + weights[norm.parameters["bias"]]
    return scale, shift


def folded_weight(conv: Node, norm: Node, weights: Weights) -> np.ndarray:
    """The weight of a convolution that also does the batch norm after it."""
    weight = weights[conv.parameters["weight"]]
    scale, _ = scale_and_shift(norm, weights)
    return np.asarray(weight * scale.reshape(-1, *[1] * (weight.ndim - 1)))


def folded_bias(conv: Node, norm: Node, weights: Weights) -> np.ndarray:
    """Its bias."""
    scale, shift = scale_and_shift(norm, weights)
    own = weights[conv.parameters["bias"]] if "bias" in conv.parameters else 0.0
    return np.asarray(shift + scale * own)
