"""What a person gives the native engine from Python: networks of several kinds, NumPy arrays or tensors."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from ..errors import DataError, UnsupportedOperation, UsageError
from ..graph import Graph, initial_weights

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..bundle import Bundle

Array = Union["np.ndarray", "Tensor"]
Net = Union["nn.Module", Graph, "Bundle"]
Arrays = dict[str, np.ndarray]


def graph_and_weights(
    net: Net, input_shape: Sequence[int] | None, weights: Mapping[str, Array] | None, *, seed: int = 0
) -> tuple[Graph, Arrays]:
    """The graph of a module, graph or bundle, and its weights: those given, else its own, else fresh ones.

    Raises `UsageError` for what is no network, or a module without an input's shape, and
    `UnsupportedOperation` for what the graph cannot express.
    """
    own: Mapping[str, Any]
    if isinstance(net, Graph):
        graph = net
        own = {} if weights is not None else initial_weights(graph, seed)
    elif _is_module(net):
        if input_shape is None:
            raise UsageError("a module needs the shape of one input, (channels, height, width).")
        from ..graph.tracing import trace

        graph, own = trace(net, tuple(input_shape)), net.state_dict()  # type: ignore[arg-type, union-attr]
        own = initial_weights(graph) | own  # a batch norm without statistics of its own has the identity's
    else:
        from ..bundle import Bundle

        if not isinstance(net, Bundle):
            raise UsageError(f"a network is an nn.Module, a Graph or a Bundle, not {net!r}.")
        if net.graph is None:
            raise UnsupportedOperation(f"{net.net} is not in convscope's graph, which the lanes engine runs.")
        graph, own = net.graph, net.weights
    if weights is not None:
        own = weights
    return graph, {name: as_array(value) for name, value in own.items()}


def as_array(values: Array) -> np.ndarray:
    """A tensor or an array as an array, without a copy where none is needed.

    Raises `DataError` for a tensor that is on another device than the CPU.
    """
    if is_tensor(values):
        tensor: Any = values
        if tensor.device.type != "cpu":
            raise DataError(f"the tensor is on {tensor.device}, the lanes engine on the CPU: tensor.cpu().")
        return np.asarray(tensor.detach().numpy())
    return np.asarray(values)


def as_pictures(images: Array) -> np.ndarray:
    """Inputs as float32; raises `DataError` for numbers that are no floats, which are not scaled yet."""
    array = as_array(images)
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(
            f"the inputs are {array.dtype}; the network takes float32, scaled as in training: images / 255."
        )
    return np.ascontiguousarray(array, dtype=np.float32)


def like(result: np.ndarray, given: Array) -> Any:
    """The result as a tensor where a tensor was given."""
    return sys.modules["torch"].from_numpy(result) if is_tensor(given) else result


def is_tensor(value: object) -> bool:
    """Whether it is a PyTorch tensor; imports nothing."""
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor)


def _is_module(value: object) -> bool:
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].nn.Module)
