"""A graph cut into trunk and head: one behind the other they are the whole, and have its tensors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from convscope import nets
from convscope.errors import ShapeError, UnsupportedOperation
from convscope.graph import Builder, Graph, Node, initial_weights
from convscope.graph.head import adapted, cut, head_layer


def outputs(graph: Graph, weights: dict[str, np.ndarray], x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return graph.to_module(weights).eval()(x)


def built(layers: Callable[[Builder, Node], Node], *shape: int) -> Graph:
    b = Builder("mine")
    return b.build(layers(b, b.input(*shape)))


@pytest.mark.parametrize("name", nets.names())
def test_trunk_and_head_are_the_whole(name: str) -> None:
    graph = nets.graph(name, classes=7)
    parts, weights = cut(graph), initial_weights(graph, 1)
    assert [*parts.trunk.parameters, *parts.head.parameters] == list(graph.parameters)
    assert parts.head.output_shape == (7,)
    x = torch.rand(3, *graph.input_shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        together = parts.head.to_module(weights).eval()(parts.trunk.to_module(weights).eval()(x))
    torch.testing.assert_close(together, outputs(graph, weights, x), rtol=0, atol=0)
    for part in (parts.trunk, parts.head):
        assert Graph.from_json(part.to_json()) == part


@pytest.mark.parametrize("name", nets.names())
def test_adapted_is_the_network_for_other_classes(name: str) -> None:
    graph = nets.graph(name, classes=7)
    assert adapted(graph, graph.input_shape, 2) == nets.graph(name, classes=2)


def test_adapted_names_the_layer_that_does_not_take_the_size() -> None:
    with pytest.raises(ShapeError, match=r"layer 'conv2' .* is impossible"):
        adapted(nets.graph("simple-cnn-4-8"), (1, 6, 6), 10)


def test_dropout_before_and_what_follows_belong_to_the_head() -> None:
    def layers(b: Builder, x: Node) -> Node:
        x = b.dropout(b.relu(b.conv2d(x, 4, kernel_size=3)))
        x = b.dropout(b.dropout(b.global_average_pool(x), 0.2, name="first"), 0.3, name="second")
        return b.append("log_softmax", b.linear(x, 3, name="score"))

    parts = cut(built(layers, 1, 8, 8))
    assert [node.name for node in parts.head.nodes[1:]] == ["first", "second", "score", "log_softmax1"]
    assert parts.trunk.output_shape == parts.head.input_shape == (4,)
    assert "dropout1" in parts.trunk.by_name


def test_a_convolution_can_be_the_last_layer() -> None:
    graph = built(
        lambda b, x: b.global_average_pool(b.conv2d(b.relu(b.conv2d(x, 4, kernel_size=3)), 5, kernel_size=1)),
        1,
        8,
        8,
    )
    parts = cut(graph)
    assert (parts.layer.name, parts.trunk.output_shape) == ("conv2", (4, 6, 6))
    assert adapted(graph, (1, 9, 8), 2).output_shape == (2,)


def test_frozen_tensors_of_the_head_stay_frozen() -> None:
    b = Builder("mine")
    x = b.flatten(b.conv2d(b.input(1, 4, 4), 2, kernel_size=3))
    graph = b.build(b.linear(x, 3), frozen=["linear1.bias", "conv1.weight"])
    assert cut(graph).head.trained == ("linear1.weight",)


def test_networks_without_a_last_layer_are_refused() -> None:
    def two(b: Builder, x: Node) -> Node:
        x = b.flatten(x)
        return b.add(b.linear(x, 3), b.linear(x, 3))

    with pytest.raises(UnsupportedOperation, match=r"mine cannot be divided.*comes from add1 \(add\)"):
        head_layer(built(two, 1, 4, 4))
    with pytest.raises(UnsupportedOperation, match="nothing with weights"):
        head_layer(built(lambda b, x: b.global_average_pool(x), 3, 4, 4))
    with pytest.raises(UnsupportedOperation, match="linear1 is its only layer with weights"):
        cut(built(lambda b, x: b.linear(b.flatten(x), 3), 1, 4, 4))


def test_a_head_that_shares_its_weights_is_refused() -> None:
    def tied(b: Builder, x: Node) -> Node:
        x = b.relu(b.linear(b.flatten(x), 16, name="a"))
        return b.append(
            "linear", x, name="b", parameters={"weight": "a.weight", "bias": "a.bias"}, out_features=16
        )

    with pytest.raises(UnsupportedOperation, match=r"a\.bias is shared with the layers before"):
        cut(built(tied, 1, 4, 4))
