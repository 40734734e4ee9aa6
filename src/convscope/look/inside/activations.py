"""What every node of a graph gives for a batch of inputs, computed node by node with `ops`, without torch."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ... import ops
from ...errors import DataError, ShapeError
from ...graph import Graph
from ...graph.graph import Node
from ...graph.operation import spell
from ...ops.padding import pad

Function = Callable[..., np.ndarray]  # (node, inputs..., parameters by their role)
FUNCTIONS: dict[str, Function] = {}


def activations(graph: Graph, weights: Mapping[str, np.ndarray], inputs: np.ndarray) -> dict[str, np.ndarray]:
    """The output of every node by its name, as in eval mode, float32 (N, *node.shape).

    `inputs` is float32 (N, *graph.input_shape), as `Preprocessing.batch` makes it; the input node gives it
    back. Everything is kept at once, so this is for a few pictures, not for a data set. Raises `ShapeError`
    for inputs of another shape, `DataError` for weights that are not finite, as those of a diverged training.

    >>> from convscope.graph import Builder
    >>> b = Builder("tiny")
    >>> x = b.input(1, 4, 4)
    >>> graph = b.build(b.flatten(b.max_pool(x, kernel_size=2), name="flat"))
    >>> outputs = activations(graph, {}, np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4))
    >>> outputs["flat"]
    array([[ 5.,  7., 13., 15.]], dtype=float32)
    """
    if inputs.shape[1:] != graph.input_shape:
        raise ShapeError(
            f"the inputs have the shape {inputs.shape}; {graph.name} takes (N, {spell(graph.input_shape)})."
        )
    check_finite(graph, weights)
    outputs: dict[str, np.ndarray] = {}
    with np.errstate(over="ignore", invalid="ignore"):  # as PyTorch: no news
        for node in graph.nodes:
            if node.operation == "input":
                result = inputs
            else:
                tensors = {role: weights[name] for role, name in node.parameters.items()}
                result = FUNCTIONS[node.operation](node, *(outputs[name] for name in node.inputs), **tensors)
            outputs[node.name] = result.astype(np.float32, copy=False)
    return outputs


def check_finite(graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
    """Raises `DataError` for weights that are not finite, as those of a diverged training."""
    for name in graph.parameters:
        if not np.isfinite(weights[name]).all():
            raise DataError(f"the weights {name!r} are not all finite: the training diverged.")


def _defines(*names: str) -> Callable[[Function], Function]:
    def record(function: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(names, function))
        return function

    return record


def _named(node: Node, *names: str) -> dict[str, Any]:
    return {name: node.attributes[name] for name in names}


@_defines("conv1d", "conv2d")
def _conv(node: Node, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    convolution = ops.conv1d if node.operation == "conv1d" else ops.conv2d
    result: np.ndarray = convolution(
        x, weight, bias, **_named(node, "stride", "padding", "dilation", "groups")
    )
    return result


@_defines("max_pool1d", "max_pool2d")
def _max_pool(node: Node, x: np.ndarray) -> np.ndarray:
    settings = _named(node, "stride", "padding", "dilation", "ceil_mode")
    result: np.ndarray = ops.max_pool(x, node.attributes["kernel_size"], **settings)
    return result


@_defines("average_pool1d", "average_pool2d")
def _average_pool(node: Node, x: np.ndarray) -> np.ndarray:
    settings = _named(node, "stride", "padding", "ceil_mode", "count_include_pad")
    return ops.average_pool(x, node.attributes["kernel_size"], **settings)


@_defines("lp_pool1d", "lp_pool2d")
def _lp_pool(node: Node, x: np.ndarray) -> np.ndarray:
    """PyTorch's: without the magnitude, and a window over the edge scaled up. `ops.lp_pool` is the p-norm."""
    size, p = node.attributes["kernel_size"], node.attributes["p"]
    powers = pad(x, node.attributes["padding"]) ** p
    means = ops.average_pool(powers, size, **_named(node, "stride", "ceil_mode"))
    return np.asarray((means * math.prod(size)) ** (1 / p))


@_defines("adaptive_average_pool1d", "adaptive_average_pool2d")
def _adaptive_average_pool(node: Node, x: np.ndarray) -> np.ndarray:
    return _adaptive(node, x, np.mean)


