"""Bundles with weights as training leaves them, and what their C files say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from convscope import Bundle
from convscope.data import ArrayPreprocessing
from convscope.data.input_preprocessing import InputPreprocessing
from convscope.graph import Graph, initial_weights
from convscope.ship.c_source.compiler import compiler
from convscope.ship.c_source.form import runner, written
from convscope.ship.entrance import Entrance

from ...look.networks import inputs_of

needs_compiler = pytest.mark.skipif(compiler() is None, reason="no C compiler: apt-get install gcc")


def trained(graph: Graph, seed: int = 0) -> dict[str, np.ndarray]:
    """Weights after He et al. 2015, so that activations keep their scale, with statistics that differ."""
    random, weights = np.random.default_rng(seed), initial_weights(graph, seed)
    for name, value in weights.items():
        if name.endswith("running_var"):
            value = random.uniform(0.3, 2, value.shape)
        elif name.endswith(("running_mean", "bias")):
            value = random.normal(0, 0.2, value.shape)
        elif name.endswith("weight"):
            value = random.uniform(0.5, 1.5, value.shape) if value.ndim == 1 else value * 6**0.5
        weights[name] = np.asarray(value).astype(weights[name].dtype)
    return weights


def bundle_of(graph: Graph, preprocessing: InputPreprocessing, *, outputs: str = "logits") -> Bundle:
    classes = tuple(f"class {k}" for k in range(graph.output_shape[0]))
    bundle = Bundle(graph.name, classes, preprocessing, graph, trained(graph), outputs)
    last = graph[graph.output]
    if last.operation != "linear" or outputs != "logits":
        return bundle
    # such classes that pictures differ in them, as much as a network that has learnt something
    logits, weights = bundle.logits(inputs_of(bundle, 16, seed=1)), dict(bundle.weights)
    scale = 2 / np.std(logits - logits.mean(0))
    weights[last.parameters["weight"]] = weights[last.parameters["weight"]] * scale
    weights[last.parameters["bias"]] = (weights[last.parameters["bias"]] - logits.mean(0)) * scale
    return replace(bundle, weights=weights)


def of_numbers(graph: Graph) -> Bundle:
    """The graph for arrays that enter as they are, and whose outputs leave as they are."""
    return bundle_of(graph, ArrayPreprocessing(shape=graph.input_shape), outputs="probabilities")


def by_c(bundle: Bundle, stored: np.ndarray, *, inside: bool = True) -> np.ndarray:
    """What the compiled file says of inputs as a data set stores them."""
    entrance = Entrance(bundle.preprocessing, inside=inside)
    return runner(written(bundle, entrance), bundle, entrance)(entrance.of_stored(stored))


def by_torch(bundle: Bundle, stored: np.ndarray) -> np.ndarray:
    """What PyTorch says of them, in float64."""
    module = bundle.to_module().double()
    with torch.inference_mode():
        result: np.ndarray = module(
            torch.from_numpy(bundle.preprocessing.batch(stored).copy()).double()
        ).numpy()
    return result
