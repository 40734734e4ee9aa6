"""ONNX's own tests of its operators: every one that the operations here express, by its name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from onnx import helper

from convscope.ops import (
    average_pool,
    conv1d,
    conv2d,
    conv_transpose2d,
    global_average_pool,
    global_max_pool,
    lp_pool,
    max_pool,
)
from convscope.ops.padding import Padding

OPERATORS = (
    *("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool"),
    *(
        "ConvInteger",
        "QLinearConv",
        "DeformConv",
        "MaxUnpool",
    ),  # their neighbours, of which none is expressed
)
THREE_AXES = "works on three axes"
NO_OPERATION = "there is no such operation here"
EXPANDED = "is a graph of many nodes around a convolution"
NOT_EXPRESSED = {
    "test_averagepool_3d_default": THREE_AXES,
    "test_averagepool_3d_dilations_small": THREE_AXES,
    "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True": THREE_AXES,
    "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False": THREE_AXES,
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True": THREE_AXES,
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False": THREE_AXES,
    "test_convtranspose_3d": THREE_AXES,
    "test_lppool_3d_default": THREE_AXES,
    "test_maxpool_3d_default": THREE_AXES,
    "test_maxpool_3d_dilations": THREE_AXES,
    "test_maxpool_3d_dilations_use_ref_impl": THREE_AXES,
    "test_maxpool_3d_dilations_use_ref_impl_large": THREE_AXES,
    "test_convtranspose_1d": "conv_transpose2d has no sibling for signals",
    "test_qlinearconv": "quantises what it takes and gives",
    "test_basic_deform_conv_with_padding": NO_OPERATION,
    "test_basic_deform_conv_without_padding": NO_OPERATION,
    "test_deform_conv_with_mask_bias": NO_OPERATION,
    "test_deform_conv_with_multiple_offset_groups": NO_OPERATION,
    "test_maxunpool_export_without_output_shape": NO_OPERATION,
    "test_maxunpool_export_with_output_shape": NO_OPERATION,
    "test_causal_conv_with_state_basic_expanded": EXPANDED,
    "test_causal_conv_with_state_with_bias_expanded": EXPANDED,
    "test_causal_conv_with_state_with_past_state_expanded": EXPANDED,
    "test_causal_conv_with_state_silu_expanded": EXPANDED,
    "test_causal_conv_with_state_swish_alias_expanded": EXPANDED,
    "test_causal_conv_with_state_decode_step_expanded": EXPANDED,
    "test_causal_conv_with_state_kernel_size_one_expanded": EXPANDED,
    "test_causal_conv_with_state_with_bias_and_past_state_expanded": EXPANDED,
    "test_causal_conv_with_state_silu_with_past_state_expanded": EXPANDED,
    "test_causal_conv_with_state_b1_c1_degenerate_expanded": EXPANDED,
    "test_causal_conv_with_state_short_input_no_past_state_expanded": EXPANDED,
    "test_causal_conv_with_state_fp16_expanded": EXPANDED,
    "test_causal_conv_with_state_silu_fp16_expanded": EXPANDED,
}


def collect() -> dict[str, Any]:
    """Every case with a node of these operators. Those of others overflow on purpose while they are made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        cases = collect_testcases(None)
    chosen = [case for case in cases if any(node.op_type in OPERATORS for node in case.model.graph.node)]
    return {case.name: case for case in chosen}


CASES = collect()
RUN = [name for name in CASES if name not in NOT_EXPRESSED]
Attributes = dict[str, Any]


