"""What a person gives the native engine from Python: networks of several kinds, NumPy arrays or tensors."""

from __future__ import annotations

import operator
import os
import reprlib
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from ..errors import DataError, ShapeError, UnsupportedOperation, UsageError
from ..graph import Graph, initial_weights
from ..graph.operation import Shape

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..bundle import Bundle

Array = Union["np.ndarray", "Tensor"]
Net = Union["nn.Module", Graph, "Bundle"]
Inputs = Array | Sequence[int]  # a batch of inputs, or the shape of one
Arrays = dict[str, np.ndarray]


def graph_and_weights(
    net: Net, inputs: Inputs | None, weights: Mapping[str, Array] | None, *, seed: int = 0
) -> tuple[Graph, Arrays]:
    """The graph of a module, graph or bundle, and its weights: those given, else its own, else fresh ones.

    Raises `UsageError` for what is no network, or a module that is not told its inputs or is not in float32,
    `ShapeError` for inputs that it does not take, `UnsupportedOperation` for what the graph cannot express.
    """
    own: Mapping[str, Any]
    if isinstance(net, Graph):
        graph = net
        own = {} if weights is not None else initial_weights(graph, seed)
    elif _is_module(net):
        graph, own = _traced(net, inputs)
    else:
        from ..bundle import Bundle

        if not isinstance(net, Bundle):
            raise UsageError(f"a network is an nn.Module, a Graph or a Bundle, not {net!r}.")
        if net.graph is None:
            raise UnsupportedOperation(f"{net.net} is not in convscope's graph, which the lanes engine runs.")
        graph, own = net.graph, net.weights
    if inputs is not None and (shape := input_shape(inputs)) != graph.input_shape:
        raise ShapeError(f"{graph.name} takes inputs of {graph.input_shape}, not {shape}.")
    if weights is not None:
        own = weights
    return graph, as_arrays(own)


def _traced(module: Any, inputs: Inputs | None) -> tuple[Graph, Mapping[str, Any]]:
    """The graph of a module, and its weights."""
    from ..graph.module import network_name
    from ..graph.tracing import trace

    name = network_name(module)
    if inputs is None:
        raise UsageError(
            f"{name} is a module, which needs to be told its inputs: give a batch of them (N, C, H, W), or "
            "the shape of one, such as (1, 28, 28)."
        )
    for parameter, tensor in module.state_dict().items():
        if tensor.is_floating_point() and str(tensor.dtype) != "torch.float32":
            raise UsageError(
                f"{parameter!r} of {name} is {tensor.dtype}, and the lanes engine computes in float32: "
                "give module.float()."
            )
    try:
        graph = trace(module, input_shape(inputs))
    except ShapeError as error:
        if getattr(inputs, "ndim", 0) != 3:
            raise
        raise ShapeError(
            f"{str(error).rstrip('.')}. An array of {_shape(inputs)} is a batch of signals (N, C, L); one of "
            "pictures is (N, C, H, W), such as images[:1]."
        ) from error
    # a batch norm without statistics of its own has the identity's
    return graph, initial_weights(graph) | module.state_dict()


def input_shape(inputs: Inputs) -> Shape:
    """The shape of one input, (C, H, W) or (C, L), of a batch of them or as it is.

    Raises `UsageError` for what is no such thing, and `ShapeError` where it has too many axes.

    >>> input_shape((1, 28, 28)), input_shape(np.zeros((64, 1, 28, 28)))
    ((1, 28, 28), (1, 28, 28))
    """
    batch = _is_array(inputs)
    try:
        shape = _shape(inputs)[1:] if batch else tuple(operator.index(size) for size in inputs)
    except TypeError:
        raise UsageError(
            f"{reprlib.repr(inputs)} is neither a batch of inputs (N, C, H, W) nor the shape of one, such as "
            "(1, 28, 28)."
        ) from None
    if not 1 <= len(shape) <= 3 or min(shape) < 1:
        what = f"a batch of {_shape(inputs)}" if batch else f"the shape {shape}"
        way_out = "; of a batch give `batch` itself or `batch.shape[1:]`" if shape[3:] and not batch else ""
        raise ShapeError(f"{what} does not say one input's, (C, H, W) or (C, L){way_out}.")
    return shape


def _shape(array: Any) -> Shape:
    return tuple(int(size) for size in array.shape)


def as_arrays(weights: Mapping[str, Array]) -> Arrays:
    """Weights by name as arrays. Raises `UsageError` for anything but a dictionary."""
    if not isinstance(weights, Mapping):
        kind = type(weights).__name__
        raise UsageError(f"weights are a dictionary by name, such as module.state_dict(), not a {kind}.")
    return {name: as_array(value) for name, value in weights.items()}


def as_array(values: Array | Sequence[Any]) -> np.ndarray:
    """A tensor or an array as an array, without a copy where none is needed.

    Raises `DataError` for a tensor that is on another device than the CPU.
    """
    if is_tensor(values):
        tensor: Any = values
        if tensor.device.type != "cpu":
            raise DataError(f"the tensor is on {tensor.device}, the lanes engine on the CPU: tensor.cpu().")
        if str(tensor.dtype) == "torch.bfloat16":  # which NumPy does not know
            tensor = tensor.float()
        return np.asarray(tensor.detach().numpy())
    return np.asarray(values)


def as_pictures(images: Array) -> np.ndarray:
    """Inputs as float32; raises `DataError` for what is no floats: whole numbers are not scaled yet."""
    array = as_array(images)
    if np.issubdtype(array.dtype, np.integer):
        raise DataError(
            f"the inputs are {array.dtype}; the network takes float32, as in its training: images / 255 for "
            "numbers from 0 to 1, or images.astype(np.float32), images.float() where it scales them itself."
        )
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"the inputs are {_what(images)}; the network takes an array or a tensor of float32.")
    return np.ascontiguousarray(array, dtype=np.float32)


def _what(value: Any) -> str:
    if isinstance(value, str | os.PathLike):
        return f"{os.fspath(value)!r}, and files are for `convscope.predict`"
    return str(value.dtype) if _is_array(value) else reprlib.repr(value)


def like(result: np.ndarray, given: Array) -> Any:
    """The result as a tensor where a tensor was given."""
    return sys.modules["torch"].from_numpy(result) if is_tensor(given) else result


def is_tensor(value: object) -> bool:
    """Whether it is a PyTorch tensor; imports nothing."""
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor)


def _is_array(value: object) -> bool:
    return isinstance(value, np.ndarray) or is_tensor(value)


def _is_module(value: object) -> bool:
    return "torch" in sys.modules and isinstance(value, sys.modules["torch"].nn.Module)
