"""Bundles whose weights are not trained but whose classes differ, as those of trained networks do."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import nn

from convscope import Bundle, nets
from convscope.bundle import PROGRAM
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.input_preprocessing import InputPreprocessing
from convscope.graph.module import state_arrays
from convscope.ship.synthetic import synthetic
from convscope.traced import traced

NAMES = ("ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "ibis", "jay")


def preprocessing_for(shape: tuple[int, ...], **settings: Any) -> InputPreprocessing:
    """For inputs (C, H, W), pictures, or (C, L), signals."""
    if len(shape) == 2:
        return ArrayPreprocessing(shape=cast(tuple[int, int], shape), **settings)
    channels, height, width = shape
    return Preprocessing(channels=cast(Any, channels), height=height, width=width, **settings)


def of_catalogue(name: str, shape: tuple[int, ...] | None = None, **settings: Any) -> Bundle:
    """A network of the catalogue, for its own inputs or others; `settings` of its preprocessing."""
    graph = nets.graph(name, shape)
    preprocessing = preprocessing_for(graph.input_shape, **settings)
    module = livened(graph.to_module(seed=1), preprocessing)
    return Bundle(name, NAMES, preprocessing, graph, state_arrays(module))


def of_module(module: nn.Module, preprocessing: InputPreprocessing) -> Bundle:
    """A person's own, traced, or kept as a program where it is not in the graph."""
    module = livened(module, preprocessing)
    found = traced(module, preprocessing.input_shape, name=type(module).__name__)
    weights: dict[str, np.ndarray] = found.weights
    if found.program is not None:
        weights = {PROGRAM: np.frombuffer(found.program, dtype=np.uint8)}
    return Bundle(type(module).__name__, NAMES, preprocessing, found.graph, weights, found.outputs)


def livened(module: nn.Module, preprocessing: InputPreprocessing) -> nn.Module:
    """With batch norm's statistics of some pictures, and scores that differ from picture to picture."""
    batch = torch.tensor(preprocessing.batch(synthetic(preprocessing, 24)).tolist())
    weight, bias = list(module.parameters())[-2:]  # of the last layer, a linear one
    with torch.no_grad():
        module.train()(batch)
        for (
            name,
            statistic,
        ) in module.named_buffers():  # a tenth of it is the batch's, the rest what was there
            if name.endswith(("running_mean", "running_var")):
                statistic.sub_(0.9 * name.endswith("var")).mul_(10)
        module.eval()
        factor = 2 / module(batch).std(dim=0).mean()
        weight.mul_(factor)
        bias.mul_(factor)
        bias.sub_(module(batch).mean(dim=0))
    return module
