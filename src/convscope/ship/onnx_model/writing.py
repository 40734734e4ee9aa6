"""An ONNX graph while it is written: its nodes, its constants, and a name for every value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ...graph.operation import Shape


class Writing:
    """Nodes in the order in which they run. No two values have one name, and no two nodes.

    >>> writing = Writing()
    >>> half = writing.constant("half", np.float32(0.5))
    >>> writing.add("Mul", "x", half, name="halved"), [node.op_type for node in writing.nodes]
    ('halved', ['Mul'])
    """

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self.nodes: list[NodeProto] = []
        self.shapes: dict[str, Shape] = {}  # of values, without the batch, as far as they are to be shown
        self._constants: dict[str, np.ndarray] = {}
        self._taken = set(reserved)

    def free(self, name: str) -> str:
        """The name, with a number behind it where another value has it; from now on it is taken."""
        found, number = name, 2
        while found in self._taken:
            found, number = f"{name}/{number}", number + 1
        self._taken.add(found)
        return found

    def constant(self, name: str, value: Any) -> str:
        """A tensor that is kept in the file; its name."""
        found = self.free(name)
        self._constants[found] = np.asarray(value)
        return found

    def add(self, operator: str, *inputs: str, name: str, value: str | None = None, **attributes: Any) -> str:
        """One node; the name of its value, which is the given one, or that of the node."""
        name = self.free(name)
        value = value or name
        node = helper.make_node(operator, list(inputs), [value], name=name)
        node.attribute.extend(helper.make_attribute(key, attributes[key]) for key in sorted(attributes))
        self.nodes.append(node)
        return value

    @property
    def constant_bytes(self) -> int:
        """How large they are together."""
        return sum(value.nbytes for value in self._constants.values())

    @property
    def initializers(self) -> list[TensorProto]:
        """The constants that a node takes, in the order in which they came."""
        read = {name for node in self.nodes for name in node.input}
        return [
            numpy_helper.from_array(np.array(value, order="C"), name)  # a copy keeps a scalar's shape
            for name, value in self._constants.items()
            if name in read
        ]
