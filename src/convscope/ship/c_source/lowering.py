"""A graph while it becomes calls of C functions, and the table of who writes which operation."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping

import numpy as np

from ...data import ArrayPreprocessing, Preprocessing
from ...errors import DataError
from ...graph import Graph, Node
from ...graph.operation import Shape
from ..entrance import Entrance
from . import geometry
from .spelling import identifier, in_comment, times
from .steps import Listing, Setting, Step, Value, Weights


class Lowering:
    """A graph on the way to a `Listing`."""

    def __init__(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
        self.graph, self.tensors = graph, weights
        self.listing = Listing()
        self.values: dict[str, Value] = {}  # by the node whose result it is
        self.folded: set[str] = set()  # batch norms that the layer before does
        self._known: dict[bytes, str] = {}  # arrays by their content
        self._names: set[str] = set()
        self._titles: dict[str, str] = {}

    # the ends

    def enter(self, entrance: Entrance) -> None:
        of, node = entrance.preprocessing, self.graph.nodes[0]
        shape = node.shape
        if entrance.inside and isinstance(of, Preprocessing):
            factor, offset = of.factor_and_offset()
            offset = np.zeros_like(factor) if offset is None else offset
            names = self.constants(node, "scaling", {"factor": factor, "offset": offset})
            given = Value(math.prod(shape), "picture")
            plane = math.prod(shape[1:])
            self.step(node, "read_picture", given, ..., shape[0], plane, int(entrance.inverts), *names)
        elif entrance.inside and isinstance(of, ArrayPreprocessing) and not of.changes_nothing:
            mean, std = of.mean or (0.0,) * of.channels, of.std or (1.0,) * of.channels
            given = Value(math.prod(of.shape), "values")
            shape_of_given = self.setting(node, "given", "struct shape", geometry.planes(of.shape))
            down = of.repeat if len(of.shape) == 3 else 1
            names = self.constants(
                node,
                "scaling",
                {"mean": np.array(mean, np.float32), "deviation": np.array(std, np.float32)},
            )
            self.step(node, "read_values", given, ..., f"&{shape_of_given}", down, of.repeat, *names)
        else:
            self.values[node.name] = Value(math.prod(shape), "values")

    def leave(self, outputs: str) -> None:
        """From the last value to the probabilities."""
        node = self.graph[self.graph.output]
        value, result = self.values[node.name], Value(math.prod(node.shape), "probabilities")
        if outputs == "probabilities":
            arguments: tuple[Value | str, ...] = (value, result, "1", "CLASSES", "CLASSES", "0")
            self.listing.steps.append(Step("the probabilities", "copy_columns", arguments, result))
        else:
            arguments = (value, result, "1", "CLASSES", "1")
            self.listing.steps.append(Step("the probabilities", "softmax", arguments, result))

    # what the writers use

    def input(self, node: Node, number: int = 0) -> Value:
        return self.values[node.inputs[number]]

    def input_shape(self, node: Node, number: int = 0) -> Shape:
        return self.graph[node.inputs[number]].shape

    def tensor(self, node: Node, role: str) -> np.ndarray:
        return self.tensors[node.parameters[role]]

    def next_alone(self, node: Node, operation: str) -> Node | None:
        """The node of that operation that alone uses the result of `node`."""
        users = self.graph.users[node.name]
        alone = len(users) == 1 and node.name != self.graph.output and users[0].operation == operation
        return users[0] if alone else None

    def step(
        self, node: Node, function: str, *arguments: object, result: Value | None = None, also: str = ""
    ) -> Value:
        """A call; `...` among the arguments stands for the result. The inputs are those before it.

        The result may overwrite an input where the arguments say so: see `in_place`.
        """
        value = Value(math.prod(node.shape)) if result is None else result
        filled = tuple(
            value
            if argument is ...
            else argument.value
            if isinstance(argument, InPlace)
            else argument
            if isinstance(argument, Value)
            else str(argument)
            for argument in arguments
        )
        replaceable = tuple(argument.value for argument in arguments if isinstance(argument, InPlace))
        kind = node.operation.replace("_", " ")
        layer = f"{in_comment(node.name)}: {kind}{also}, {times(node.shape)}"
        self.listing.steps.append(Step(layer, function, filled, value, replaceable))
        self.values[node.name] = value
        return value

    def constants(self, node: Node, what: str, arrays: Mapping[str, np.ndarray]) -> list[str]:
        """The names of arrays of a layer, in the file once however often they are used."""
        names, new = [], []
        for role, array in arrays.items():
            values = np.ascontiguousarray(array, dtype=np.float32)
            if not np.isfinite(values).all():
                raise DataError(
                    f"the {role} of {node.name!r} has numbers that are not finite: the training diverged."
                )
            key = hashlib.sha256(values.tobytes()).digest()
            if key not in self._known:
                self._known[key] = self._name(node, role)
                new.append(Weights(self._known[key], values))
            names.append(self._known[key])
        self._keep(node, what, *new)
        return names

    def setting(self, node: Node, role: str, kind: str, initial: str, count: int = 0) -> str:
        """The name of a structure or table of a layer."""
        setting = Setting(self._name(node, role), kind, initial, count)
        self._keep(node, node.operation.replace("_", " "), setting)
        return setting.name

    def window(self, node: Node) -> str:
        initial = geometry.window(node, self.input_shape(node))
        return "&" + self.setting(node, "window", "struct window", initial)

    def _keep(self, node: Node, what: str, *new: Weights | Setting) -> None:
        """Constants under a heading of the layer's."""
        if not new:
            return
        title = self._titles.setdefault(node.name, f"{in_comment(node.name)}: {what}")
        self.listing.constants.setdefault(title, []).extend(new)

    def _name(self, node: Node, role: str) -> str:
        name = plain = f"{identifier(node.name)}_{role}"
        number = 1
        while name in self._names:
            number += 1
            name = f"{plain}_{number}"
        self._names.add(name)
        return name


class InPlace:
    """An input that the result may overwrite where nothing else reads it."""

    def __init__(self, value: Value) -> None:
        self.value = value


# A writer adds the calls of one node. All are in `layers`, `windows`, `shapes` and `pointwise`.

Writer = Callable[[Lowering, Node], None]
WRITERS: dict[str, Writer] = {}


def writes(*operations: str) -> Callable[[Writer], Writer]:
    """Make a function the writer of these operations of the graph."""

    def record(function: Writer) -> Writer:
        WRITERS.update(dict.fromkeys(operations, function))
        return function

    return record
