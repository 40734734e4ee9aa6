"""The same bits wherever tensors lie: no kernel uses memory beyond its own, or what others left in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from convscope import nets
from convscope.graph import Graph, initial_weights
from convscope.lanes import memory
from convscope.lanes.network import Network
from convscope.lanes.plan import Tensor
from convscope.lanes.settings import OptimizerSettings

from .networks import networks
from .oracle import INSTRUCTION_SETS, batch

GAP = 37  # vectors, which stay zero unless somebody writes there
SHAPES = {
    "resnet-20": (3, 9, 8),
    "mobile-small": (3, 9, 8),
    "tiny-vgg": (3, 17, 20),
    "multilayer-cnn": (1, 9, 10),
}


def apart(tensors: Sequence[Tensor], lifetimes: Sequence[tuple[int, int]]) -> int:
    """Every tensor for itself, in place of the planner's sharing of memory."""
    end = GAP
    for tensor in tensors:
        tensor.offset, tensor.shared = end, False
        end += tensor.elements + GAP
    return end


def numbers(graph: Graph, instruction_set: str) -> list[np.ndarray]:
    """Losses and gradients of three steps that move nothing but running statistics, these, and outputs."""
    common = {"threads": 1, "instruction_set": instruction_set}
    rule = OptimizerSettings("sgd")
    network = Network(graph, initial_weights(graph, 0), training=True, settings=rule, **common)
    x, labels = batch(graph, 21, 0, coarse=False)
    losses, _ = network.train(x, labels, [np.arange(21), np.arange(5), np.arange(21)], [0.0] * 3)
    outputs = Network(graph, network.weights(), training=False, **common).outputs(x)
    return [losses, network.native.gradients.copy(), network.native.parameters.copy(), outputs]


def check_placement(graph: Graph) -> None:
    for instruction_set in INSTRUCTION_SETS:
        together = numbers(graph, instruction_set)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory, "_assign", apart)
            separate = numbers(graph, instruction_set)
        for a, b in zip(together, separate, strict=True):
            assert np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("name", sorted(set(nets.names()) - {"resnet-18"}))  # whose weights take a while
def test_placement_does_not_change_a_bit(name: str) -> None:
    check_placement(nets.graph(name, SHAPES.get(name)))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(networks())
def test_nor_of_networks_that_hypothesis_makes_up(graph: Graph) -> None:
    check_placement(graph)