@_defines("adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_max_pool(node: Node, x: np.ndarray) -> np.ndarray:
    return _adaptive(node, x, np.max)


def _adaptive(node: Node, x: np.ndarray, fold: Callable[..., Any]) -> np.ndarray:
    """Axis by axis: result i is of floor(i·n/m) to ceil((i+1)·n/m)."""
    sizes = node.attributes["output_size"]
    for axis, wanted in zip(range(-len(sizes), 0), sizes, strict=True):
        lines, length = np.moveaxis(x, axis, 0), x.shape[axis]
        parts = [lines[i * length // wanted : -(-(i + 1) * length // wanted)] for i in range(wanted)]
        x = np.stack([fold(part, axis=0) for part in parts], axis=axis)
    return x


@_defines("pad")
def _border(node: Node, x: np.ndarray) -> np.ndarray:
    pairs = node.attributes["padding"]
    sizes = x.shape[-len(pairs) :]
    kept: list[Any] = [slice(max(0, -a), n - max(0, -b)) for n, (a, b) in zip(sizes, pairs, strict=True)]
    grown = tuple((max(0, before), max(0, after)) for before, after in pairs)
    return pad(x[(..., *kept)], grown, node.attributes["mode"], node.attributes["value"])


@_defines("linear")
def _linear(_: Node, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    product = np.asarray(x @ weight.T)
    return product if bias is None else product + bias


@_defines("batch_norm")
def _batch_norm(
    node: Node,
    x: np.ndarray,
    running_mean: np.ndarray,
    running_var: np.ndarray,
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    **_: np.ndarray,  # how many batches the statistics are of
) -> np.ndarray:
    eps: float = node.attributes["eps"]
    result: np.ndarray = ops.batch_norm(
        x, mean=running_mean, variance=running_var, weight=weight, bias=bias, eps=eps
    )
    return result


@_defines("group_norm")
def _group_norm(
    node: Node, x: np.ndarray, weight: np.ndarray | None = None, bias: np.ndarray | None = None
) -> np.ndarray:
    groups = x.reshape(len(x), node.attributes["num_groups"], -1)  # (N, groups, C/groups·H·W)
    scaled = _standard(groups, (2,), node.attributes["eps"]).reshape(x.shape)
    per_channel = (-1, *[1] * (x.ndim - 2))
    return _scaled(scaled, *(None if p is None else p.reshape(per_channel) for p in (weight, bias)))


@_defines("layer_norm")
def _layer_norm(
    node: Node, x: np.ndarray, weight: np.ndarray | None = None, bias: np.ndarray | None = None
) -> np.ndarray:
    axes = tuple(range(-len(node.attributes["normalized_shape"]), 0))
    return _scaled(_standard(x, axes, node.attributes["eps"]), weight, bias)


def _standard(x: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    exact = x.astype(np.float64)
    spread = np.sqrt(exact.var(axis=axes, keepdims=True) + eps)
    return np.asarray((exact - exact.mean(axis=axes, keepdims=True)) / spread)


def _scaled(x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None) -> np.ndarray:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


@_defines("flatten")
def _flatten(node: Node, x: np.ndarray) -> np.ndarray:
    result: np.ndarray = ops.flatten(x, start=node.attributes["start_dim"])
    return result


@_defines("reshape")
def _reshape(node: Node, x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, *node.attributes["shape"])


@_defines("mean")
def _mean(node: Node, x: np.ndarray) -> np.ndarray:
    return np.asarray(x.mean(axis=node.attributes["dim"], keepdims=node.attributes["keepdim"]))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))  # as 1 / (1 + exp(-x)), without its overflow


def _hardsigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.clip(x + 3, 0, 6) / 6)


def _gelu(x: np.ndarray, approximate: str) -> np.ndarray:
    if approximate == "tanh":
        return np.asarray(0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))))
    from scipy.special import ndtr  # Φ

    return np.asarray(x * ndtr(x))


def _elu(x: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772  # Klambauer et al. 2017
ACTIVATIONS: dict[str, Function] = {  # the settings are the node's attributes
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "silu": lambda x: x * _sigmoid(x),
    "hardsigmoid": _hardsigmoid,
    "hardswish": lambda x: x * _hardsigmoid(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0, x)),
    "selu": lambda x: SELU_SCALE * _elu(x, SELU_ALPHA),
    "leaky_relu": lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    "elu": _elu,
    "gelu": _gelu,
    "affine": lambda x, factor, offset: x * factor + offset,
}


@_defines(*ACTIVATIONS)
def _activation(node: Node, x: np.ndarray) -> np.ndarray:
    return ACTIVATIONS[node.operation](x, **node.attributes)


@_defines("dropout", "dropout2d")
def _dropout(_: Node, x: np.ndarray) -> np.ndarray:
    return x


@_defines("add")
def _add(_: Node, *inputs: np.ndarray) -> np.ndarray:
    return functools.reduce(np.add, inputs)


@_defines("multiply")
def _multiply(_: Node, *inputs: np.ndarray) -> np.ndarray:
    return functools.reduce(np.multiply, inputs)


@_defines("concat")
def _concat(node: Node, *inputs: np.ndarray) -> np.ndarray:
    return np.concatenate(inputs, axis=node.attributes["dim"])


@_defines("softmax")
def _softmax(node: Node, x: np.ndarray) -> np.ndarray:
    result: np.ndarray = ops.softmax(x, axis=node.attributes["dim"])
    return result


@_defines("log_softmax")
def _log_softmax(node: Node, x: np.ndarray) -> np.ndarray:
    axis = node.attributes["dim"]
    shifted = x - x.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))
