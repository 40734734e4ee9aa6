"""One node as an `nn.Module`, and what each operation is in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .graph import Node
from .operation import operation
from .windows import Pool


class Layer(nn.Module):
    """One node. It owns the parameters named after it; the others it borrows from their owner."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.operation = node.operation
        self.attributes = dict(node.attributes)
        self.sources: dict[str, tuple[nn.Module, str]] = {}  # role → (owner, its attribute)

    def forward(self, *inputs: Tensor) -> Tensor:
        tensors = {role: getattr(owner, name) for role, (owner, name) in self.sources.items()}
        return FUNCTIONS[self.operation](self, *inputs, **tensors)

    def __getitem__(self, attribute: str) -> Any:
        return self.attributes[attribute]

    def extra_repr(self) -> str:
        return ", ".join([self.operation, *(f"{k}={v}" for k, v in self.attributes.items())])


# The first argument of each function is the layer: its attributes and its mode.

Function = Callable[..., Tensor]
FUNCTIONS: dict[str, Function] = {}


def _defines(*names: str) -> Callable[[Function], Function]:
    def record(function: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(names, function))
        return function

    return record


def _rank(layer: Layer, kind: str) -> Function:
    """`F.conv2d` for `conv2d`, `F.avg_pool1d` for `average_pool1d`, and so on."""
    function: Function = getattr(F, f"{kind}{layer.operation[-2]}d")
    return function


def _symmetric(layer: Layer) -> tuple[int, ...] | None:
    """PyTorch's own padding argument, or None where the sides differ."""
    pairs = layer["padding"]
    return tuple(before for before, _ in pairs) if all(a == b for a, b in pairs) else None


def _pool_padding(layer: Layer) -> tuple[int, ...] | None:
    """PyTorch's own padding argument, or None where its pools would refuse it."""
    rule = operation(layer.operation)
    assert isinstance(rule, Pool)
    return _symmetric(layer) if rule.in_pytorch(layer.attributes) else None


def _pad(x: Tensor, pairs: tuple[tuple[int, int], ...], value: float = 0.0, mode: str = "constant") -> Tensor:
    sides = [side for pair in reversed(pairs) for side in pair]  # PyTorch counts from the last axis
    return F.pad(x, sides, mode, value) if mode == "constant" else F.pad(x, sides, mode)


