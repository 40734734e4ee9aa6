"""Every operation of the graph in C, beside PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope.errors import ConvscopeError, UnsupportedOperation
from convscope.graph import Builder, Node
from convscope.graph.operation import OPERATIONS
from convscope.ship.c_source.form import written
from convscope.ship.c_source.lowering import WRITERS
from convscope.ship.entrance import Entrance

from .networks import by_c, by_torch, needs_compiler, of_numbers

Draw = Any
POINTWISE = ["relu", "relu6", "sigmoid", "tanh", "silu", "hardswish", "hardsigmoid", "mish", "selu"]
WITH_SETTINGS = ["leaky_relu", "elu", "gelu", "affine", "dropout"]
NORMS = ["batch_norm", "group_norm", "layer_norm"]
POOLS = ["max_pool", "average_pool", "lp_pool", "adaptive_average_pool", "adaptive_max_pool"]
OTHERS = ["conv", "linear", "pad", "mean", "softmax", "log_softmax", "add", "multiply", "concat", "reshape"]


def test_every_operation_of_the_graph_is_written() -> None:
    assert set(WRITERS) == set(OPERATIONS) - {"input"}


def test_every_operation_is_drawn_below() -> None:
    drawn = {*POINTWISE, *WITH_SETTINGS, *NORMS, *POOLS, *OTHERS}
    assert {name.removesuffix("1d").removesuffix("2d") for name in OPERATIONS} == {*drawn, "input", "flatten"}


EACH = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@needs_compiler
@pytest.mark.parametrize("kind", [*NORMS, *POOLS, *OTHERS])
@settings(EACH, max_examples=4)
@given(data=st.data())
def test_an_operation_computes_what_pytorch_computes(kind: str, data: Draw) -> None:
    """Several of a kind with other settings, behind one input and what changes its size."""
    builder, x = begun(data, smallest=7, largest=9)  # whatever the window, it fits
    drawn = [after(data, builder, x, kind) for _ in range(5)]
    drawn += [after(data, builder, drawn[0], "relu")]  # in place, perhaps
    compare(data, builder, drawn)


@needs_compiler
def test_activations_compute_what_pytorch_computes() -> None:
    builder = Builder("activations")
    x = builder.input(3, 40)
    parts = [builder.append(kind, x) for kind in [*POINTWISE, *WITH_SETTINGS, "dropout2d"]]
    parts += [builder.append("leaky_relu", x, negative_slope=s) for s in (-0.5, 1.5)]
    parts += [builder.append("elu", x, alpha=a) for a in (-0.5, 2.5)]
    parts += [
        builder.append("affine", x, factor=-1.7, offset=0.3),
        builder.append("gelu", x, approximate="tanh"),
    ]
    bundle = of_numbers(builder.build(builder.flatten(builder.append("concat", *parts, dim=2))))
    stored = np.random.default_rng(0).normal(0, 4, (3, 3, 40)).astype(np.float32)
    np.testing.assert_allclose(by_c(bundle, stored), by_torch(bundle, stored), rtol=1e-5, atol=1e-6)


@needs_compiler
@settings(EACH, max_examples=12)
@given(data=st.data())
def test_operations_in_a_row_compute_what_pytorch_computes(data: Draw) -> None:
    """Several branches of one to three operations, also of sizes that only just fit."""
    builder, x = begun(data, smallest=1, largest=9)
    compare(data, builder, [branch(data, builder, x) for _ in range(data.draw(st.integers(2, 6)))])


def begun(data: Draw, *, smallest: int, largest: int) -> tuple[Builder, Node]:
    sizes = [st.integers(smallest, largest)] * data.draw(st.integers(1, 2))
    builder = Builder("drawn")
    return builder, builder.input(*data.draw(st.tuples(st.sampled_from([6, 1, 2, 4]), *sizes)))


def compare(data: Draw, builder: Builder, parts: list[Node]) -> None:
    """All numbers of these nodes, one behind the other, by C and by PyTorch in float64."""
    bundle = of_numbers(builder.build(builder.append("concat", *(flat(builder, part) for part in parts))))
    seed, shape = data.draw(st.integers(0, 2**16)), bundle.preprocessing.input_shape
    stored = np.random.default_rng(seed).normal(0, 1.5, (2, *shape)).astype(np.float32)
    found = by_c(bundle, stored)
    with np.errstate(all="ignore"):
        wanted = by_torch(bundle, stored)
    np.testing.assert_allclose(found, wanted, rtol=3e-4, atol=3e-5)


def flat(builder: Builder, x: Node) -> Node:
    return builder.flatten(x) if len(x.shape) > 1 else x


def branch(data: Draw, builder: Builder, x: Node) -> Node:
    for _ in range(data.draw(st.integers(1, 3))):
        kind = data.draw(st.sampled_from([*POINTWISE, *WITH_SETTINGS, *NORMS, *POOLS * 2, *OTHERS * 2]))
        try:
            x = after(data, builder, x, kind)
        except ConvscopeError:  # a window that does not fit, or a rank that the layer does not take
            continue
    return x


def after(data: Draw, builder: Builder, x: Node, kind: str) -> Node:
    """The node of that kind behind `x`, with settings that are drawn."""
    draw, rank = data.draw, len(x.shape) - 1
    if kind in POINTWISE:
        return builder.append(kind, x)
    if kind == "leaky_relu":
        return builder.append(kind, x, negative_slope=draw(st.floats(-0.5, 1.5)))
    if kind == "elu":
        return builder.append(kind, x, alpha=draw(st.floats(-0.5, 1.5)))
    if kind == "gelu":
        return builder.append(kind, x, approximate=draw(st.sampled_from(["none", "tanh"])))
    if kind == "affine":
        return builder.append(kind, x, factor=draw(st.floats(-3, 3)), offset=draw(st.floats(-3, 3)))
    if kind == "dropout":
        return builder.append(draw(st.sampled_from(["dropout", "dropout2d"])), x)
    if kind == "batch_norm":
        return builder.append(kind, x, affine=draw(st.booleans()), eps=draw(st.sampled_from([1e-5, 0.1])))
    if kind == "group_norm":
        groups = draw(st.sampled_from([g for g in range(1, x.shape[0] + 1) if x.shape[0] % g == 0]))
        return builder.append(kind, x, num_groups=groups, affine=draw(st.booleans()), eps=0.1)
    if kind == "layer_norm":
        shape = x.shape[-draw(st.integers(1, len(x.shape))) :]
        affine, bias = draw(st.booleans()), draw(st.booleans())
        return builder.append(
            kind, x, normalized_shape=shape, elementwise_affine=affine, bias=affine and bias, eps=0.1
        )
    if kind in ("softmax", "log_softmax"):
        return builder.append(kind, x, dim=draw(st.integers(1, len(x.shape))))
    if kind == "linear":
        return builder.append(kind, x, out_features=draw(st.integers(1, 6)), bias=draw(st.booleans()))
    if kind == "mean":
        dims = draw(st.sets(st.integers(1, len(x.shape)), min_size=1, max_size=rank or 1))
        return builder.append(
            kind, x, dim=tuple(sorted(dims)), keepdim=len(dims) == len(x.shape) or draw(st.booleans())
        )
    if kind == "reshape":
        return builder.append(kind, x, shape=x.shape[::-1])
    if kind == "concat":
        other = builder.append("affine", x, factor=-1.0, offset=0.5)
        return builder.append(kind, x, other, x, dim=draw(st.integers(1, len(x.shape))))
    if kind in ("add", "multiply"):
        dims = draw(st.sets(st.integers(1, len(x.shape)), max_size=len(x.shape)))
        others = [builder.append("mean", x, dim=tuple(sorted(dims)), keepdim=True)] if dims else []
        others.append(builder.append("affine", x, factor=0.5, offset=-1.0))
        operands = draw(st.permutations([*others, x, x][: draw(st.integers(2, 4))]))
        return builder.append(kind, *operands)
    if kind == "pad":
        mode = draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"]))
        axes = rank if mode != "zeros" else draw(st.integers(1, rank))
        least = -1 if mode in ("zeros", "replicate") else 0
        sides = st.tuples(st.integers(least, 3), st.integers(least, 3))
        padding = tuple(draw(sides) for _ in range(axes))
        value = draw(st.floats(-2, 2)) if mode == "zeros" else 0.0
        return builder.append(kind, x, padding=padding, mode=mode, value=value)
    # what is left has a window
    each = st.tuples(*[st.sampled_from([2, 3, 1])] * rank)
    if kind.startswith("adaptive"):
        return builder.append(f"{kind}{rank}d", x, output_size=draw(each))
    size, dilation = draw(each), (1,) * rank if kind in ("average_pool", "lp_pool") else draw(each)
    common: dict[str, Any] = {"kernel_size": size, "stride": draw(each)}
    most = [d * (k - 1) for d, k in zip(dilation, size, strict=True)]  # of a pool, which has to see something
    if kind == "conv":
        groups = draw(st.sampled_from([g for g in range(1, x.shape[0] + 1) if x.shape[0] % g == 0]))
        out = groups * draw(st.integers(1, 5))
        common |= {"groups": groups, "out_channels": out, "bias": draw(st.booleans()), "dilation": dilation}
        padding = tuple(tuple(draw(st.tuples(*[st.integers(0, m + 1)] * 2))) for m in most)
        x = builder.append(f"conv{rank}d", x, padding=padding, **common)
        return builder.batch_norm(x) if draw(st.booleans()) else x
    ceil_mode = draw(st.booleans())
    if ceil_mode:  # what PyTorch defines: equal sides, at most half a window
        halves = [
            0 if kind == "lp_pool" else draw(st.integers(0, min(k // 2, m)))
            for k, m in zip(size, most, strict=True)
        ]
        common["padding"] = tuple((half, half) for half in halves)
    else:
        common["padding"] = tuple(draw(st.tuples(*[st.integers(0, m)] * 2)) for m in most)
    if kind == "lp_pool":
        x = builder.append("sigmoid", x)  # a root of a negative sum is not a number: see below
        return builder.append(
            f"{kind}{rank}d", x, ceil_mode=ceil_mode, p=draw(st.sampled_from([1.0, 2.0, 3.5])), **common
        )
    if kind == "average_pool":
        common["count_include_pad"] = draw(st.booleans())
    else:
        common["dilation"] = dilation
    return builder.append(f"{kind}{rank}d", x, ceil_mode=ceil_mode, **common)


# what random draws seldom meet


def one(shape: tuple[int, ...], kind: str, **attributes: Any) -> Any:
    builder = Builder("one")
    x = builder.append(kind, builder.input(*shape), **attributes)
    return of_numbers(builder.build(flat(builder, x)))


@needs_compiler
def test_numbers_far_from_0() -> None:
    """exp must not overflow, a root of a negative sum is not a number, and that passes on."""
    builder = Builder("far")
    x = builder.input(1, 8)
    parts = [builder.append(kind, x) for kind in POINTWISE]
    parts += [builder.append(kind, x, dim=2) for kind in ("softmax", "log_softmax")]
    parts += [builder.append("gelu", x), builder.append("elu", x)]
    parts.append(builder.append("lp_pool1d", x, kernel_size=(3,), p=3.0))
    parts.append(builder.append("max_pool1d", parts[-1], kernel_size=(2,)))
    bundle = of_numbers(builder.build(builder.append("concat", *(flat(builder, p) for p in parts))))
    stored = np.array([[[-300, -100, -20, -0.0, 1e-30, 25, 88, 300]]], dtype=np.float32)
    wanted = by_torch(bundle, stored)
    assert np.isnan(wanted).any()
    np.testing.assert_allclose(by_c(bundle, stored), wanted, rtol=1e-5, atol=1e-6)


@needs_compiler
@pytest.mark.parametrize(("p", "sign"), [(2.0, 1), (3.0, -1)])
def test_p_norm_of_negative_numbers_is_pytorchs(p: float, sign: int) -> None:
    """PyTorch leaves the magnitude out, and scales a window over the edge up."""
    bundle = one((1, 3, 5), "lp_pool2d", kernel_size=(2, 2), stride=(2, 2), ceil_mode=True, p=p)
    stored = -sign * np.abs(np.random.default_rng(0).normal(size=(1, 1, 3, 5))).astype(np.float32)
    np.testing.assert_allclose(by_c(bundle, stored), by_torch(bundle, stored), rtol=1e-5)


@needs_compiler
def test_means_of_many_numbers_keep_their_digits() -> None:
    """100,000 numbers around 1000: one sum after another in float32 would be off by more."""
    builder = Builder("long")
    x = builder.input(1, 100_000)
    parts = [
        builder.append("mean", x, dim=(2,)),
        builder.append("adaptive_average_pool1d", x, output_size=(1,)),
    ]
    parts.append(
        builder.append("mean", builder.append("layer_norm", x, normalized_shape=(100_000,)), dim=(2,))
    )
    bundle = of_numbers(builder.build(builder.append("concat", *(flat(builder, p) for p in parts))))
    stored = np.random.default_rng(0).normal(1000, 1, (1, 1, 100_000)).astype(np.float32)
    found = by_c(bundle, stored)
    np.testing.assert_allclose(found[0, :2], [stored.mean(dtype=np.float64)] * 2, rtol=1e-6)


@needs_compiler
def test_pads_of_three_axes() -> None:
    for mode in ("zeros", "reflect", "replicate", "circular"):
        builder = Builder("deep")
        x = builder.append("reshape", builder.input(2, 36), shape=(2, 3, 4, 3))
        x = builder.append("pad", x, padding=((1, 2), (0, 2), (2, 1)), mode=mode, value=7.0)
        bundle = of_numbers(builder.build(builder.flatten(x)))
        stored = np.random.default_rng(0).normal(size=(1, 2, 36)).astype(np.float32)
        np.testing.assert_array_equal(by_c(bundle, stored), by_torch(bundle, stored).astype("f4"))


def test_a_stretch_that_has_no_function_is_refused_by_name() -> None:
    builder = Builder("stretched")
    x = builder.input(2, 16)
    a = builder.append("reshape", x, shape=(2, 1, 2, 1, 8))
    b = builder.append("reshape", builder.append("mean", x, dim=(2,)), shape=(1, 2, 1, 1, 1))
    c = builder.append("add", a, b)  # 2×2×2×1×8, three runs
    d = builder.append("multiply", builder.append("reshape", c, shape=(2, 2, 2, 8, 1)), a, name="wide")
    bundle = of_numbers(builder.build(builder.flatten(d)))
    assert math.prod(d.shape) == bundle.graph.output_shape[0]  # type: ignore[union-attr]
    with pytest.raises(UnsupportedOperation, match=r"'wide' \(multiply\) stretches .* ONNX"):
        written(bundle, Entrance(bundle.preprocessing))
