"""The filters of a convolution: its weights, and what they look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ...errors import DataError
from ...graph import Graph
from ...graph.graph import Node
from ...graph.layers import BatchNorm
from ...graph.pointwise import Affine, Dropout
from ...graph.windows import Pad
from .layers import convolution, graph_of

if TYPE_CHECKING:
    from ...bundle import Bundle


@dataclass(frozen=True, eq=False)
class Filters:
    """Those of one convolution: float32 (filters, channels of its input, *kernel), as in PyTorch.

    With `groups` above 1 a filter sees only the channels of its own group. `of_picture` says whether the
    input is the picture itself, so that three channels are red, green and blue.
    """

    layer: str
    values: npt.NDArray[np.float32]
    groups: int = 1
    of_picture: bool = False

    @property
    def in_colour(self) -> bool:
        """Whether they are pictures in colour: over red, green and blue."""
        return self.of_picture and self.values.ndim == 4 and self.values.shape[1] == 3


def filters(bundle: Bundle, layer: str | None = None) -> Filters:
    """The filters of the convolution called `layer`, of the first one by default.

    Raises `UnsupportedOperation` for a network without convolutions or outside the graph, `UnknownName` for
    a name that is none, `DataError` for a layer that is no convolution, or has weights that are not finite.

    >>> from convscope import nets
    >>> from convscope.graph import initial_weights
    >>> graph = nets.graph("lenet-5")
    >>> filters_of(graph, initial_weights(graph), "conv2").values.shape
    (16, 6, 5, 5)
    """
    return filters_of(graph_of(bundle), bundle.weights, layer)


def filters_of(graph: Graph, weights: Mapping[str, np.ndarray], layer: str | None = None) -> Filters:
    """`filters` of a graph and its weights."""
    node = convolution(graph, layer)
    values = weights[node.parameters["weight"]]
    if not np.isfinite(values).all():
        raise DataError(f"the weights of {node.name} are not all finite: the training diverged.")
    return Filters(node.name, values, node.attributes["groups"], _sees_picture(graph, node))


def _sees_picture(graph: Graph, node: Node) -> bool:
    """Whether nothing lies before it that mixes channels or places."""
    below = graph[node.inputs[0]]
    while isinstance(below.rule, Affine | BatchNorm | Dropout | Pad):
        below = graph[below.inputs[0]]
    return not below.inputs
