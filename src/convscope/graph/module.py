"""`Graph` → `nn.Module`: one submodule per node, parameters under the graph's own names."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import ShapeError
from .graph import Graph
from .operation import spell
from .torch_layers import Layer
from .weights import initial_weights


class GraphModule(nn.Module):
    """A network rebuilt from its graph. `forward` runs the nodes in order; (N, ...) in, (N, ...) out."""

    def __init__(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self._graph = graph  # underscores: users' layers are called `graph` or `layers` too
        self._calls = {node.name: Layer(node) for node in graph.nodes[1:]}
        for name, layer in self._calls.items():
            _place(self, name, layer)
        for name, spec in graph.parameters.items():
            if name not in weights or weights[name].shape != spec.shape:
                found = spell(weights[name].shape) if name in weights else "missing"
                raise ShapeError(
                    f"the weights {name!r} of {graph.name} are {found}, not {spell(spec.shape)}."
                )
            value = torch.from_numpy(np.array(weights[name], dtype=spec.dtype))
            owner, attribute = _owner(self, name)
            if spec.trainable:
                owner.register_parameter(
                    attribute, nn.Parameter(value, requires_grad=name not in graph.frozen)
                )
            else:
                owner.register_buffer(attribute, value)
        for node in graph.nodes[1:]:
            self._calls[node.name].sources = {
                role: _owner(self, name) for role, name in node.parameters.items()
            }

    def forward(self, batch: Tensor) -> Tensor:
        values = {self._graph.nodes[0].name: batch}
        for node in self._graph.nodes[1:]:
            values[node.name] = self._calls[node.name](*(values[name] for name in node.inputs))
        return values[self._graph.output]


def to_module(graph: Graph, weights: Mapping[str, np.ndarray] | None = None, *, seed: int = 0) -> GraphModule:
    """The network as an ordinary `nn.Module`, with `weights` or fresh ones drawn from `seed`.

    >>> import torch
    >>> from convscope import nets
    >>> module = to_module(nets.graph("simple-cnn-4-8"))
    >>> module(torch.zeros(2, 1, 28, 28)).shape, module.conv1.weight.shape
    (torch.Size([2, 10]), torch.Size([4, 1, 3, 3]))
    """
    return GraphModule(graph, initial_weights(graph, seed) if weights is None else weights)


def network_name(module: nn.Module) -> str:
    """That of the graph it was rebuilt from, else that of its class."""
    return module._graph.name if isinstance(module, GraphModule) else type(module).__name__


def graph_of(module: nn.Module) -> Graph | None:
    """The graph that a module was rebuilt from, with the parameters frozen that are so now.

    None for another module, and for one whose tensors are no longer those of the graph.
    """
    if type(module) is not GraphModule:
        return None
    graph, tensors = module._graph, dict(module.named_parameters(remove_duplicate=False))
    held = module.state_dict()
    if {name: tuple(tensor.shape) for name, tensor in held.items()} != {
        name: spec.shape for name, spec in graph.parameters.items()
    }:
        return None
    frozen = {name for name, tensor in tensors.items() if not tensor.requires_grad}
    return dataclasses.replace(graph, frozen=frozenset(frozen))


def state_arrays(module: nn.Module) -> dict[str, np.ndarray]:
    """The module's state dict as NumPy copies, by name."""
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in module.state_dict().items()}


def _place(root: nn.Module, path: str, layer: nn.Module) -> None:
    """Register `layer` at a dotted path, making plain containers on the way."""
    owner, last = _owner(root, path)
    if last in owner._modules:  # a container made for a longer path: keep its children
        layer._modules.update(owner._modules.pop(last)._modules)  # type: ignore[union-attr]
    owner._modules[last] = layer


def _owner(root: nn.Module, name: str) -> tuple[nn.Module, str]:
    """The module and attribute of a dotted name; containers are made where none is.

    By way of `_modules`, because `add_module` refuses layers called `type` or `float`.
    """
    *parents, last = name.split(".")
    owner = root
    for part in parents:
        child = owner._modules.setdefault(part, nn.Module())
        assert child is not None
        owner = child
    return owner, last
