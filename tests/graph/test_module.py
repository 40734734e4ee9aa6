"""Windowed layers of rebuilt networks against torch.nn.functional, SciPy and loops over windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.signal import correlate
from torch import Tensor

from convscope.errors import ConvscopeError, ShapeError
from convscope.graph import Builder, Graph, initial_weights
from convscope.graph.module import GraphModule

Pairs = tuple[tuple[int, int], ...]


def picture(draw: st.DrawFn, rank: int, channels: int) -> np.ndarray:
    sizes = draw(st.tuples(*[st.integers(1, 12)] * rank))
    seed = draw(st.integers(0, 1000))
    return np.random.default_rng(seed).normal(size=(2, channels, *sizes)).astype(np.float32)


def per_axis(draw: st.DrawFn, rank: int, low: int, high: int) -> tuple[int, ...]:
    return draw(st.tuples(*[st.integers(low, high)] * rank))


def pairs(draw: st.DrawFn, most: tuple[int, ...]) -> Pairs:
    return tuple((draw(st.integers(0, m)), draw(st.integers(0, m))) for m in most)


def built(x: np.ndarray, kind: str, **settings: Any) -> tuple[Graph, GraphModule]:
    """A network of one layer, or an assumption that fails where no window fits."""
    builder = Builder("one")
    node = builder.input(*x.shape[1:])
    try:
        out = getattr(builder, kind)(node, **settings)
    except ShapeError:
        assume(False)
    graph = builder.build(out)
    return graph, graph.to_module(seed=3).eval()


def torch_padded(x: Tensor, padding: Pairs, value: float) -> Tensor:
    return F.pad(x, [side for pair in reversed(padding) for side in pair], value=value)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any]]:
    rank, groups = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    x = picture(draw, rank, groups * draw(st.integers(1, 2)))
    kernel, stride, dilation = (per_axis(draw, rank, 1, high) for high in (5, 4, 3))
    settings = {
        "out_channels": groups * draw(st.integers(1, 2)),
        "kernel_size": kernel,
        "stride": stride,
        "dilation": dilation,
        "groups": groups,
        "bias": draw(st.booleans()),
        "padding": pairs(draw, (4,) * rank),
    }
    return x, settings


@settings(max_examples=150, deadline=None)
@given(convolutions())
def test_convolution(case: tuple[np.ndarray, dict[str, Any]]) -> None:
    x, s = case
    graph, module = built(x, f"conv{x.ndim - 2}d", **s)
    weights = initial_weights(graph, seed=3)
    bias = torch.from_numpy(weights["conv1.bias"]) if s["bias"] else None
    function = F.conv1d if x.ndim == 3 else F.conv2d
    padded = torch_padded(torch.from_numpy(x), s["padding"], 0.0)
    weight = torch.from_numpy(weights["conv1.weight"])
    expected = function(padded, weight, bias, s["stride"], 0, s["dilation"], s["groups"])
    actual = module(torch.from_numpy(x))
    torch.testing.assert_close(actual.detach(), expected, rtol=1e-5, atol=1e-5)
    assert graph.output_shape == tuple(expected.shape[1:])


@settings(max_examples=80, deadline=None)
@given(convolutions())
def test_same_padding(case: tuple[np.ndarray, dict[str, Any]]) -> None:
    """ceil(n / stride) outputs; for stride 1 what PyTorch's own "same" gives."""
    x, s = case
    s["padding"] = "same"
    graph, module = built(x, f"conv{x.ndim - 2}d", **s)
    sizes = tuple(math.ceil(n / step) for n, step in zip(x.shape[2:], s["stride"], strict=True))
    assert graph.output_shape[1:] == sizes == tuple(module(torch.from_numpy(x)).shape[2:])

    s["stride"] = (1,) * len(s["stride"])
    graph, module = built(x, f"conv{x.ndim - 2}d", **s)
    node = graph["conv1"]
    for (before, after), k, d in zip(
        node.attributes["padding"], s["kernel_size"], s["dilation"], strict=True
    ):
        assert (before, after) == (d * (k - 1) // 2, -(-d * (k - 1) // 2))
    if x.ndim == 4 and all(k % 2 for k in s["kernel_size"]):
        weights = {name: torch.from_numpy(value) for name, value in initial_weights(graph, seed=3).items()}
        expected = F.conv2d(
            torch.from_numpy(x),
            weights["conv1.weight"],
            weights.get("conv1.bias"),
            1,
            "same",
            s["dilation"],
            s["groups"],
        )
        torch.testing.assert_close(module(torch.from_numpy(x)).detach(), expected, rtol=1e-5, atol=1e-5)


def test_a_convolution_layer_is_scipys_correlation() -> None:
    x = np.random.default_rng(0).normal(size=(1, 1, 7, 6)).astype(np.float32)
    graph, module = built(x, "conv2d", out_channels=1, kernel_size=(3, 2), bias=False)
    kernel = initial_weights(graph, seed=3)["conv1.weight"][0, 0]
    expected = correlate(x[0, 0], kernel, mode="valid")
    np.testing.assert_allclose(module(torch.from_numpy(x))[0, 0].detach(), expected, atol=1e-6)


@st.composite
def pools(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any]]:
    rank = draw(st.integers(1, 2))
    x = picture(draw, rank, 2)
    kernel, stride = per_axis(draw, rank, 1, 4), per_axis(draw, rank, 1, 5)
    return x, {"kernel_size": kernel, "stride": stride, "padding": pairs(draw, tuple(k - 1 for k in kernel))}


