"""Bundles to look into, and what hooks on their modules see."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from convscope import Bundle, nets
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.input_preprocessing import InputPreprocessing
from convscope.graph import Builder, Graph, initial_weights


def bundle_of(
    graph: Graph,
    weights: dict[str, np.ndarray] | None = None,
    preprocessing: InputPreprocessing | None = None,
) -> Bundle:
    """The graph with fresh weights, for inputs that enter as they are, or as x / 255."""
    shape = graph.input_shape
    if preprocessing is None:
        preprocessing = ArrayPreprocessing(shape=shape) if len(shape) == 2 else _pictures(shape)
    names = tuple(f"class {k}" for k in range(graph.output_shape[0]))
    return Bundle(graph.name, names, preprocessing, graph, weights or initial_weights(graph, 1))


def _pictures(shape: tuple[int, ...]) -> Preprocessing:
    channels, height, width = shape
    return Preprocessing.model_validate({"height": height, "width": width, "channels": channels})


def inputs_of(bundle: Bundle, count: int, seed: int = 0) -> np.ndarray:
    """Random inputs as a data set stores them."""
    random, blank = np.random.default_rng(seed), bundle.preprocessing.blank(count)
    if blank.dtype == np.uint8:
        return random.integers(0, 256, blank.shape, dtype=np.uint8)
    return random.normal(size=blank.shape).astype(np.float32)


def hooked(bundle: Bundle, stored: np.ndarray) -> dict[str, np.ndarray]:
    """What each node's module gives for all inputs at once."""
    assert bundle.graph is not None
    module, seen = bundle.graph.to_module(bundle.weights).eval(), {}
    for name, part in module.named_modules():
        part.register_forward_hook(lambda _, __, y, name=name: seen.update({name: y.numpy().copy()}))
    with torch.inference_mode():
        module(torch.from_numpy(bundle.preprocessing.batch(stored).copy()))
    return seen


def without_a_plan() -> Graph:
    """A network that the native engine has no kernels for."""
    b = Builder("hard")
    x = b.append("hardswish", b.conv2d(b.input(1, 12, 12), 4, kernel_size=3, name="conv1"), name="swish")
    x = b.append("group_norm", b.conv2d(x, 6, kernel_size=3, stride=2), name="norm", num_groups=2)
    return b.build(b.linear(b.global_average_pool(x), 3))


CASES: dict[str, Any] = {
    "simple-cnn-4-8": lambda: nets.graph("simple-cnn-4-8"),
    "convnet-bn": lambda: nets.graph("convnet-bn", (1, 12, 12), 4),
    "resnet-8": lambda: nets.graph("resnet-8", (3, 16, 16), 3),
    "mobile-small": lambda: nets.graph("mobile-small", (3, 24, 24), 3),
    "simple-cnn-1d": lambda: nets.graph("simple-cnn-1d", (2, 40), 3),
    "hard": without_a_plan,
}
