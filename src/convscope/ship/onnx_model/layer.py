"""One node of the graph while it is written, and the table of what each operation is in ONNX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...graph import Graph, Node
from ...graph.operation import Shape
from .writing import Writing


class Layer:
    """A node of the graph, which may take several of ONNX's: the last has its name, the others one below."""

    def __init__(self, writing: Writing, graph: Graph, node: Node) -> None:
        self.operation, self.shape = node.operation, node.shape
        self.input_shape: Shape = graph.input_shapes(node)[0]  # without the batch
        self._writing, self._node = writing, node
        self._begin = len(writing.nodes)

    def __getitem__(self, attribute: str) -> Any:
        return self._node.attributes[attribute]

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """One ONNX node; the name of its value. An empty input is one that is left out."""
        while inputs[-1] == "":
            inputs = inputs[:-1]
        return self._writing.add(operator, *inputs, name=f"{self._node.name}/{operator}", **attributes)

    def constant(self, name: str, value: Any) -> str:
        """A tensor of this node's own."""
        return self._writing.constant(f"{self._node.name}/{name}", value)

    def number(self, name: str, value: float) -> str:
        """A single number."""
        return self.constant(name, np.float32(value))

    def sizes(self, name: str, values: Any) -> str:
        """Whole numbers: a shape, positions, sides of a border."""
        return self.constant(name, np.asarray(values, dtype=np.int64))

    def reshape(self, x: str, shape: tuple[int, ...]) -> str:
        """The numbers of each input of a batch under another shape."""
        return self.add("Reshape", x, self.sizes("shape", (0, *shape)))  # 0: as many as there are

    def finish(self, value: str, name: str) -> None:
        """Have `value` be this node's, under `name`; no operator at all becomes Identity."""
        own = self._writing.nodes[self._begin :]
        if not own or own[-1].output[0] != value:
            self.add("Identity", value)
        last = self._writing.nodes[-1]
        last.name = last.output[0] = name


# A function takes the layer, its inputs by name, and its parameters by role; it gives the name of its value.

Function = Callable[..., str]
FUNCTIONS: dict[str, Function] = {}


def defines(*operations: str) -> Callable[[Function], Function]:
    """Make a function that of these operations of the graph."""

    def record(function: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(operations, function))
        return function

    return record
