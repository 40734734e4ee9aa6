"""Initial weights of a graph, without torch: the distributions are PyTorch's defaults."""

from __future__ import annotations

import math

import numpy as np

from .graph import Graph


def initial_weights(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Fresh values for every tensor of `graph`, the same for the same seed on every machine.

    Convolution and linear weights and biases are U(-b, b) with b = 1/sqrt(fan_in), which is what
    PyTorch's `kaiming_uniform_(a=sqrt(5))` comes to; normalisation starts as the identity.

    >>> from convscope import nets
    >>> weights = initial_weights(nets.graph("simple-cnn-4-8"), seed=1)
    >>> weights["conv1.weight"].shape, bool(abs(weights["conv1.weight"]).max() <= 1 / 3)
    ((4, 1, 3, 3), True)
    """
    generator = np.random.default_rng(seed)
    weights: dict[str, np.ndarray] = {}
    for name, spec in graph.parameters.items():
        if spec.initial == "uniform":
            bound = 1 / math.sqrt(spec.fan_in)
            value = generator.uniform(-bound, bound, spec.shape)
        else:
            value = np.full(spec.shape, 1.0 if spec.initial == "ones" else 0.0)
        weights[name] = value.astype(spec.dtype)
    return weights
