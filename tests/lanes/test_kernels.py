"""Every operation of the plan, forward and backward, against PyTorch in float64, on every instruction set."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from convscope.errors import ShapeError
from convscope.graph import Builder, Graph, Node

from .oracle import INSTRUCTION_SETS, check, coarse_weights, lanes_step, torch_step

COUNTS = st.sampled_from([1, 15, 16, 17])
SEEDS = st.integers(0, 999)
SOME_NORM = st.sampled_from([2, 15, 16, 17])  # one number per channel has no variance

# impossible windows and numbers next to a kink are left out
some = settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
few = settings(max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])


def network(
    shape: tuple[int, ...],
    body: Callable[[Builder, Node], Node],
    *,
    channels: int | None = None,
    classes: int = 3,
) -> Graph:
    """`body` between a pointwise convolution and a linear layer.

    The gradient of the first needs that of the body's input.
    """
    b = Builder("net")
    x = b.input(*shape)
    pointwise = b.conv2d if len(shape) == 3 else b.conv1d
    x = pointwise(x, channels or shape[0], kernel_size=1, name="before")
    try:
        x = body(b, x)
    except ShapeError:
        assume(False)
    if len(x.shape) > 1:
        x = b.flatten(x)
    return b.build(b.linear(x, classes, name="after"))


@st.composite
def shapes(draw: st.DrawFn, rank: int | None = None, most: int = 11) -> tuple[int, ...]:
    rank = rank or draw(st.integers(1, 2))
    return (draw(st.integers(1, 3)), *(draw(st.integers(1, most)) for _ in range(rank)))


def per_axis(draw: st.DrawFn, rank: int, high: int) -> tuple[int, ...]:
    return tuple(draw(st.integers(1, high)) for _ in range(rank))


def sides(draw: st.DrawFn, most: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((draw(st.integers(0, m)), draw(st.integers(0, m))) for m in most)


# convolutions


@st.composite
def convolutions(draw: st.DrawFn) -> Graph:
    shape = draw(shapes())
    rank = len(shape) - 1
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    window = {
        "kernel_size": per_axis(draw, rank, 5),
        "stride": per_axis(draw, rank, 4),
        "dilation": per_axis(draw, rank, 3),
        "padding": sides(draw, (4,) * rank),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    if rank == 1:
        window |= {name: window[name][0] for name in ("kernel_size", "stride", "dilation")}
    channels = groups * draw(st.integers(1, 11 // groups))
    out = groups * draw(st.integers(1, 11 // groups))
    return network(
        shape, lambda b, x: getattr(b, f"conv{rank}d")(x, out_channels=out, **window), channels=channels
    )


@some
@given(convolutions(), COUNTS, SEEDS)
def test_convolution(graph: Graph, count: int, seed: int) -> None:
    check(graph, count, seed)


@pytest.mark.parametrize("channels", range(1, 12))
def test_every_number_of_channels(channels: int) -> None:
    """Register tiles of every size, in and out; 27 columns: more than a tile takes."""
    check(
        network((2, 5, 27), lambda b, x: b.conv2d(x, 12 - channels, kernel_size=3), channels=channels), 17, 1
    )


@pytest.mark.parametrize("multiplier", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_convolution(multiplier: int, stride: int) -> None:
    check(
        network(
            (2, 9, 8),
            lambda b, x: b.conv2d(x, 7 * multiplier, kernel_size=3, padding=1, stride=stride, groups=7),
            channels=7,
        ),
        17,
        2,
    )


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_pointwise_convolution(stride: int) -> None:
    check(network((3, 7, 8), lambda b, x: b.conv2d(x, 5, kernel_size=1, stride=stride)), 15, 3)


@st.composite
def wide_convolutions(draw: st.DrawFn) -> Graph:
    """Of 3×3 and 5×5 with 8 channels or more, which the plan may do with fewer multiplications."""
    size = draw(st.integers(4, 9)), draw(st.integers(4, 9))
    channels, out = draw(st.integers(8, 17)), draw(st.integers(8, 17))
    kernel = draw(st.sampled_from([3, 5]))
    padding = sides(draw, (kernel - 1,) * 2)
    tail = draw(st.sampled_from(["", "relu", "tanh", "relu, pool", "pool", "norm, relu, pool", "read twice"]))

    def body(b: Builder, x: Node) -> Node:
        y = b.conv2d(x, out, kernel_size=kernel, padding=padding, bias=draw(st.booleans()))
        if tail == "read twice":
            return b.concat(b.flatten(x), b.flatten(b.tanh(y)), b.flatten(y))
        y = b.batch_norm(y) if "norm" in tail else y
        y = b.relu(y) if "relu" in tail else b.tanh(y) if "tanh" in tail else y
        return b.max_pool(y, 2) if "pool" in tail else y

    return network((1, *size), body, channels=channels)


@few
@given(wide_convolutions(), COUNTS, SEEDS)
def test_wide_convolution(graph: Graph, count: int, seed: int) -> None:
    check(graph, count, seed)


def test_one_pixel_and_kernels_that_see_mostly_padding() -> None:
    for padding in (1, ((4, 0), (0, 4))):
        check(network((2, 1, 1), lambda b, x, p=padding: b.conv2d(x, 3, kernel_size=3, padding=p)), 16, 4)


# pools


@st.composite
def pools(draw: st.DrawFn) -> Graph:
    shape = draw(shapes())
    rank = len(shape) - 1
    kernel = per_axis(draw, rank, 4)
    kind = draw(st.sampled_from(["max_pool", "average_pool"]))
    window: dict[str, Any] = {"kernel_size": kernel, "stride": per_axis(draw, rank, 5)}
    if draw(st.booleans()):  # as PyTorch's own pools take it
        window["padding"] = tuple((p, p) for p in (draw(st.integers(0, k // 2)) for k in kernel))
        window["ceil_mode"] = draw(st.booleans())
    else:
        window["padding"] = sides(draw, tuple(k - 1 for k in kernel))
    if kind == "average_pool":
        window["count_include_pad"] = draw(st.booleans())
    else:
        window["dilation"] = per_axis(draw, rank, 2)
    graph = network(shape, lambda b, x: b.append(f"{kind}{rank}d", x, **window))
    assume(
        graph.to_module()(torch.zeros(1, *shape)).isfinite().all()
    )  # a dilated window may see padding only
    return graph


@some
@given(pools(), COUNTS, SEEDS)
def test_pool(graph: Graph, count: int, seed: int) -> None:
    check(graph, count, seed)


@few
@given(shapes(), st.data(), COUNTS, SEEDS)
def test_adaptive_pool(shape: tuple[int, ...], data: st.DataObject, count: int, seed: int) -> None:
    """To fewer positions, to as many, and to more than there are."""
    rank = len(shape) - 1
    kind = data.draw(st.sampled_from(["average", "max"]))
    size = per_axis(data.draw, rank, 6)
    check(
        network(shape, lambda b, x: b.append(f"adaptive_{kind}_pool{rank}d", x, output_size=size)),
        count,
        seed,
    )


@pytest.mark.parametrize("shape", [(3, 7, 5), (2, 9)])
def test_global_average_and_mean(shape: tuple[int, ...]) -> None:
    axes = tuple(range(2, len(shape) + 1))
    check(network(shape, lambda b, x: b.global_average_pool(x)), 17, 5)
    for keepdim in (True, False):
        check(network(shape, lambda b, x, k=keepdim: b.append("mean", x, dim=axes, keepdim=k)), 17, 5)


TIED: dict[str, Callable[[Builder, Node], Node]] = {
    "fused": lambda b, x: b.max_pool(x, 2),
    "fused with relu": lambda b, x: b.max_pool(b.relu(x), 2),
    "fused with relu6, pool first": lambda b, x: b.append("relu6", b.max_pool(x, 2)),
    "fused with batch norm": lambda b, x: b.max_pool(b.relu(b.batch_norm(x)), 2),
    "2x2 alone": lambda b, x: b.max_pool(b.append("affine", x, factor=2.0), 2),
    "overlapping": lambda b, x: b.max_pool(x, 3, stride=1, padding=1),
    "dilated": lambda b, x: b.append(
        "max_pool2d", x, kernel_size=(2, 2), stride=(1, 2), dilation=(2, 1), padding=((1, 0), (0, 1))
    ),
    "adaptive": lambda b, x: b.append("adaptive_max_pool2d", x, output_size=(2, 3)),
    "global": lambda b, x: b.append("adaptive_max_pool2d", x, output_size=(1, 1)),
}


@pytest.mark.parametrize("kind", TIED)
@pytest.mark.parametrize("size", [(4, 4), (5, 7)])
def test_ties_go_to_the_first_maximum(size: tuple[int, int], kind: str) -> None:
    """Pictures of -1, 0 and 1, where most windows have several maxima.

    The pointwise convolution has one more input channel per position, 1 there and 0 elsewhere, with weight 0:
    the gradient of that weight is the gradient at that position.
    """
    positions = math.prod(size)
    graph = network((1 + positions, *size), TIED[kind], channels=1, classes=2)
    weights = coarse_weights(graph, 0)
    weights["before.weight"] = np.eye(1, 1 + positions, dtype=np.float32)[:, :, None, None]
    if "norm1.weight" in weights:
        weights["norm1.bias"] += 2  # most are above 0
    pictures = np.random.default_rng(1).integers(-1, 2, (5, 1, *size)).astype(np.float32)
    where = np.broadcast_to(
        np.eye(positions, dtype=np.float32).reshape(1, positions, *size), (5, positions, *size)
    )
    x = np.concatenate([pictures, where], axis=1)
    labels = np.array([0, 1, 1, 0, 1])
    expected = torch_step(graph.to_module(weights).double(), x, labels).gradients["before.weight"]
    for name in INSTRUCTION_SETS:
        actual = lanes_step(graph, weights, x, labels, name).gradients["before.weight"]
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


# activations and other operations on single numbers

ACTIVATIONS: list[tuple[str, dict[str, float | str]]] = [
    ("relu", {}), ("relu6", {}), ("tanh", {}), ("sigmoid", {}), ("silu", {}), ("gelu", {}),
    ("gelu", {"approximate": "tanh"}), ("elu", {}), ("elu", {"alpha": 0.4}), ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": 0.3}), ("leaky_relu", {"negative_slope": 0.0}),
    ("leaky_relu", {"negative_slope": -0.5}),
]  # fmt: skip
ORDERS: dict[str, Callable[[Builder, Node, Callable[[Node], Node]], Node]] = {
    "alone": lambda b, x, act: act(b.add(x, x)),
    "conv": lambda _, x, act: act(x),
    "conv, pool": lambda b, x, act: b.max_pool(act(x), 2),
    "pool between": lambda b, x, act: act(b.max_pool(x, 2)),
    "conv, larger pool": lambda b, x, act: b.max_pool(act(x), 3, stride=2),
    "norm": lambda b, x, act: act(b.batch_norm(x)),
    "norm, pool": lambda b, x, act: b.max_pool(act(b.batch_norm(x)), 2),
    "norm, pool between": lambda b, x, act: act(b.max_pool(b.batch_norm(x), 2)),
    "norm, average": lambda b, x, act: b.append(
        "average_pool2d", act(b.batch_norm(x)), kernel_size=(2, 2), stride=(2, 2)
    ),
    "norm, sum": lambda b, x, act: act(b.add(b.batch_norm(x), x)),
    "sum, norm": lambda b, x, act: act(b.add(x, b.batch_norm(x))),
    "norm, sum, pool": lambda b, x, act: b.max_pool(
        act(b.add(b.batch_norm(x), b.conv2d(x, 3, kernel_size=1))), 2
    ),
    "two norms, sum": lambda b, x, act: act(
        b.add(b.batch_norm(x), b.batch_norm(b.conv2d(x, 3, kernel_size=1)))
    ),
    "read twice": lambda b, x, act: b.add(b.max_pool(x, 2), b.max_pool(act(x), 2)),
    "pool read twice": lambda b, x, act: b.concat(act(y := b.max_pool(x, 2)), y),
    "features": lambda b, x, act: act(b.linear(b.flatten(x), 9)),
    "norm of features": lambda b, x, act: act(b.batch_norm(b.linear(b.flatten(x), 9))),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("kind", "attributes"), ACTIVATIONS, ids=lambda value: str(value))
def test_activation_in_every_order(kind: str, attributes: dict[str, Any], order: str) -> None:
    """Followed by a convolution with padding, so that gradients have a border."""

    def body(b: Builder, x: Node) -> Node:
        x = ORDERS[order](b, x, lambda y: b.append(kind, y, **attributes))
        return b.conv2d(x, 2, kernel_size=3, padding=1) if len(x.shape) == 3 else x

    check(network((2, 5, 6), body, channels=3), 17, 6, coarse=False)


def test_activations_of_large_numbers() -> None:
    """Where exponentials overflow or vanish."""
    for kind, attributes in ACTIVATIONS:
        b = Builder("large")
        x = b.append(kind, b.append("affine", b.input(1, 1, 9), factor=60.0), **attributes)
        graph = b.build(b.linear(b.flatten(x), 2, bias=False))
        check(graph, 16, 7)


OPERATIONS: dict[str, Callable[[Builder, Node], Node]] = {
    "add": lambda b, x: b.add(x, b.relu(x), b.tanh(x)),
    "add itself": lambda b, x: b.add(x, x),
    "multiply": lambda b, x: b.append("multiply", x, b.tanh(x), b.append("sigmoid", x)),
    "square": lambda b, x: b.append("multiply", x, x),
    "affine": lambda b, x: b.append("affine", x, factor=-1.5, offset=0.7),
    "affine, read twice": lambda b, x: b.add(b.append("affine", x, factor=-1.5, offset=0.7), x),
    "concat": lambda b, x: b.concat(x, b.relu(x), b.conv2d(x, 2, kernel_size=1)),
    "concat itself": lambda b, x: b.concat(x, x),
    "concat of features": lambda b, x: b.concat(b.flatten(x), b.linear(b.flatten(x), 5)),
    "concat, convolution": lambda b, x: b.conv2d(b.concat(x, b.tanh(x)), 2, kernel_size=3, padding=2),
    "pad": lambda b, x: b.append("pad", x, padding=((1, 2), (0, 3))),
    "pad one axis": lambda b, x: b.append("pad", x, padding=((2, 1),)),
    "pad, convolution": lambda b, x: b.conv2d(
        b.append("pad", x, padding=((1, 2), (0, 3))), 2, kernel_size=3, padding=1
    ),
    "pad, read twice": lambda b, x: b.conv2d(
        b.add(b.append("pad", x, padding=((1, 1), (1, 1))), b.conv2d(x, 2, kernel_size=1, padding=1)),
        2,
        kernel_size=3,
        stride=2,
        padding=1,
    ),
    "reshape": lambda b, x: b.conv2d(b.append("reshape", x, shape=(6, 2, 5)), 2, kernel_size=2),
    "reshape, padding": lambda b, x: b.conv2d(
        b.append("reshape", x, shape=(6, 2, 5)), 2, kernel_size=3, padding=1
    ),
    "reshape of a padded one": lambda b, x: b.concat(
        b.flatten(x), b.flatten(b.conv2d(x, 2, kernel_size=3, padding=1))
    ),
    "features to a picture": lambda b, x: b.conv2d(
        b.append("reshape", b.linear(b.flatten(x), 24), shape=(2, 3, 4)), 2, kernel_size=3, padding=1
    ),
    "to a signal": lambda b, x: b.conv1d(b.append("reshape", x, shape=(4, 15)), 2, kernel_size=3, padding=1),
    "flatten twice": lambda b, x: b.flatten(b.flatten(x)),
    "flatten from the second axis": lambda b, x: b.append("flatten", x, start_dim=2),
    "softmax": lambda b, x: b.append("softmax", b.linear(b.flatten(x), 7)),
    "softmax, read twice": lambda b, x: b.add(y := b.linear(b.flatten(x), 7), b.append("softmax", y)),
    "log softmax": lambda b, x: b.append("log_softmax", b.linear(b.flatten(x), 7)),
    "log softmax, read twice": lambda b, x: b.add(y := b.linear(b.flatten(x), 7), b.append("log_softmax", y)),
    "dropout of nothing": lambda b, x: b.tanh(b.dropout(x, 0.0)),
    "dropout of nothing, flattened": lambda b, x: b.concat(
        b.flatten(x), b.flatten(b.conv2d(b.dropout(x, 0.0), 2, kernel_size=3, padding=1))
    ),
    "reshape, dropout of nothing, convolution": lambda b, x: b.conv2d(
        b.dropout(b.append("reshape", x, shape=(6, 2, 5)), 0.0), 2, kernel_size=3, padding=1
    ),
    "linear": lambda b, x: b.linear(b.linear(b.flatten(x), 33), 17, bias=False),
    "linear, read twice": lambda b, x: b.add(b.linear(y := b.flatten(x), 8), b.linear(y, 8)),
    "residual": lambda b, x: b.relu(b.add(b.conv2d(b.relu(b.conv2d(x, 4, kernel_size=3, padding=1)), 2,
                                                   kernel_size=3, padding=1), x)),
    "pools read twice": lambda b, x: b.concat(
        b.max_pool(x, 2), b._pool("average_pool", x, 2, 2, 0, None), b.max_pool(x, 2, stride=2)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name: str) -> None:
    check(network((2, 5, 6), OPERATIONS[name]), 17, 8)


def test_outputs_that_are_probabilities() -> None:
    """Softmax or its logarithm as the last layer; the loss takes them for logits, as PyTorch's does."""
    for kind in ("softmax", "log_softmax"):
        b = Builder(kind)
        check(b.build(b.append(kind, b.linear(b.flatten(b.input(1, 2, 3)), 4))), 5, 9)


