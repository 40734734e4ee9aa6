"""What is to be trained: a network of the catalogue, a class in a file, or a module at hand."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import nets
from ..bundle import Bundle
from ..errors import ConvscopeWarning
from ..graph import Graph, initial_weights
from ..graph.operation import Shape

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Network:
    """A network before training: a graph with its first weights, or a module the graph cannot express.

    Such a module has a `program` instead (see `convscope.program`), which its bundles keep.
    """

    name: str
    graph: Graph | None
    weights: dict[str, np.ndarray]
    module: nn.Module | None  # it and `program` only where `graph` is None
    program: bytes | None
    parameters: int
    outputs: str  # "logits" or "probabilities"
    own: bool  # the person's own code, not the catalogue's

    def to_module(self) -> nn.Module:
        """A new `nn.Module` to train, holding the first weights."""
        import copy

        if self.graph is not None:
            return self.graph.to_module(self.weights)
        assert self.module is not None
        return copy.deepcopy(self.module)


def is_own(net: object) -> bool:
    """Whether `net` is a person's own code, and not a name of the catalogue."""
    return not isinstance(net, str) or ".py" in net


def open_network(net: Any, input_shape: Shape, classes: int, *, seed: int) -> Network:
    """The network that `net` means, for inputs of `input_shape` (C, H, W) and so many classes.

    `net` is a name of the catalogue, `file.py:Class`, an `nn.Module` class, a module, or the bundle in which
    a run keeps the first weights of these. A module whose operations the graph cannot express is trained as
    it is, and a warning says so. Raises `UnknownName`,
    `ShapeError` (which layer, which size) or `ConvscopeError` where its own code fails.
    """
    if not is_own(net):
        graph = nets.graph(net, input_shape, classes)
        weights = initial_weights(graph, seed)
        return Network(net, graph, weights, None, None, graph.parameter_count, "logits", own=False)
    if isinstance(net, Bundle):
        return _of_bundle(net)
    from ..graph.module import network_name
    from .own_network import own_module

    module = own_module(net, input_shape, classes, seed=seed)
    return _traced(network_name(module), module, input_shape)


def _of_bundle(bundle: Bundle) -> Network:
    assert bundle.graph is not None
    count = bundle.graph.parameter_count
    return Network(
        bundle.net, bundle.graph, dict(bundle.weights), None, None, count, bundle.outputs, own=True
    )


def _traced(name: str, module: nn.Module, input_shape: Shape) -> Network:
    from ..traced import traced

    found = traced(module, input_shape, name=name)  # before the training, so that its result can be kept
    if found.graph is None:
        warnings.warn(
            ConvscopeWarning(
                "not-in-graph",
                f"{found.refusal} Only the torch engine trains such a network; its bundle is an exported "
                "program.",
            ),
            stacklevel=3,
        )
    elif found.outputs == "probabilities":
        warnings.warn(
            ConvscopeWarning(
                "softmax-output",
                f"{name} ends in softmax, but the loss (cross-entropy) applies softmax itself: "
                "training will be slow and weak. Return the values before the softmax.",
            ),
            stacklevel=3,
        )
    return Network(
        name,
        found.graph,
        found.weights,
        module if found.graph is None else None,
        found.program,
        found.parameters,
        found.outputs,
        own=True,
    )
