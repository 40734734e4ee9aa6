"""Feature maps: what each layer makes of one picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import UnsupportedOperation
from ...graph import Graph
from .activations import activations
from .layers import graph_of, layers, node_with_maps

if TYPE_CHECKING:
    from ...bundle import Bundle
    from ...prediction import Picture


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """What one layer gave: float32 (channels, height, width), or (channels, length) of a signal.

    `nodes` are the convolution, pool or join and what follows it, of which the last gave the numbers.
    """

    nodes: tuple[str, ...]
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """One picture on its way through a network: as it is stored, its name, and the layers in order.

    `said` is the most probable class and its probability.
    """

    picture: npt.NDArray[np.generic]
    name: str
    layers: tuple[LayerMaps, ...]
    said: tuple[str, float]


def feature_maps(bundle: Bundle, picture: Picture, layers: Sequence[str] | None = None) -> FeatureMaps:
    """The maps of every layer, or of the nodes named in `layers`, for a picture of any size (or a signal).

    A layer is a convolution, a pool or a join of branches with the normalisation and activation behind it; a
    name means exactly that node, so that `conv1` is before its activation and `relu1` after. Computed by
    `activations`. Raises `DataError` for a picture that cannot be read, a node that gives no maps and weights
    that are not finite; `UnknownName`; `UnsupportedOperation` for a network without maps or graph.

    >>> from convscope import Bundle, nets
    >>> from convscope.data import Preprocessing
    >>> from convscope.graph import initial_weights
    >>> graph = nets.graph("lenet-5")
    >>> of = Preprocessing(height=28, width=28, channels=1)
    >>> bundle = Bundle("lenet-5", tuple("0123456789"), of, graph, initial_weights(graph))
    >>> found = feature_maps(bundle, np.zeros((28, 28), np.uint8), ["conv1", "pool2"])
    >>> [(maps.nodes, maps.values.shape) for maps in found.layers]
    [(('conv1',), (6, 28, 28)), (('pool2',), (16, 5, 5))]
    """
    graph = graph_of(bundle)
    wanted = named_layers(graph, layers)
    stored = bundle.preprocessing.one(picture)
    outputs = activations(graph, bundle.weights, bundle.preprocessing.batch(stored[None]))
    probabilities = bundle.to_probabilities(outputs[graph.output])[0]
    best = int(probabilities.argmax())
    return FeatureMaps(
        picture=stored,
        name=os.fspath(picture) if isinstance(picture, str | os.PathLike) else "",
        layers=maps_of(outputs, wanted),
        said=(bundle.classes[best], float(probabilities[best])),
    )


def named_layers(graph: Graph, names: Sequence[str] | None = None) -> list[tuple[str, ...]]:
    """The nodes of every layer that gives maps, or each of the nodes called `names` by itself."""
    if names is not None:
        return [(node_with_maps(graph, name).name,) for name in names]
    found = [tuple(node.name for node in layer) for layer in layers(graph)]
    if not found:
        raise UnsupportedOperation(f"{graph.name} has no layer that gives a map.")
    return found


def maps_of(
    outputs: Mapping[str, np.ndarray], wanted: Sequence[tuple[str, ...]], record: int = 0
) -> tuple[LayerMaps, ...]:
    """The maps of the `wanted` layers for one record of the batch that `activations` gave `outputs` for."""
    return tuple(LayerMaps(nodes, outputs[nodes[-1]][record]) for nodes in wanted)