@pytest.mark.parametrize(("features", "outputs"), [(1, 2), (16, 16), (17, 33), (300, 3)])
def test_linear(features: int, outputs: int) -> None:
    check(
        network(
            (2, 3, 5),
            lambda b, x: b.linear(b.relu(b.linear(b.flatten(x), features)), outputs, bias=False),
            classes=2,
        ),
        16,
        10,
    )


# batch norm


@few
@given(
    shapes(), st.booleans(), st.sampled_from([1e-5, 0.3]), st.sampled_from([0.1, 0.0, 1.0]), SOME_NORM, SEEDS
)
def test_batch_norm(
    shape: tuple[int, ...], affine: bool, eps: float, momentum: float, count: int, seed: int
) -> None:
    """Alone, after a convolution that nothing else reads, and after one that something else reads."""
    settings = {"affine": affine, "eps": eps, "momentum": momentum}

    def after_a_fork(b: Builder, x: Node) -> Node:
        return b.add(b.append("batch_norm", x, **settings), b.tanh(x))

    assume(math.prod(shape[1:]) > 1 or count > 4)  # few numbers may all be equal: 0 / sqrt(eps)
    check(network(shape, lambda b, x: b.append("batch_norm", x, **settings), channels=3), count, seed)
    check(network(shape, after_a_fork, channels=3), count, seed)
    b = Builder("alone")
    x = b.append("batch_norm", b.append("affine", b.input(*shape), factor=0.5), **settings)
    check(b.build(b.linear(b.flatten(x), 2)), count, seed)


def test_batch_norm_of_one_picture() -> None:
    check(network((2, 3, 4), lambda b, x: b.relu(b.batch_norm(x))), 1, 11)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_of_features(affine: bool) -> None:
    check(
        network((1, 3, 3), lambda b, x: b.append("batch_norm", b.linear(b.flatten(x), 5), affine=affine)),
        17,
        12,
    )
    check(network((1, 3, 3), lambda b, x: b.append("batch_norm", b.flatten(x), affine=affine)), 16, 12)


def test_batch_norm_far_from_zero() -> None:
    """A mean a thousand times the deviation: one pass over sums of squares would lose all digits."""
    b = Builder("far")
    x = b.batch_norm(b.append("affine", b.input(2, 4, 4), offset=1000.0))
    check(b.build(b.linear(b.flatten(x), 2)), 33, 13)