@_defines("conv1d", "conv2d")
def _conv(layer: Layer, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    padding = _symmetric(layer)
    if padding is None:
        x, padding = _pad(x, layer["padding"]), (0,) * len(layer["padding"])
    return _rank(layer, "conv")(x, weight, bias, layer["stride"], padding, layer["dilation"], layer["groups"])


@_defines("max_pool1d", "max_pool2d")
def _max_pool(layer: Layer, x: Tensor) -> Tensor:
    padding = _pool_padding(layer)
    if padding is None:
        x, padding = _pad(x, layer["padding"], -math.inf), (0,) * len(layer["padding"])
    window = (layer["kernel_size"], layer["stride"], padding, layer["dilation"], layer["ceil_mode"])
    return _rank(layer, "max_pool")(x, *window)


@_defines("average_pool1d", "average_pool2d")
def _average_pool(layer: Layer, x: Tensor) -> Tensor:
    padding, pool = _pool_padding(layer), _rank(layer, "avg_pool")
    if padding is not None:
        window = (layer["kernel_size"], layer["stride"], padding, layer["ceil_mode"])
        return pool(x, *window, layer["count_include_pad"])
    inside = _pad(torch.ones_like(x[:1, :1]), layer["padding"], 1.0 if layer["count_include_pad"] else 0.0)
    kernel_size, stride, ceil_mode = layer["kernel_size"], layer["stride"], layer["ceil_mode"]
    sums, counts = (pool(v, kernel_size, stride, 0, ceil_mode) for v in (_pad(x, layer["padding"]), inside))
    return sums / counts


@_defines("lp_pool1d", "lp_pool2d")
def _lp_pool(layer: Layer, x: Tensor) -> Tensor:
    kernel_size, stride = layer["kernel_size"], layer["stride"]
    if layer.operation == "lp_pool1d":  # F.lp_pool1d takes numbers only
        (kernel_size,), (stride,) = kernel_size, stride
    x = _pad(x, layer["padding"])
    return _rank(layer, "lp_pool")(x, layer["p"], kernel_size, stride, layer["ceil_mode"])


@_defines("adaptive_average_pool1d", "adaptive_average_pool2d")
def _adaptive_average_pool(layer: Layer, x: Tensor) -> Tensor:
    return _rank(layer, "adaptive_avg_pool")(x, layer["output_size"])


@_defines("adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_max_pool(layer: Layer, x: Tensor) -> Tensor:
    return _rank(layer, "adaptive_max_pool")(x, layer["output_size"])


@_defines("pad")
def _border(layer: Layer, x: Tensor) -> Tensor:
    mode = layer["mode"].replace("zeros", "constant")
    return _pad(x, layer["padding"], layer["value"], mode)


@_defines("linear")
def _linear(_: Layer, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    return F.linear(x, weight, bias)


@_defines("batch_norm")
def _batch_norm(
    layer: Layer,
    x: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    num_batches_tracked: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
) -> Tensor:
    if layer.training:
        num_batches_tracked.add_(1)
    return F.batch_norm(
        x, running_mean, running_var, weight, bias, layer.training, layer["momentum"], layer["eps"]
    )


@_defines("group_norm")
def _group_norm(layer: Layer, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    return F.group_norm(x, layer["num_groups"], weight, bias, layer["eps"])


@_defines("layer_norm")
def _layer_norm(layer: Layer, x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    return F.layer_norm(x, layer["normalized_shape"], weight, bias, layer["eps"])


@_defines("flatten")
def _flatten(layer: Layer, x: Tensor) -> Tensor:
    return torch.flatten(x, layer["start_dim"])


@_defines("reshape")
def _reshape(layer: Layer, x: Tensor) -> Tensor:
    return x.reshape(-1, *layer["shape"])


@_defines("mean")
def _mean(layer: Layer, x: Tensor) -> Tensor:
    return torch.mean(x, dim=layer["dim"], keepdim=layer["keepdim"])


@_defines("relu", "relu6", "tanh", "sigmoid", "silu", "hardswish", "hardsigmoid", "mish", "selu")
def _activation(layer: Layer, x: Tensor) -> Tensor:
    result: Tensor = getattr(F, layer.operation)(x)
    return result


@_defines("leaky_relu", "elu", "gelu")
def _activation_with_setting(layer: Layer, x: Tensor) -> Tensor:
    result: Tensor = getattr(F, layer.operation)(x, **layer.attributes)
    return result


@_defines("affine")
def _affine(layer: Layer, x: Tensor) -> Tensor:
    factor: float = layer["factor"]
    offset: float = layer["offset"]
    return x * factor + offset


@_defines("dropout")
def _dropout(layer: Layer, x: Tensor) -> Tensor:
    return F.dropout(x, layer["p"], layer.training)


@_defines("dropout2d")
def _dropout2d(layer: Layer, x: Tensor) -> Tensor:
    result: Tensor = torch.feature_dropout(x, layer["p"], layer.training)  # F.dropout2d warns for signals
    return result


@_defines("add")
def _add(_: Layer, first: Tensor, *rest: Tensor) -> Tensor:
    for x in rest:
        first = first + x
    return first


@_defines("multiply")
def _multiply(_: Layer, first: Tensor, *rest: Tensor) -> Tensor:
    for x in rest:
        first = first * x
    return first


@_defines("concat")
def _concat(layer: Layer, *inputs: Tensor) -> Tensor:
    return torch.cat(inputs, layer["dim"])


@_defines("softmax", "log_softmax")
def _softmax(layer: Layer, x: Tensor) -> Tensor:
    result: Tensor = getattr(F, layer.operation)(x, layer["dim"])
    return result
