"""The layers of a network as a person speaks of them, and a node of it by its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ...errors import DataError, UnknownName, UnsupportedOperation
from ...graph import Graph
from ...graph.graph import Node
from ...graph.layers import BatchNorm, GroupNorm, LayerNorm
from ...graph.operation import Shape, spell
from ...graph.pointwise import Activation, Affine, Combine, Concat, Dropout
from ...graph.windows import AdaptivePool, Convolution, Pool

if TYPE_CHECKING:
    from ...bundle import Bundle

LAYERS = (Convolution, Pool, AdaptivePool, Combine, Concat)
# what is taken together with the layer before it
FOLLOWERS = (GroupNorm, BatchNorm, LayerNorm, Activation, Affine, Dropout)

Layer = tuple[Node, ...]  # the nodes it is made of; its output is that of the last one


def graph_of(bundle: Bundle) -> Graph:
    """The bundle's graph; raises `UnsupportedOperation` where it has none."""
    if bundle.graph is None:
        raise UnsupportedOperation(
            f"{bundle.net} is not in convscope's graph, so its layers are not known by name; "
            "`predict` and `eval` work."
        )
    return bundle.graph


def layers(graph: Graph) -> list[Layer]:
    """Every layer that gives maps: a convolution, a pool or a join of branches, with what follows it alone.

    What follows it are normalisation, activation and dropout.

    >>> from convscope import nets
    >>> [[node.name for node in layer] for layer in layers(nets.graph("convnet-bn"))][:2]
    [['conv1', 'norm1', 'relu1'], ['pool1']]
    """
    return [
        layer_of(graph, node)
        for node in graph.nodes
        if isinstance(node.rule, LAYERS) and gives_maps(node.shape)
    ]


def without_pools(graph: Graph) -> list[Layer]:
    """The layers but for the pools, which only pass on; the pools where there is nothing else."""
    found = layers(graph)
    return [layer for layer in found if not isinstance(layer[0].rule, Pool)] or found


def layer_of(graph: Graph, node: Node) -> Layer:
    """The node and what follows it alone."""
    layer = [node]
    while len(users := graph.users[layer[-1].name]) == 1 and isinstance(users[0].rule, FOLLOWERS):
        layer.append(users[0])
    return tuple(layer)


def label_of(nodes: Sequence[str]) -> str:
    """Names in a row; what all of them have before their last dots, once.

    >>> label_of(["conv1", "relu1"]), label_of(["layer2.0.conv1", "layer2.0.bn1"])
    ('conv1 → relu1', 'layer2.0: conv1 → bn1')
    """
    folders = {name.rpartition(".")[0] for name in nodes}
    if len(nodes) == 1 or len(folders) > 1 or folders == {""}:
        return " → ".join(nodes)
    return f"{folders.pop()}: {' → '.join(name.rpartition('.')[2] for name in nodes)}"


def gives_maps(shape: Shape) -> bool:
    """Whether an output has positions: more than one number per channel.

    >>> gives_maps((8, 5, 5)), gives_maps((8, 1, 1)), gives_maps((10,))
    (True, False, False)
    """
    return len(shape) > 1 and max(shape[1:]) > 1


def node_with_maps(graph: Graph, name: str) -> Node:
    """The node called `name`; raises `UnknownName`, or `DataError` where it gives no maps."""
    node = _node(graph, name, (node.name for layer in layers(graph) for node in layer))
    if not gives_maps(node.shape):
        raise DataError(f"{name} gives no map: its output, {spell(node.shape)}, has no positions.")
    return node


def convolutions(graph: Graph) -> list[Node]:
    """Every convolution, in the order of the graph."""
    return [node for node in graph.nodes if isinstance(node.rule, Convolution)]


def convolution(graph: Graph, name: str | None = None) -> Node:
    """The convolution called `name`, the first by default.

    Raises `UnsupportedOperation` where there is none, `UnknownName`, and `DataError` for another node.
    """
    found = convolutions(graph)
    if not found:
        raise UnsupportedOperation(f"{graph.name} has no convolution, so there are no filters to see.")
    if name is None:
        return found[0]
    node = _node(graph, name, (node.name for node in found))
    if node not in found:
        known = ", ".join(node.name for node in found)
        raise DataError(f"{name} ({node.operation}) has no filters; convolutions have: {known}.")
    return node


def _node(graph: Graph, name: str, known: Iterable[str]) -> Node:
    if name not in graph.by_name:
        raise UnknownName("layer", name, known)
    return graph[name]
