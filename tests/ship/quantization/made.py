"""Bundles and data sets for int8, and ONNX Runtime on its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import ModelProto, numpy_helper

from convscope import Bundle
from convscope.data import ArrayPreprocessing, Dataset, InputPreprocessing, Preprocessing, Split
from convscope.graph import Graph, initial_weights
from convscope.ship.entrance import Entrance
from convscope.ship.onnx_model.form import written


def by_onnxruntime(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    """Inputs in one batch, in a session of its own."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda inputs: np.asarray(session.run(None, {name: inputs})[0])


def bundle_of(graph: Graph, preprocessing: InputPreprocessing, seed: int = 0) -> Bundle:
    """A network as it is before its training."""
    classes = tuple(f"class {number}" for number in range(graph.output_shape[0]))
    return Bundle(graph.name, classes, preprocessing, graph, initial_weights(graph, seed))


def preprocessing_for(shape: tuple[int, ...]) -> InputPreprocessing:
    if len(shape) == 2:
        return ArrayPreprocessing(shape=shape, mean=(0.1,) * shape[0], std=(2.0,) * shape[0])
    channels, height, width = shape
    statistics: dict[str, Any] = {"mean": (0.4,) * channels, "std": (0.3,) * channels}
    return Preprocessing(height=height, width=width, channels=channels, **statistics)  # type: ignore[arg-type]


def stored_for(preprocessing: InputPreprocessing, count: int, seed: int = 0) -> np.ndarray:
    """Inputs at random, as they are stored."""
    random, blank = np.random.default_rng(seed), preprocessing.blank(count)
    if blank.dtype == np.uint8:
        return random.integers(0, 256, blank.shape, dtype=np.uint8)
    return random.normal(size=blank.shape).astype(np.float32)


def data_for(bundle: Bundle, *, training: int = 40, validation: int = 30, seed: int = 0) -> Dataset:
    """Inputs at random, labelled by what the bundle itself says of them."""
    stored = stored_for(bundle.preprocessing, training + validation, seed)
    labels = bundle.logits(stored).argmax(axis=1)
    parts = [
        Split(stored[part], labels[part], [str(i) for i in range(len(labels[part]))])
        for part in (slice(0, training), slice(training, None))
    ]
    return Dataset("random", bundle.classes, bundle.preprocessing, parts[0], parts[1], None, (), "0")


def float_model(bundle: Bundle, *, inside: bool = True) -> tuple[bytes, Entrance]:
    entrance = Entrance(bundle.preprocessing, inside=inside)
    return written(bundle, entrance), entrance


def opened(model: bytes) -> ModelProto:
    proto: ModelProto = onnx.load_from_string(model)
    return proto


def tensors(model: ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def operators(model: ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]
