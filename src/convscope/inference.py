"""Pictures or signals through a trained network, by the engine that can: in bundles and in evaluations.

The native engine computes it where there is one and it has a plan for the graph, PyTorch otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from . import native
from .data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from .errors import UnsupportedOperation
from .graph import Graph
from .lanes.network import Network, Pixels

if TYPE_CHECKING:
    from torch import nn

BATCH_SIZE = 256

Forward = Callable[[np.ndarray], np.ndarray]  # inputs as they are stored → float32 (N, classes)


def forward(
    graph: Graph | None,
    weights: Mapping[str, np.ndarray],
    preprocessing: InputPreprocessing,
    to_module: Callable[[], nn.Module],
) -> Forward:
    """What computes the outputs of a network for pictures of its size.

    `to_module` makes the network for PyTorch, in eval mode; it is called, and torch imported, only where
    the native engine cannot do it.
    """
    network = plan_network(graph, weights)
    if network is not None:
        return on_lanes(network, preprocessing)
    module = to_module()
    return lambda images: logits(module, preprocessing, images)


def plan_network(graph: Graph | None, weights: Mapping[str, np.ndarray]) -> Network | None:
    """The network on the native engine; None where there is no engine, no graph, or no plan for it."""
    if graph is None or not native.available():
        return None
    try:
        return Network(graph, weights, training=False, threads=native.cores())
    except UnsupportedOperation:
        return None


def on_lanes(network: Network, preprocessing: InputPreprocessing) -> Forward:
    """The native engine's forward pass."""
    return lambda images: network.outputs(for_lanes(images, preprocessing))


def for_lanes(images: np.ndarray, preprocessing: InputPreprocessing) -> Pixels | np.ndarray:
    """What is stored of a data set as the native engine takes it.

    Bytes stay bytes, and are scaled as `Preprocessing.batch` does where they are read. Signals and arrays go
    through `batch` here, or stay what they are where it would change nothing.
    """
    if isinstance(preprocessing, Preprocessing):
        return Pixels(np.ascontiguousarray(images), *preprocessing.factor_and_offset())
    if isinstance(preprocessing, ArrayPreprocessing) and preprocessing.changes_nothing:
        return images
    return preprocessing.batch(images)


def logits(
    module: nn.Module, preprocessing: InputPreprocessing, images: np.ndarray, *, device: str = "cpu"
) -> np.ndarray:
    """Inputs as they are stored through a module in eval mode → float32 (N, classes)."""
    import torch

    parts = []
    with torch.inference_mode():
        for start in range(0, max(len(images), 1), BATCH_SIZE):
            values = np.ascontiguousarray(preprocessing.batch(images[start : start + BATCH_SIZE]))
            # in rows of its own: a layer keeps the order of other strides, and a person's `view` wants this one
            batch = torch.from_numpy(values.ravel()).view(values.shape).to(device)
            parts.append(module(batch).float().cpu().numpy())
    return np.concatenate(parts)
