"""ONNX Runtime on what is written of a graph, beside the network rebuilt in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import ModelProto, TensorProto, helper

from convscope.bundle import Bundle
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.graph import Builder, Graph, Node, initial_weights
from convscope.ship.entrance import Entrance
from convscope.ship.onnx_model.form import runner, written
from convscope.ship.onnx_model.model import IR_VERSION, OPSET
from convscope.ship.onnx_model.network import write_network
from convscope.ship.onnx_model.writing import Writing


def model_of_graph(graph: Graph, weights: dict[str, np.ndarray]) -> ModelProto:
    """Its nodes alone, `input` → `output`, checked by ONNX."""
    writing = Writing(["input", "output"])
    value = write_network(writing, graph, weights, "input")
    writing.add("Identity", value, name="output", value="output")
    shapes = {"input": graph.input_shape, "output": graph.output_shape}
    taken, given = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in shapes.items()
    )
    shown = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
        for name, shape in writing.shapes.items()
    ]
    proto = helper.make_graph(writing.nodes, "net", [taken], [given], writing.initializers, value_info=shown)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


def run(model: ModelProto, x: np.ndarray) -> np.ndarray:
    """What ONNX Runtime makes of it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    output: np.ndarray = session.run(None, {session.get_inputs()[0].name: x})[0]
    return output


def one_layer(x: np.ndarray, append: Callable[[Builder, Node], Node]) -> Graph:
    """A network of what `append` adds to an input like one of `x`."""
    builder = Builder("net")
    return builder.build(append(builder, builder.input(*x.shape[1:])))


def random_weights(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Drawn from the seed; of normalisation too, with deviations from 0.5 to 2."""
    generator = np.random.default_rng(seed)
    weights = initial_weights(graph, seed)
    for name, spec in graph.parameters.items():
        if spec.initial in ("ones", "zeros") and spec.shape:
            drawn = generator.uniform(0.5, 2, spec.shape)
            weights[name] = (drawn if spec.initial == "ones" else drawn - 1).astype(np.float32)
    return weights


def check_like_pytorch(graph: Graph, x: np.ndarray, *, tolerance: float = 2e-5) -> None:
    """Both give the same for `x`, and for its first row alone."""
    weights = random_weights(graph)
    with torch.inference_mode():
        wanted = graph.to_module(weights).eval()(torch.from_numpy(x)).numpy()
    model = model_of_graph(graph, weights)
    for given, expected in ((x, wanted), (x[:1], wanted[:1])):
        found = run(model, given)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def bundle_of_graph(graph: Graph, seed: int = 0, **settings: Any) -> Bundle:
    """With drawn weights and statistics, and a mean and deviation of its own for each channel."""
    channels, shape = graph.input_shape[0], graph.input_shape
    statistics = {
        "mean": tuple(0.3 + 0.1 * i for i in range(channels)),
        "std": tuple(0.2 + 0.05 * i for i in range(channels)),
    }
    of: Preprocessing | ArrayPreprocessing
    if len(shape) == 3 and channels in (1, 3):
        of = Preprocessing(height=shape[1], width=shape[2], channels=channels, **{**statistics, **settings})
    else:
        of = ArrayPreprocessing(shape=shape, **{**statistics, **settings})
    classes = tuple(f"class {i}" for i in range(graph.output_shape[0]))
    outputs = "probabilities" if graph.ends_in_softmax else "logits"
    return Bundle(graph.name, classes, of, graph, random_weights(graph, seed), outputs)


def stored_of(bundle: Bundle, count: int, seed: int = 0) -> np.ndarray:
    """Inputs as they are stored: noise on every other, smooth ones between, so that classes differ."""
    blank = bundle.preprocessing.blank(count)
    generator = np.random.default_rng(seed)
    if blank.dtype == np.uint8:
        return generator.integers(0, 256, blank.shape, dtype=np.uint8)
    return generator.normal(0.5, 2, blank.shape).astype(np.float32)


def difference(bundle: Bundle, folder: Path, *, inside: bool = True, count: int = 9) -> float:
    """The largest of a probability, between the file and the bundle."""
    entrance, file = Entrance(bundle.preprocessing, inside=inside), folder / "network.onnx"
    file.write_bytes(written(bundle, entrance))
    stored = stored_of(bundle, count)
    found = runner(file.read_bytes(), bundle, entrance)(entrance.of_stored(stored))
    assert found.dtype == np.float32
    return float(np.abs(found - bundle.probabilities(stored)).max())
