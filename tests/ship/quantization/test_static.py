"""What is in an int8 file, what it computes, and what its making leaves behind."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import pytest

from convscope import nets
from convscope.data import Preprocessing
from convscope.errors import ConvscopeError, UnsupportedOperation
from convscope.graph import Builder, Graph
from convscope.metrics import probabilities
from convscope.ship.quantization import quantize, static

from .made import (
    bundle_of,
    by_onnxruntime,
    float_model,
    opened,
    operators,
    preprocessing_for,
    stored_for,
    tensors,
)

SMALLER = {"resnet-18": (3, 64, 64)}  # than what the catalogue made it for


CASES = [(name, True) for name in nets.names()] + [("lenet-5", False), ("simple-cnn-1d", False)]


@pytest.mark.parametrize(("name", "inside"), CASES)
def test_every_net_of_the_catalogue(name: str, inside: bool) -> None:
    shape = SMALLER.get(name, nets.net(name).input_shape)
    bundle = bundle_of(nets.graph(name, shape), preprocessing_for(shape))
    model, entrance = float_model(bundle, inside=inside)
    stored = stored_for(bundle.preprocessing, 64)
    given = entrance.of_stored(stored)
    made = quantize(model, given)
    proto = opened(made)
    onnx.checker.check_model(proto, full_check=True)
    assert len(made) < len(model)
    assert "BatchNormalization" not in operators(proto)

    run = by_onnxruntime(made)
    found = run(given)
    np.testing.assert_allclose(found, bundle.probabilities(stored), atol=0.03)
    for size in (1, 7):
        parts = [run(given[start : start + size]) for start in range(0, 21, size)]
        np.testing.assert_allclose(np.concatenate(parts), found[:21], atol=1e-6)

    producers = {output: node for node in proto.graph.node for output in node.output}
    values = tensors(proto)
    layers = [node for node in proto.graph.node if node.op_type in ("Conv", "Gemm")]
    assert len(layers) == sum(node.operation in ("conv1d", "conv2d", "linear") for node in bundle.graph.nodes)  # type: ignore[union-attr]
    for layer in layers:
        assert [producers[value].op_type for value in layer.input] == ["DequantizeLinear"] * len(layer.input)
        weight, scale, _ = (values[name] for name in producers[layer.input[1]].input)
        assert weight.dtype == np.int8
        assert scale.shape == (weight.shape[0],)
        assert np.abs(weight.astype(int)).max() <= 64  # two products with uint8 fit into 16 bits
    (softmax,) = [node for node in proto.graph.node if node.op_type == "Softmax"]
    assert producers[softmax.input[0]].op_type == "Gemm"
    for node in proto.graph.node:
        if node.op_type in ("Cast", "Sub", "Mul", "Div"):  # the preprocessing
            assert all(
                "DequantizeLinear" not in producers[value].op_type
                for value in node.input
                if value in producers
            )


def test_a_linear_layer_by_hand() -> None:
    """Flatten, a linear layer and the softmax, with the integers counted here."""
    builder = Builder("linear")
    graph = builder.build(builder.linear(builder.flatten(builder.input(1, 2, 3)), 4))
    preprocessing = Preprocessing(height=2, width=3, channels=1, mean=(0.5,), std=(0.25,))
    bundle = bundle_of(graph, preprocessing, seed=3)
    model, entrance = float_model(bundle)
    calibration = stored_for(preprocessing, 50, seed=1)
    made = quantize(model, entrance.of_stored(calibration))

    seen = preprocessing.batch(calibration)
    step = (seen.max() - seen.min()) / 255
    zero = np.rint(-seen.min() / step)
    weight, bias = (bundle.weights[f"linear1.{name}"].astype(np.float64) for name in ("weight", "bias"))
    steps = np.abs(weight).max(axis=1) / 64
    whole = np.rint(weight / steps[:, None])
    stored = stored_for(preprocessing, 30, seed=2)
    x = preprocessing.batch(stored).reshape(30, 6)
    levels = np.clip(np.rint(x / step) + zero, 0, 255) - zero
    scores = (levels @ whole.T + np.rint(bias / (step * steps))) * (step * steps)
    np.testing.assert_allclose(
        by_onnxruntime(made)(entrance.of_stored(stored)), probabilities(scores), atol=1e-6
    )
    (kept,) = (
        values for values in tensors(opened(made)).values() if values.dtype == np.int8 and values.ndim == 2
    )
    np.testing.assert_array_equal(kept, whole)


def test_names_versions_and_metadata_stay() -> None:
    bundle = bundle_of(nets.graph("convnet-bn"), preprocessing_for((1, 28, 28)))
    model, entrance = float_model(bundle)
    before, after = (
        opened(model),
        opened(quantize(model, entrance.of_stored(stored_for(bundle.preprocessing, 9)))),
    )
    for of in (before.graph.input, before.graph.output):
        assert of[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert list(after.graph.input) == list(before.graph.input)
    assert list(after.graph.output) == list(before.graph.output)
    assert list(after.opset_import) == list(before.opset_import)
    for field in ("ir_version", "producer_name", "producer_version", "doc_string"):
        assert getattr(after, field) == getattr(before, field)
    assert after.graph.name == before.graph.name
    said = {one.key: one.value for one in after.metadata_props}
    note = json.loads(said.pop("quantization"))
    assert said == {one.key: one.value for one in before.metadata_props}
    assert note["calibrated_on"] == 9
    assert note["weights"].startswith("int8")


MAKE = """
import hashlib
from convscope import nets
from convscope.ship.quantization import quantize
from tests.ship.quantization.made import *
bundle = bundle_of(nets.graph("resnet-8", (3, 16, 16)), preprocessing_for((3, 16, 16)))
model, entrance = float_model(bundle)
made = quantize(model, entrance.of_stored(stored_for(bundle.preprocessing, 20)))
print(hashlib.sha256(made).hexdigest())
"""


def test_the_same_bytes_in_every_process() -> None:
    root = Path(__file__).parents[3]
    sums = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        result = subprocess.run(
            [sys.executable, "-c", MAKE],
            cwd=root,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        sums.add(result.stdout.strip())
    assert len(sums) == 1
    assert len(sums.pop()) == 64


@pytest.mark.parametrize("fails", [False, True], ids=["done", "failed"])
def test_it_is_silent_and_leaves_nothing(
    fails: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    bundle = bundle_of(nets.graph("simple-cnn-4-8"), preprocessing_for((1, 28, 28)))
    model, entrance = float_model(bundle)
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    root = logging.getLogger()
    before, filters = list(root.handlers), list(root.filters)
    given = entrance.of_stored(stored_for(bundle.preprocessing, 9))
    if fails:
        with pytest.raises(ConvscopeError, match=r"onnxruntime cannot quantise this network \(.*--int8\."):
            quantize(model, given[:, :5])
    else:
        quantize(model, given)
    assert capfd.readouterr() == ("", "")
    assert root.handlers == before
    assert root.filters == filters
    assert list(here.iterdir()) == list(temporary.iterdir()) == []


def test_what_others_log_meanwhile_is_heard(caplog: pytest.LogCaptureFixture) -> None:
    with static._silent():
        logging.getLogger().warning("mine")
    assert [record.message for record in caplog.records] == ["mine"]


def test_without_a_layer_with_weights_it_is_refused() -> None:
    builder = Builder("pools")
    graph = builder.build(builder.global_average_pool(builder.input(3, 8, 8)))
    bundle = bundle_of(graph, preprocessing_for((3, 8, 8)))
    model, entrance = float_model(bundle)
    with pytest.raises(UnsupportedOperation, match="neither a convolution nor a linear layer"):
        quantize(model, entrance.of_stored(stored_for(bundle.preprocessing, 4)))


def branches(activation: str) -> Graph:
    builder = Builder("branches")
    x = builder.conv2d(builder.input(3, 8, 8), 4, kernel_size=3, padding=1)
    y = builder.conv2d(builder.append(activation, x), 4, kernel_size=3, padding=1)
    x = builder.relu(builder.add(x, y))
    return builder.build(builder.global_average_pool(builder.conv2d(x, 5, kernel_size=1)))


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu", "hardswish", "tanh", "relu6", "leaky_relu"])
def test_branches_are_added_in_int8_and_activations_stay_whole(activation: str) -> None:
    bundle = bundle_of(branches(activation), preprocessing_for((3, 8, 8)))
    model, entrance = float_model(bundle)
    stored = stored_for(bundle.preprocessing, 64)
    made = quantize(model, entrance.of_stored(stored))
    proto = opened(made)
    producers = {output: node for node in proto.graph.node for output in node.output}
    constants = set(tensors(proto))
    rounded = [
        node
        for node in proto.graph.node
        if node.op_type == "Add" and producers[node.input[0]].op_type == "DequantizeLinear"
    ]
    assert len(rounded) == 1
    assert constants.isdisjoint(rounded[0].input)
    np.testing.assert_allclose(
        by_onnxruntime(made)(entrance.of_stored(stored)), bundle.probabilities(stored), atol=0.02
    )
    (pool,) = [node for node in proto.graph.node if node.op_type == "GlobalAveragePool"]
    assert producers[proto.graph.output[0].name].op_type == "Softmax"
    readers = [node.op_type for node in proto.graph.node if pool.output[0] in node.input]
    assert readers == ["Flatten"]  # the scores are not rounded again
