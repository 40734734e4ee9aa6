"""Every operation of the graph in ONNX Runtime, against PyTorch, with any settings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from convscope.errors import ShapeError, UsageError
from convscope.graph import Graph
from convscope.graph.operation import OPERATIONS
from convscope.graph.torch_layers import FUNCTIONS as IN_PYTORCH
from convscope.ship.onnx_model.layer import FUNCTIONS

from ...graph.modules import CASES
from ...lanes.networks import networks
from .oracle import check_like_pytorch, model_of_graph, numbers, one_layer, random_weights, run

Case = tuple[np.ndarray, str, dict[str, Any]]


def layer_of(x: np.ndarray, kind: str, **attributes: Any) -> Graph:
    """One layer, or an assumption that fails where the graph refuses it."""
    try:
        return one_layer(x, lambda builder, node: builder.append(kind, node, **attributes))
    except (ShapeError, UsageError):
        assume(False)
        raise


def per_axis(draw: st.DrawFn, rank: int, low: int, high: int) -> tuple[int, ...]:
    return draw(st.tuples(*[st.integers(low, high)] * rank))


def sides(draw: st.DrawFn, most: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((draw(st.integers(0, m)), draw(st.integers(0, m))) for m in most)


def picture(draw: st.DrawFn, rank: int, channels: int, most: int = 12) -> np.ndarray:
    return numbers(2, channels, *per_axis(draw, rank, 1, most), seed=draw(st.integers(0, 99)))


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    rank, groups = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    kernel_size, stride, dilation = (per_axis(draw, rank, 1, high) for high in (5, 4, 3))
    return (
        picture(draw, rank, groups * draw(st.integers(1, 2))),
        f"conv{rank}d",
        {
            "out_channels": groups * draw(st.integers(1, 2)),
            "kernel_size": kernel_size,
            "stride": stride,
            "dilation": dilation,
            "groups": groups,
            "bias": draw(st.booleans()),
            "padding": sides(draw, (6,) * rank),
        },
    )


@st.composite
def pools(draw: st.DrawFn) -> Case:
    rank, kind = draw(st.integers(1, 2)), draw(st.sampled_from(["max", "average", "lp"]))
    kernel_size, stride = per_axis(draw, rank, 1, 4), per_axis(draw, rank, 1, 5)
    attributes: dict[str, Any] = {"kernel_size": kernel_size, "stride": stride}
    extents = kernel_size
    if kind == "max":
        attributes["dilation"] = per_axis(draw, rank, 1, 3)
        extents = tuple(d * (k - 1) + 1 for d, k in zip(attributes["dilation"], kernel_size, strict=True))
    if kind == "average":
        attributes["count_include_pad"] = draw(st.booleans())
    if kind == "lp":
        attributes["p"] = draw(st.sampled_from([1.0, 2.0, 3.0, 0.5, 2.5]))
    attributes["ceil_mode"] = draw(st.booleans())
    if attributes["ceil_mode"]:  # PyTorch's own padding
        most = (0,) * rank if kind == "lp" else tuple(k // 2 for k in kernel_size)
        attributes["padding"] = tuple((n, n) for n in (draw(st.integers(0, m)) for m in most))
    else:
        attributes["padding"] = sides(draw, tuple(e - 1 for e in extents))
    x = picture(draw, rank, 2)
    whole = kind != "lp" or attributes["p"] in (1.0, 2.0, 3.0)
    return (x if whole and draw(st.booleans()) else np.abs(x)), f"{kind}_pool{rank}d", attributes


@st.composite
def adaptive(draw: st.DrawFn) -> Case:
    rank, kind = draw(st.integers(1, 2)), draw(st.sampled_from(["max", "average"]))
    size = {"output_size": per_axis(draw, rank, 1, 7)}
    return picture(draw, rank, 2), f"adaptive_{kind}_pool{rank}d", size


@st.composite
def borders(draw: st.DrawFn) -> Case:
    rank = draw(st.integers(1, 2))
    mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
    axes = draw(st.integers(1, rank)) if mode == "zeros" else rank
    pairs = draw(st.tuples(*[st.tuples(st.integers(-3, 5), st.integers(-3, 5))] * axes))
    value = draw(st.sampled_from([0.0, -1.5])) if mode == "zeros" else 0.0
    x = picture(draw, rank, 2)
    for n, (before, after) in zip(x.shape[-axes:], pairs, strict=True):
        left = n + min(before, 0) + min(after, 0)
        # PyTorch reads what it has not written where a circular border is wider than what is left
        assume(left >= 1 and (mode != "circular" or max(before, after) <= left))
    return x, "pad", {"padding": pairs, "mode": mode, "value": value}


@settings(max_examples=120)
@given(convolutions())
def test_convolutions(case: Case) -> None:
    x, kind, attributes = case
    check_like_pytorch(layer_of(x, kind, **attributes), x)


@settings(max_examples=300)
@given(pools())
def test_pools(case: Case) -> None:
    x, kind, attributes = case
    graph = layer_of(x, kind, **attributes)
    if kind.startswith("max"):  # a dilated window may look at nothing but padding: -inf, or the least float
        wanted = graph.to_module()(torch.from_numpy(x))
        assume(bool(torch.isfinite(wanted).all()))
    # a root of a sum near 0 is as uncertain as it is steep
    check_like_pytorch(graph, x, tolerance=1e-3 if kind.startswith("lp") else 2e-5)


@settings(max_examples=120)
@given(adaptive())
def test_adaptive_pools(case: Case) -> None:
    x, kind, attributes = case
    check_like_pytorch(layer_of(x, kind, **attributes), x)


@settings(max_examples=150)
@given(borders())
def test_borders(case: Case) -> None:
    x, kind, attributes = case
    check_like_pytorch(layer_of(x, kind, **attributes), x)


FOLLOWING: dict[str, dict[str, Any]] = {
    "max_pool2d": {"kernel_size": (2, 2)},
    "average_pool2d": {"kernel_size": (2, 2), "count_include_pad": False},
    "lp_pool2d": {"kernel_size": (2, 2), "p": 1.0},
    "adaptive_max_pool2d": {"output_size": (2, 2)},
    "conv2d": {"out_channels": 2, "kernel_size": (2, 2)},
}


@pytest.mark.parametrize("kind", FOLLOWING)
@pytest.mark.parametrize("sides", [((1, 1), (1, 1)), ((2, 0), (0, 4)), ((-1, 1), (0, -2)), ((-2, 0), (3, 1))])
@pytest.mark.parametrize("value", [0.0, -0.5])
def test_a_border_before_a_window(kind: str, sides: tuple[tuple[int, int], ...], value: float) -> None:
    """ONNX Runtime would make them one, with another border, or refuse the file. Negative numbers show it."""
    x = -1 - np.abs(numbers(2, 2, 6, 6))

    def append(builder: Any, node: Any) -> Any:
        node = builder.append("pad", node, padding=sides, value=value)
        return builder.append(kind, node, **FOLLOWING[kind])

    check_like_pytorch(one_layer(x, append), x)


@settings(max_examples=60)
@given(st.data())
def test_norms(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(6,), (6, 5), (6, 4, 3), (6, 1, 1)]))
    x = 3 * numbers(4, *shape, seed=data.draw(st.integers(0, 99))) + 1
    eps = data.draw(st.sampled_from([1e-5, 1e-3, 0.1]))
    kind = data.draw(st.sampled_from(["batch_norm", "group_norm", "layer_norm"]))
    attributes: dict[str, Any] = {"eps": eps}
    if kind == "layer_norm":
        axes = data.draw(st.integers(1, len(shape)))
        attributes |= {"normalized_shape": shape[-axes:], "bias": data.draw(st.booleans())}
        attributes["elementwise_affine"] = data.draw(st.booleans())
    else:
        attributes["affine"] = data.draw(st.booleans())
    if kind == "group_norm":
        attributes["num_groups"] = data.draw(st.sampled_from([1, 2, 3] if shape == (6,) else [1, 2, 3, 6]))
    check_like_pytorch(layer_of(x, kind, **attributes), x, tolerance=1e-4)


@settings(max_examples=100)
@given(st.data())
def test_layers_without_a_window(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from([(12,), (4, 6), (2, 3, 4)]))
    x = numbers(3, *shape, seed=data.draw(st.integers(0, 99)))
    axes = range(1, len(shape) + 1)
    kind = data.draw(st.sampled_from(["linear", "flatten", "reshape", "mean", "softmax", "log_softmax"]))
    attributes: dict[str, Any] = {"dim": data.draw(st.sampled_from(axes))}
    if kind == "linear":
        attributes = {"out_features": data.draw(st.integers(1, 5)), "bias": data.draw(st.booleans())}
    if kind == "flatten":
        attributes = {"start_dim": attributes["dim"]}
    if kind == "reshape":
        total = math.prod(shape)
        shapes = [(total,), (2, total // 2), (total // 4, 2, 2), (1, total, 1, 1)]
        attributes = {"shape": data.draw(st.sampled_from(shapes))}
    if kind == "mean":
        chosen = data.draw(st.sets(st.sampled_from(axes), min_size=1))
        attributes = {"dim": tuple(chosen), "keepdim": data.draw(st.booleans())}
    check_like_pytorch(layer_of(x, kind, **attributes), x)


ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in ("relu", "relu6", "sigmoid", "tanh", "silu", "hardswish", "hardsigmoid")),
    *((name, {}) for name in ("mish", "selu", "dropout", "dropout2d")),
    *(("leaky_relu", {"negative_slope": slope}) for slope in (0.01, 0.3, 0.0)),
    *(("elu", {"alpha": alpha}) for alpha in (1.0, 0.4)),
    *(("gelu", {"approximate": name}) for name in ("none", "tanh")),
    *(("affine", {"factor": factor, "offset": offset}) for factor in (1.0, -0.7) for offset in (0.0, 2.5)),
]


@pytest.mark.parametrize(("kind", "attributes"), ACTIVATIONS)
def test_activations(kind: str, attributes: dict[str, Any]) -> None:
    """From far below zero to far above, so that both ends of each curve are there."""
    x = np.linspace(-30, 30, 2 * 3 * 101, dtype=np.float32).reshape(2, 3, 101)
    check_like_pytorch(layer_of(x, kind, **attributes), x)


@settings(max_examples=60)
@given(st.data())
def test_sums_and_products_stretch(data: st.DataObject) -> None:
    """Of two to four values, whose axes of 1 stretch."""
    x = numbers(2, 3, 4, 5, seed=data.draw(st.integers(0, 99)))
    dims = data.draw(st.lists(st.sets(st.integers(1, 3)), min_size=1, max_size=3))
    kind = data.draw(st.sampled_from(["add", "multiply"]))

    def append(builder: Any, node: Any) -> Any:
        means = [builder.append("mean", node, dim=tuple(d), keepdim=True) if d else node for d in dims]
        return builder.append(kind, node, *means)

    check_like_pytorch(one_layer(x, append), x)


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_concat(dim: int) -> None:
    x = numbers(2, 3, 4, 5)

    def append(builder: Any, node: Any) -> Any:
        wider = builder.append("concat", node, builder.relu(node), dim=dim)
        return builder.append("concat", wider, node, wider, node, dim=dim)

    check_like_pytorch(one_layer(x, append), x)


def test_every_operation_is_written() -> None:
    assert set(FUNCTIONS) == set(OPERATIONS) - {"input"} == set(IN_PYTORCH)


@settings(max_examples=60)
@given(networks())
def test_whole_networks(graph: Graph) -> None:
    check_like_pytorch(graph, numbers(3, *graph.input_shape), tolerance=1e-3)


@pytest.mark.parametrize("name", CASES)
def test_traced_modules(name: str) -> None:
    """What people write: layers used twice, tied weights, borders of all kinds."""
    import warnings

    from convscope.graph.tracing import trace

    make, shape = CASES[name]
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = trace(make(), shape)
    x = np.abs(numbers(3, *shape))
    check_like_pytorch(graph, x, tolerance=1e-4)
    weights = random_weights(graph)
    model = model_of_graph(graph, weights)
    names = [node.name for node in model.graph.node]
    assert [name for name in names if name in graph.by_name] == [node.name for node in graph.nodes[1:]]
    kept = [tensor.name for tensor in model.graph.initializer]
    used = [name for name in graph.parameters if not name.endswith("num_batches_tracked")]
    assert [name for name in kept if name in graph.parameters] == used  # each once


@pytest.mark.parametrize("kind", ["conv2d", "average_pool2d", "adaptive_max_pool2d", "group_norm", "gelu"])
def test_onnxs_own_evaluator_agrees(kind: str) -> None:
    """A second opinion, of what ONNX defines rather than what ONNX Runtime computes."""
    x = numbers(2, 4, 7, 6)
    attributes: dict[str, dict[str, Any]] = {
        "conv2d": {"out_channels": 6, "kernel_size": (3, 2), "padding": ((1, 2), (0, 1)), "groups": 2},
        "average_pool2d": {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1))},
        "adaptive_max_pool2d": {"output_size": (3, 4)},
        "group_norm": {"num_groups": 2},
    }
    if kind == "average_pool2d":
        attributes[kind]["ceil_mode"] = True
    graph = layer_of(x, kind, **attributes.get(kind, {}))
    model = model_of_graph(graph, random_weights(graph))
    (found,) = ReferenceEvaluator(model).run(None, {"input": x})
    np.testing.assert_allclose(found, run(model, x), rtol=1e-5, atol=1e-5)
