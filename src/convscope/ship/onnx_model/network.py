"""The nodes of a graph in ONNX, under the graph's own names."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...graph import Graph
from . import layers, pointwise, windows  # noqa: F401  (each defines its operations)
from .layer import FUNCTIONS, Layer
from .writing import Writing


def write_network(writing: Writing, graph: Graph, weights: Mapping[str, np.ndarray], x: str) -> str:
    """Write all of them behind the value `x`; the value that is the network's output.

    A tensor that several nodes share is one constant.
    """
    tensors = {name: writing.constant(name, weights[name]) for name in graph.parameters}
    values = {node.name: writing.free(node.name) for node in graph.nodes[1:]}
    values[graph.nodes[0].name] = x
    for node in graph.nodes[1:]:
        layer = Layer(writing, graph, node)
        inputs = (values[name] for name in node.inputs)
        parameters = {role: tensors[name] for role, name in node.parameters.items()}
        layer.finish(FUNCTIONS[node.operation](layer, *inputs, **parameters), values[node.name])
        writing.shapes[values[node.name]] = node.shape
    return values[graph.output]