@settings(max_examples=100, deadline=None)
@given(pools(), st.booleans(), st.booleans())
def test_pools_with_pytorchs_own_padding(
    case: tuple[np.ndarray, dict[str, Any]], ceil_mode: bool, count_include_pad: bool
) -> None:
    x, s = case
    sides = tuple(min(before, k // 2) for (before, _), k in zip(s["padding"], s["kernel_size"], strict=True))
    s["padding"] = sides if len(sides) == 2 else sides[0]
    tensor = torch.from_numpy(x)
    window = (s["kernel_size"], s["stride"], sides)
    rank = x.ndim - 2
    largest = getattr(F, f"max_pool{rank}d")
    mean = getattr(F, f"avg_pool{rank}d")

    graph, module = built(x, "max_pool", **s, ceil_mode=ceil_mode)
    expected = largest(tensor, *window, ceil_mode=ceil_mode)
    assert torch.equal(module(tensor), expected)
    assert graph.output_shape == tuple(expected.shape[1:])

    graph, module = built(x, "average_pool", **s, ceil_mode=ceil_mode, count_include_pad=count_include_pad)
    expected = mean(tensor, *window, ceil_mode=ceil_mode, count_include_pad=count_include_pad)
    torch.testing.assert_close(module(tensor), expected)
    assert graph.output_shape == tuple(expected.shape[1:])


def pooled_by_hand(x: np.ndarray, s: dict[str, Any], *, maximum: bool, count_include_pad: bool) -> np.ndarray:
    """Window by window and pixel by pixel; a pixel outside the picture is padding."""
    x = x if x.ndim == 4 else x[:, :, None]
    rank_two = len(s["kernel_size"]) == 2
    kernel, stride = ((s[key] if rank_two else (1, *s[key])) for key in ("kernel_size", "stride"))
    padding = s["padding"] if rank_two else ((0, 0), *s["padding"])
    height, width = x.shape[2:]
    starts = [
        [i for i in range(-before, n + after, step) if i + k <= n + after]
        for n, (before, after), step, k in zip((height, width), padding, stride, kernel, strict=True)
    ]
    out = np.zeros((*x.shape[:2], len(starts[0]), len(starts[1])), np.float32)
    for i, top in enumerate(starts[0]):
        for j, left in enumerate(starts[1]):
            cells = [(r, c) for r in range(top, top + kernel[0]) for c in range(left, left + kernel[1])]
            inside = [x[:, :, r, c] for r, c in cells if 0 <= r < height and 0 <= c < width]
            if maximum:
                out[:, :, i, j] = np.max(inside, axis=0)  # padding never wins
            else:
                out[:, :, i, j] = np.sum(inside, axis=0) / (len(cells) if count_include_pad else len(inside))
    return out if rank_two else out[:, :, 0]


@settings(max_examples=80, deadline=None)
@given(pools(), st.booleans())
def test_pools_with_uneven_padding(case: tuple[np.ndarray, dict[str, Any]], count_include_pad: bool) -> None:
    x, s = case
    graph, module = built(x, "max_pool", **s)
    expected = pooled_by_hand(x, s, maximum=True, count_include_pad=False)
    np.testing.assert_array_equal(module(torch.from_numpy(x)), expected)
    assert graph.output_shape == expected.shape[1:]

    graph, module = built(x, "average_pool", **s, count_include_pad=count_include_pad)
    expected = pooled_by_hand(x, s, maximum=False, count_include_pad=count_include_pad)
    np.testing.assert_allclose(module(torch.from_numpy(x)), expected, rtol=1e-5, atol=1e-6)
    assert graph.output_shape == expected.shape[1:]


def test_max_pool_pads_with_minus_infinity() -> None:
    x = -torch.ones(1, 1, 2, 2)
    for padding in (1, ((0, 1), (1, 0)), "same"):
        _, module = built(x.numpy(), "max_pool", kernel_size=2, stride=1, padding=padding)
        assert (module(x) == -1).all()


def test_same_padding_of_an_average_counts_as_asked() -> None:
    """Windows [1 2] [2 3] [3 ·] of the signal 1 2 3."""
    x = torch.tensor([[[1.0, 2.0, 3.0]]])
    for count_include_pad, last in ((True, 1.5), (False, 3.0)):
        _, module = built(
            x.numpy(),
            "average_pool",
            kernel_size=2,
            stride=1,
            padding="same",
            count_include_pad=count_include_pad,
        )
        assert module(x).tolist() == [[[1.5, 2.5, last]]]


@pytest.mark.parametrize("kind", ["max_pool", "average_pool"])
def test_pools_refuse_windows_that_see_only_padding(kind: str) -> None:
    builder = Builder("net")
    x = builder.input(1, 4, 4)
    with pytest.raises(ShapeError, match=r"layer 'wide'.*would see nothing"):
        getattr(builder, kind)(x, 2, padding=((0, 2), (0, 0)), name="wide")
    with pytest.raises(ConvscopeError, match="ceil_mode with padding"):
        getattr(builder, kind)(x, 2, padding=((0, 1), (0, 0)), ceil_mode=True)


def test_weights_have_to_fit() -> None:
    builder = Builder("net")
    graph = builder.build(builder.linear(builder.input(3), 2))
    weights = initial_weights(graph)
    with pytest.raises(ShapeError, match=r"'linear1.bias' of net are missing"):
        graph.to_module({"linear1.weight": weights["linear1.weight"]})
    with pytest.raises(ShapeError, match=r"'linear1.weight' of net are 3×2, not 2×3"):
        graph.to_module(weights | {"linear1.weight": weights["linear1.weight"].T})


@pytest.mark.parametrize("name", ["forward", "float", "type", "graph", "training", "0", "a.forward.b"])
def test_layers_may_have_any_name(name: str) -> None:
    builder = Builder("net")
    x = builder.linear(builder.input(3), 2, name=name)
    graph = builder.build(builder.relu(x, name=f"{name}.after"))
    module = graph.to_module()
    assert set(module.state_dict()) == {f"{name}.weight", f"{name}.bias"}
    assert module(torch.ones(4, 3)).shape == (4, 2)


def test_weights_are_copied_in() -> None:
    builder = Builder("net")
    graph = builder.build(builder.linear(builder.input(3), 2))
    weights = initial_weights(graph)
    before = {name: value.copy() for name, value in weights.items()}
    module = graph.to_module(weights)
    for parameter in module.parameters():
        parameter.data.zero_()
    assert all(np.array_equal(weights[name], before[name]) for name in weights)