def padding(a: Attributes) -> Padding:
    """ONNX's `pads` (all that come before, then all after) or `auto_pad`."""
    by_name = {b"SAME_UPPER": "same", b"SAME_LOWER": "same_lower", b"VALID": "valid"}
    if a.get("auto_pad", b"NOTSET") != b"NOTSET":
        return by_name[a["auto_pad"]]
    pads = a.get("pads")
    return 0 if not pads else tuple(zip(pads[: len(pads) // 2], pads[len(pads) // 2 :], strict=True))


def windows(a: Attributes) -> dict[str, Any]:
    """ONNX moves a window by 1 unless told otherwise, also in pools."""
    return {"padding": padding(a), "stride": a.get("strides", 1), "dilation": a.get("dilations", 1)}


def conv(a: Attributes, x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    function = {3: conv1d, 4: conv2d}[x.ndim]
    return function(x, *weights, groups=a.get("group", 1), **windows(a))


def conv_integer(
    a: Attributes, x: np.ndarray, weight: np.ndarray, x_zero: Any = 0, weight_zero: Any = 0
) -> np.ndarray:
    """A convolution of what is above the zero points; there may be one per output channel."""
    zero = np.asarray(weight_zero, np.int64).reshape(-1, 1, 1, 1)
    return conv(a, x.astype(np.int64) - int(x_zero), weight.astype(np.int64) - zero)


def conv_transpose(a: Attributes, x: np.ndarray, *weights: np.ndarray) -> np.ndarray:
    settings = {**windows(a), "output_padding": a.get("output_padding", 0), "groups": a.get("group", 1)}
    wanted = a.get("output_shape")
    if padding(a) == "same":
        wanted, settings["padding"] = [n * s for n, s in zip(x.shape[2:], a["strides"], strict=True)], 0
    if not wanted:
        return conv_transpose2d(x, *weights, **settings)
    # The specification's: cut what is too much, or add what is missing at the end.
    whole = conv_transpose2d(x, *weights, **settings).shape[2:]
    more = [m - n for m, n in zip(wanted, whole, strict=True)]
    settings["output_padding"] = [
        max(m, 0) + e
        for m, e in zip(more, np.broadcast_to(settings["output_padding"], 2).tolist(), strict=True)
    ]
    settings["padding"] = [(max(-m, 0) // 2, max(-m, 0) - max(-m, 0) // 2) for m in more]
    return conv_transpose2d(x, *weights, **settings)


def pool_of(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(a: Attributes, x: np.ndarray) -> np.ndarray:
        more = {"p": a.get("p", 2)} if function is lp_pool else {}
        if function is average_pool:
            more["count_include_pad"] = bool(a.get("count_include_pad", 0))
        ceil_mode = bool(a.get("ceil_mode", 0))
        return np.asarray(function(x, tuple(a["kernel_shape"]), ceil_mode=ceil_mode, **windows(a), **more))

    return run


def max_pool_of(a: Attributes, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ONNX numbers indices through all channels and pictures, and on request column by column."""
    largest, indices = max_pool(
        x,
        tuple(a["kernel_shape"]),
        ceil_mode=bool(a.get("ceil_mode", 0)),
        return_indices=True,
        **windows(a),
    )
    if a.get("storage_order", 0):
        rows, columns = x.shape[2:]
        indices = indices % columns * rows + indices // columns
    first = np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2]) * int(np.prod(x.shape[2:]))
    return largest, indices + first.reshape(*x.shape[:2], *[1] * (x.ndim - 2))


def global_of(function: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    def run(a: Attributes, x: np.ndarray) -> np.ndarray:
        return function(x, rank=x.ndim - 2).reshape(*x.shape[:2], *[1] * (x.ndim - 2))

    return run


EXPRESSED: dict[str, Callable[..., Any]] = {
    "Conv": conv,
    "ConvInteger": conv_integer,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool_of,
    "AveragePool": pool_of(average_pool),
    "LpPool": pool_of(lp_pool),
    "GlobalAveragePool": global_of(global_average_pool),
    "GlobalMaxPool": global_of(global_max_pool),
}


@pytest.mark.parametrize("name", RUN)
def test_operator(name: str) -> None:
    case = CASES[name]
    (node,) = case.model.graph.node
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    for inputs, outputs in case.data_sets:
        results = EXPRESSED[node.op_type](attributes, *inputs)
        results = results if isinstance(results, tuple) else (results,)
        for result, wanted in zip(results, outputs, strict=False):  # indices are not always asked for
            assert result.shape == wanted.shape
            if node.op_type != "ConvInteger":  # int32 there, int64 here
                assert result.dtype == wanted.dtype
            np.testing.assert_allclose(result, wanted, rtol=case.rtol, atol=case.atol)


def test_every_case_is_run_or_listed_with_a_reason() -> None:
    newer = {name for name in NOT_EXPRESSED if name not in CASES}
    assert newer == set(), "listed, but onnx has no such case"
    assert all(reason for reason in NOT_EXPRESSED.values())
    for name in RUN:
        nodes = [node.op_type for node in CASES[name].model.graph.node]
        assert len(nodes) == 1, f"{name} is neither run nor listed: it has the nodes {nodes}"
        assert nodes[0] in EXPRESSED, f"{name} is neither run nor listed: it is a {nodes[0]}"
    ranks = {name: CASES[name].data_sets[0][0][0].ndim - 2 for name in CASES}
    assert {name for name, reason in NOT_EXPRESSED.items() if reason == THREE_AXES} == {
        name for name, rank in ranks.items() if rank == 3
    }
