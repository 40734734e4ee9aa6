"""The network as data: a `Graph` of `Node`s, immutable, with every shape known."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import ConvscopeError
from . import layers, pointwise, windows  # noqa: F401  (each registers its operations)
from .operation import Attribute, Operation, ParameterSpec, Shape, operation

if TYPE_CHECKING:
    from .module import GraphModule

FORMAT, VERSION = "convscope-graph", 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Node:
    """One use of an operation.

    `shape` is the output without the batch. `parameters` maps a role (`weight`) to the name of
    the tensor (`conv1.weight`); two nodes that share a tensor name the same one.
    """

    name: str
    operation: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, Attribute]
    shape: Shape
    parameters: Mapping[str, str]

    @property
    def rule(self) -> Operation:
        """The operation's rules: shapes, parameters, cost."""
        return operation(self.operation)


@dataclass(frozen=True)
class Graph:
    """A network: nodes in an order in which every input comes first.

    The first node is the input, `output` names the last value. Built by `Builder`, `trace` or
    `Graph.from_json`, which check shapes; not by hand.

    >>> from convscope.graph import Builder
    >>> b = Builder("tiny")
    >>> x = b.input(1, 8, 8)
    >>> x = b.conv2d(x, 4, kernel_size=3)
    >>> x = b.linear(b.flatten(x), 10)
    >>> graph = b.build(x)
    >>> graph["conv1"].shape, graph.parameter_count
    ((4, 6, 6), 1490)
    >>> Graph.from_json(graph.to_json()) == graph
    True
    """

    name: str
    nodes: tuple[Node, ...]
    output: str
    frozen: frozenset[str] = field(default=frozenset())  # parameters that training leaves alone

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        return MappingProxyType({node.name: node for node in self.nodes})

    @cached_property
    def users(self) -> Mapping[str, tuple[Node, ...]]:
        """The nodes that take each node's output, by its name; once for each time that they take it."""
        found: dict[str, list[Node]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for name in node.inputs:
                found[name].append(node)
        return MappingProxyType({name: tuple(nodes) for name, nodes in found.items()})

    def __getitem__(self, name: str) -> Node:
        return self.by_name[name]

    @property
    def input_shape(self) -> Shape:
        """Shape of one input, without the batch."""
        return self.nodes[0].shape

    @property
    def output_shape(self) -> Shape:
        """Shape of one output, without the batch."""
        return self[self.output].shape

    def input_shapes(self, node: Node) -> tuple[Shape, ...]:
        """Shapes of the node's inputs."""
        return tuple(self[name].shape for name in node.inputs)

    @cached_property
    def parameters(self) -> Mapping[str, ParameterSpec]:
        """Every tensor by name, once, in the order of first use; running statistics included."""
        specs: dict[str, ParameterSpec] = {}
        for node in self.nodes:
            for role, spec in node.rule.parameters(self.input_shapes(node), node.attributes).items():
                specs.setdefault(node.parameters[role], spec)
        return MappingProxyType(specs)

    @cached_property
    def trained(self) -> tuple[str, ...]:
        """The names of the tensors that training changes: the trainable ones that are not frozen."""
        return tuple(
            name for name, spec in self.parameters.items() if spec.trainable and name not in self.frozen
        )

    @property
    def parameter_count(self) -> int:
        """Numbers that can be trained, shared ones counted once; running statistics not counted."""
        return sum(math.prod(spec.shape) for spec in self.parameters.values() if spec.trainable)

    @property
    def ends_in_softmax(self) -> bool:
        """Whether the output already is probabilities (not their logarithm)."""
        return self[self.output].operation == "softmax"

    def to_module(self, weights: Mapping[str, np.ndarray] | None = None, *, seed: int = 0) -> GraphModule:
        """The network as an `nn.Module` with `weights`, or with fresh ones drawn from `seed`.

        Its parameters have the graph's names. Imports torch.
        """
        from .module import to_module

        return to_module(self, weights, seed=seed)

    def to_json(self) -> str:
        """The graph as a JSON document that `from_json` reads back; no code, no weights."""
        nodes = [
            {
                "name": node.name,
                "operation": node.operation,
                "inputs": node.inputs,
                "attributes": dict(node.attributes),
                "shape": node.shape,
                "parameters": dict(node.parameters),
            }
            for node in self.nodes
        ]
        document = {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "output": self.output,
            "frozen": sorted(self.frozen),
            "nodes": nodes,
        }
        return json.dumps(document, ensure_ascii=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Graph.from_json, (self.to_json(),)  # copies and pickles: its read-only mappings have no own

    @staticmethod
    def from_json(text: str) -> Graph:
        """The graph that `to_json` wrote, every node checked again.

        Raises `ConvscopeError` for anything else, also for shapes that do not add up.
        """
        from .builder import Builder  # the builder makes graphs, so it imports this module

        try:
            document = json.loads(text)
            if (document["format"], document["version"]) != (FORMAT, VERSION):
                raise ConvscopeError(
                    f"this is {document['format']} version {document['version']}; "
                    f"this convscope reads {FORMAT} version {VERSION}."
                )
            builder = Builder(_expect(document["name"], str))
            for node in document["nodes"]:
                built = builder.append(
                    node["operation"],
                    *(builder[name] for name in _expect(node["inputs"], list)),
                    name=_expect(node["name"], str),
                    parameters=_expect(node["parameters"], dict),
                    **{key: _tuples(value) for key, value in node["attributes"].items()},
                )
                if list(built.shape) != node["shape"]:
                    raise ConvscopeError(
                        f"node {built.name!r} says its shape is {node['shape']}, not {built.shape}."
                    )
            return builder.build(builder[document["output"]], frozen=_expect(document["frozen"], list))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise ConvscopeError(f"this is not a graph that convscope wrote: {error!r}.") from error


def _expect(value: Any, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} should be a {kind.__name__}")
    return value


def _tuples(value: object) -> Attribute:
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    return value
