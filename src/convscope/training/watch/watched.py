"""What is looked at in a watched training: which layers and pictures, and how much is kept of each."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ...errors import UnsupportedOperation
from ...look.inside.layers import convolutions, layer_of
from ...look.inside.snapshot import WatchedLayer
from ..network import Network

MOST_PICTURES = 8
MOST_LAYERS = 4
MOST_FILTERS, MOST_INPUTS = 64, 16  # of a layer, and channels of a filter
MOST_MAPS = 16  # of a layer and a picture
LONGEST = {2: 32, 1: 1024}  # axis of a map that is kept, by how many axes it has


def watched_layers(network: Network) -> tuple[WatchedLayer, ...]:
    """The convolutions to look at, the first and the last among them, evenly chosen where there are many.

    Those of one position, which mix channels and see no pattern, are left out where there are others.
    Raises `UnsupportedOperation` for a network that has none, or is not in the graph.

    >>> from convscope.training.network import open_network
    >>> network = open_network("simple-cnn-16-32", (1, 28, 28), 10, seed=0)
    >>> [(layer.nodes, layer.maps_shape) for layer in watched_layers(network)]
    [(('conv1', 'relu1'), (16, 28, 28)), (('conv2', 'relu2'), (16, 14, 14))]
    """
    graph = network.graph
    if graph is None:
        raise UnsupportedOperation(
            f"{network.name} is not in convscope's graph, so that its layers are not known; "
            "leave out --watch."
        )
    found = convolutions(graph)
    if not found:
        raise UnsupportedOperation(f"{network.name} has no convolution to watch; leave out --watch.")
    shapes = {node.name: graph.parameters[node.parameters["weight"]].shape for node in found}
    found = [node for node in found if max(shapes[node.name][2:]) > 1] or found
    layers = []
    for i in np.linspace(0, len(found) - 1, min(len(found), MOST_LAYERS)).round().astype(int):
        nodes = layer_of(graph, found[i])
        filters, inputs, *kernel = weight_shape = shapes[nodes[0].name]
        channels, *axes = nodes[-1].shape
        layers.append(
            WatchedLayer(
                name=nodes[0].name,
                nodes=tuple(node.name for node in nodes),
                weight_shape=tuple(weight_shape),
                output_shape=nodes[-1].shape,
                filters_shape=(min(filters, MOST_FILTERS), min(inputs, MOST_INPUTS), *kernel),
                maps_shape=(min(channels, MOST_MAPS), *_reduced_size(axes)),
            )
        )
    return tuple(layers)


def chosen_pictures(labels: np.ndarray) -> np.ndarray:
    """The positions of at most 8 pictures, of as many classes as there are: first the first of each.

    >>> chosen_pictures(np.array([1, 1, 0, 2, 0, 1])).tolist()
    [2, 0, 3, 4, 1, 5]
    """
    order = np.argsort(labels, kind="stable")
    _, starts = np.unique(labels[order], return_index=True)
    rank = np.empty(len(labels), dtype=int)  # within the class
    rank[order] = np.arange(len(labels)) - np.repeat(starts, np.diff([*starts, len(labels)]))
    return np.lexsort((labels, rank))[:MOST_PICTURES]


def kept_maps(outputs: np.ndarray, layer: WatchedLayer) -> np.ndarray:
    """The first channels of (N, channels, ...), large maps averaged: float32 (N, *layer.maps_shape)."""
    channels, *axes = layer.maps_shape
    maps = outputs[:, :channels].astype(np.float32, copy=False)
    if maps.shape[2:] == tuple(axes):
        return maps
    rows, columns = axes if len(axes) == 2 else (1, *axes)
    planes = maps.reshape(-1, *maps.shape[2:]) if len(axes) == 2 else maps.reshape(-1, 1, maps.shape[2])
    smaller = [
        np.asarray(Image.fromarray(plane).resize((columns, rows), Image.Resampling.BOX)) for plane in planes
    ]
    return np.stack(smaller).reshape(len(maps), *layer.maps_shape)


def _reduced_size(axes: list[int]) -> tuple[int, ...]:
    share = min(1.0, LONGEST[len(axes)] / max(axes))
    return tuple(max(1, round(size * share)) for size in axes)
