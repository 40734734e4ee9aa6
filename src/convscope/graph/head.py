"""Parts of a network: what makes the value of a node; the trunk, which makes features, and its head."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import UnsupportedOperation
from .builder import Builder
from .graph import Graph, Node
from .operation import Shape

LAYERS = ("linear", "conv2d", "conv1d")  # a head begins with the last of these
DROPOUTS = ("dropout", "dropout2d")  # or with those before it


@dataclass(frozen=True)
class Parts:
    """A graph cut before its head: two graphs with the names of the whole, one behind the other.

    `layer` is the head's linear layer or convolution, whose output grows with the number of classes.
    """

    trunk: Graph
    head: Graph
    layer: Node


def cut(graph: Graph) -> Parts:
    """The graph as trunk and head.

    The head is the last linear layer or convolution with the dropout before it and all that follows; the
    output passes through it alone. Raises `UnsupportedOperation` for a network that has no such layer,
    nothing before it, or shares its weights with the layers before.

    >>> from convscope import nets
    >>> parts = cut(nets.graph("resnet-18", (3, 64, 64), 2))
    >>> parts.layer.name, parts.trunk.output_shape, list(parts.head.parameters)
    ('fc', (512,), ['fc.weight', 'fc.bias'])
    """
    layer = first = head_layer(graph)
    while graph[first.inputs[0]].operation in DROPOUTS:
        first = graph[first.inputs[0]]
    seam = graph[first.inputs[0]]
    below = up_to(graph, seam.name)
    if not below.parameters:
        raise _no_head(graph, f"{layer.name} is its only layer with weights")
    head = Builder(graph.name)
    head.append("input", name=seam.name, shape=seam.shape)
    after = _after(graph, first)
    for node in after:
        _append(head, node)
    names = {name for node in after for name in node.parameters.values()}
    above = head.build(head[graph.output], frozen=graph.frozen & names)
    if shared := set(below.parameters) & set(above.parameters):
        raise _no_head(graph, f"{min(shared)} is shared with the layers before")
    return Parts(below, above, layer)


def up_to(graph: Graph, name: str, *, flat: bool = False) -> Graph:
    """The part of a graph that makes the value of one node, its output then; `flat` as a row of numbers.

    >>> from convscope import nets
    >>> graph = nets.graph("lenet-5")
    >>> up_to(graph, "pool1").output_shape, up_to(graph, "pool1", flat=True).output_shape
    ((6, 14, 14), (1176,))
    """
    builder = Builder(graph.name)
    for node in graph.nodes:
        _append(builder, node)
    seam = builder[name]
    return builder.build(builder.flatten(seam) if flat and len(seam.shape) > 1 else seam)


def head_layer(graph: Graph) -> Node:
    """The last linear layer or convolution, which every path to the output passes through.

    Raises `UnsupportedOperation` where there is none.
    """
    node = graph[graph.output]
    while node.operation not in LAYERS:
        if len(node.inputs) != 1:
            what = f"{node.name} ({node.operation})" if node.inputs else "nothing with weights"
            raise _no_head(graph, f"its output comes from {what}")
        node = graph[node.inputs[0]]
    return node


def adapted(graph: Graph, input_shape: Shape, classes: int) -> Graph:
    """The same layers for inputs of another size, and another number of classes.

    Raises `ShapeError` naming the layer that does not take such inputs.

    >>> from convscope import nets
    >>> adapted(nets.graph("resnet-8"), (3, 48, 48), 2) == nets.graph("resnet-8", (3, 48, 48), 2)
    True
    """
    layer, builder = head_layer(graph), Builder(graph.name)
    for node in graph.nodes:
        changed: dict[str, object] = {}
        if node is graph.nodes[0]:
            changed = {"shape": input_shape}
        elif node is layer:
            changed = {"out_features" if node.operation == "linear" else "out_channels": classes}
        _append(builder, node, **changed)
    return builder.build(builder[graph.output], frozen=graph.frozen)


def _append(builder: Builder, node: Node, **changed: object) -> Node:
    return builder.append(
        node.operation,
        *(builder[name] for name in node.inputs),
        name=node.name,
        parameters=node.parameters,
        **{**node.attributes, **changed},
    )


def _after(graph: Graph, first: Node) -> list[Node]:
    """The nodes from `first` to the output: each has one input, so they are a chain."""
    chain = [graph[graph.output]]
    while chain[-1] is not first:
        chain.append(graph[chain[-1].inputs[0]])
    return chain[::-1]


def _no_head(graph: Graph, why: str) -> UnsupportedOperation:
    return UnsupportedOperation(
        f"{graph.name} cannot be divided into a trunk and a last layer that scores the classes: {why}."
    )
