"""Steps of a forward pass alone that take several blocks of pictures together.

They are maps of a few positions, Winograd's tiles where a map has few of them, and large linear layers.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope import nets
from convscope.graph import Builder, Graph, Node
from convscope.lanes.network import Network

from .oracle import INSTRUCTION_SETS, batch, check_outputs, coarse_weights
from .test_kernels import network

some = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
COUNTS = st.sampled_from([1, 16, 17, 47, 160])


@some
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    st.integers(1, 13),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 2),
    st.sampled_from(["relu", "tanh", None]),
    COUNTS,
    st.integers(0, 999),
)
def test_a_map_of_a_few_positions(
    size: tuple[int, int],
    channels: int,
    stride: int,
    dilation: int,
    padding: int,
    activation: str | None,
    count: int,
    seed: int,
) -> None:
    def body(b: Builder, x: Node) -> Node:
        y = b.conv2d(x, channels, kernel_size=3, stride=stride, dilation=dilation, padding=padding)
        return getattr(b, activation)(y) if activation else y

    graph = network((3, *size), body, channels=9)
    check_outputs(graph, coarse_weights(graph, seed), batch(graph, count, seed)[0])


def with_few_tiles(kernel_size: int, *, pool: bool, size: int, channels: int = 16) -> Graph:
    b = Builder("net")
    x = b.conv2d(b.input(3, size, size), channels, kernel_size=1)
    x = b.relu(b.conv2d(x, channels, kernel_size=kernel_size, padding=kernel_size // 2))
    return b.build(b.linear(b.flatten(b.max_pool(x, 2) if pool else x), 3))


@pytest.mark.parametrize("count", [1, 33, 300])
@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("size", [4, 5, 6, 7, 9, 11])
@pytest.mark.parametrize("kernel_size", [3, 5])
def test_tiles(kernel_size: int, size: int, pool: bool, count: int) -> None:
    graph = with_few_tiles(kernel_size, pool=pool, size=size)
    check_outputs(graph, coarse_weights(graph, 1), batch(graph, count, 2)[0])


@pytest.mark.parametrize("features", [1, 127, 128, 300])
@pytest.mark.parametrize("outputs", [60, 256])
def test_a_large_linear_layer(features: int, outputs: int) -> None:
    b = Builder("net")
    x = b.relu(b.linear(b.input(features), outputs))
    graph = b.build(b.linear(x, 3))
    check_outputs(graph, coarse_weights(graph, 3), batch(graph, 75, 4)[0])


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
@pytest.mark.parametrize("threads", [1, 3])
def test_a_row_does_not_depend_on_the_others(instruction_set: str, threads: int) -> None:
    """Bit for bit, however many pictures come at once."""
    graph = nets.graph("resnet-18", (1, 28, 28))
    weights = coarse_weights(graph, 0)
    x = batch(graph, 210, 5, coarse=False)[0]
    network = Network(graph, weights, training=False, threads=threads, instruction_set=instruction_set)
    once = network.outputs(x)
    apart = [network.outputs(x[start : start + 33]) for start in range(0, 210, 33)]
    np.testing.assert_array_equal(np.concatenate(apart), once)
    alone = Network(graph, weights, training=False, threads=1, instruction_set=instruction_set)
    np.testing.assert_array_equal(alone.outputs(x[:1]), once[:1])
