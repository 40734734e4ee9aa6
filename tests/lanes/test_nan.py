"""A NaN goes through every activation, as in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from convscope.graph import Builder, Graph
from convscope.lanes.network import Network

from .networks import POINTWISE
from .oracle import INSTRUCTION_SETS

VALUES = np.array([np.nan, -np.inf, -7.0, -1.0, -0.0, 0.0, 0.5, 6.0, 7.0, np.inf, np.nan], np.float32)


def alone(operation: str) -> Graph:
    b = Builder("alone")
    return b.build(b.flatten(b.append(operation, b.input(1, 1, len(VALUES)))))


def after_convolution(operation: str) -> Graph:
    b = Builder("after convolution")
    x = b.conv2d(b.input(1, 1, len(VALUES)), 1, kernel_size=1, bias=False, name="conv")
    return b.build(b.flatten(b.append(operation, x)))


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
@pytest.mark.parametrize("make", [alone, after_convolution])
@pytest.mark.parametrize("operation", [o for o in POINTWISE if o != "affine"])
def test_activations_pass_it_on(operation: str, make: object, instruction_set: str) -> None:
    graph = make(operation)  # type: ignore[operator]
    weights = {name: np.ones((1, 1, 1, 1), np.float32) for name in graph.parameters}
    x = VALUES.reshape(1, 1, 1, -1)
    if operation in ("silu", "gelu"):
        x = np.where(np.isinf(x), 0, x)  # where PyTorch itself makes NaN of some
    network = Network(graph, weights, training=False, threads=1, instruction_set=instruction_set)
    with torch.no_grad():
        expected = graph.to_module(weights).eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(network.outputs(x), expected, rtol=1e-5, atol=1e-6)
