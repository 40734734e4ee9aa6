"""What a report shows of the inside of a network: its first filters, and one record on its way through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np

from ..errors import ConvscopeError
from ..graph import Graph
from ..graph.graph import Node
from ..graph.layers import BatchNorm, GroupNorm, LayerNorm
from ..graph.pointwise import Activation, Affine, Combine, Concat, Dropout
from ..graph.windows import AdaptivePool, Convolution, Pool
from ..look import activations
from .content import Absent, Answer, FeatureMaps, Filters, LayerMaps

MOST_FILTERS = 64
MOST_LAYERS = 12
MOST_CHANNELS = 16
LAYERS = (Convolution, Pool, AdaptivePool, Combine, Concat)
# what is taken together with the layer before it
FOLLOWERS = (GroupNorm, BatchNorm, LayerNorm, Activation, Affine, Dropout)


def first_filters(graph: Graph | None, weights: Mapping[str, np.ndarray]) -> Filters | Absent:
    """The weights of the first convolution, of at most `MOST_FILTERS` filters.

    >>> from convscope import nets
    >>> from convscope.graph import initial_weights
    >>> graph = nets.graph("lenet-5")
    >>> filters = first_filters(graph, initial_weights(graph))
    >>> filters.layer, filters.values.shape
    ('conv1', (6, 1, 5, 5))
    """
    if graph is None:
        return Absent("The network is not in convscope's graph, so its filters are not known by name.")
    node = next((node for node in graph.nodes if isinstance(node.rule, Convolution)), None)
    if node is None:
        return Absent("The network has no convolution.")
    values = weights[node.parameters["weight"]]
    if not np.isfinite(values).all():
        return Absent(f"The weights of {node.name} are not all finite: the training diverged.")
    return Filters(node.name, values[:MOST_FILTERS], len(values))


def feature_maps(
    graph: Graph | None, weights: Mapping[str, np.ndarray], batch: np.ndarray, answer: Answer
) -> FeatureMaps | Absent:
    """The maps of the one record in `batch`, float32 (1, *graph.input_shape), which is that of `answer`.

    A layer is a convolution, a pool or a join of branches, with the normalisation and the activation that
    follow it; of more than `MOST_LAYERS` layers some are left out, evenly, of each the channels behind the
    first `MOST_CHANNELS`.
    """
    if graph is None:
        return Absent("The network is not in convscope's graph, so what its layers give is not at hand.")
    layers = list(_layers(graph))
    if not layers:
        return Absent("The network has no layer that gives a map.")
    try:
        outputs = activations(graph, weights, batch)
    except ConvscopeError as error:
        return Absent(f"There are no feature maps: {error}")
    shown = np.linspace(0, len(layers) - 1, min(len(layers), MOST_LAYERS)).round().astype(int)
    maps = tuple(
        LayerMaps(
            nodes=tuple(node.name for node in layers[i]),
            shape=layers[i][-1].shape,
            values=outputs[layers[i][-1].name][0, :MOST_CHANNELS],
        )
        for i in shown
    )
    return FeatureMaps(answer, maps, len(layers))


def _layers(graph: Graph) -> Iterator[list[Node]]:
    """Each layer as the nodes it is made of; its output is that of the last one."""
    users: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        for name in node.inputs:
            users[name].append(node)
    for node in graph.nodes:
        if not isinstance(node.rule, LAYERS) or len(node.shape) < 2 or max(node.shape[1:]) == 1:
            continue  # it gives no map, or maps of one number each
        layer = [node]
        while len(users[layer[-1].name]) == 1 and isinstance(users[layer[-1].name][0].rule, FOLLOWERS):
            layer.append(users[layer[-1].name][0])
        yield layer
