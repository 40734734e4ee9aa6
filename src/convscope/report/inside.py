"""What a report shows of the inside of a network: its first filters, and one record on its way through."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import ConvscopeError
from ..graph import Graph
from ..look import activations
from ..look.inside.filters import filters_of
from ..look.inside.maps import maps_of, named_layers
from .content import Absent, Answer, FeatureMaps, Filters, LayerMaps

MOST_FILTERS = 64
MOST_LAYERS = 12
MOST_CHANNELS = 16


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
    try:
        found = filters_of(graph, weights)
    except ConvscopeError as error:
        return Absent(_sentence(error))
    return Filters(found.layer, found.values[:MOST_FILTERS], len(found.values))


def feature_maps(
    graph: Graph | None, weights: Mapping[str, np.ndarray], batch: np.ndarray, answer: Answer
) -> FeatureMaps | Absent:
    """The maps of the one record in `batch`, float32 (1, *graph.input_shape), which is that of `answer`.

    Of more than `MOST_LAYERS` layers some are left out, evenly, of each the channels behind the first
    `MOST_CHANNELS`.
    """
    if graph is None:
        return Absent("The network is not in convscope's graph, so what its layers give is not at hand.")
    try:
        wanted = named_layers(graph)
        layers = maps_of(activations(graph, weights, batch), wanted)
    except ConvscopeError as error:
        return Absent(_sentence(error))
    shown = np.linspace(0, len(layers) - 1, min(len(layers), MOST_LAYERS)).round().astype(int)
    return FeatureMaps(
        answer,
        tuple(
            LayerMaps(layers[i].nodes, layers[i].values.shape, layers[i].values[:MOST_CHANNELS])
            for i in shown
        ),
        len(layers),
    )


def _sentence(error: ConvscopeError) -> str:
    """
    >>> _sentence(ConvscopeError("the training diverged."))
    'The training diverged.'
    """
    text = str(error)
    return text[0].upper() + text[1:]
