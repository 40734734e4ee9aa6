"""Activations, softmax, sums and products as calls of C functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ...graph import Node
from . import geometry
from .decimals import decimal
from .lowering import InPlace, Lowering, writes
from .steps import Value

POINTWISE = ("relu", "relu6", "sigmoid", "silu", "hardswish", "hardsigmoid", "mish", "selu")


@writes(*POINTWISE, "tanh", "leaky_relu", "elu", "gelu", "affine")
def pointwise(at: Lowering, node: Node) -> None:
    function = node.operation
    settings: Sequence[str] = [
        decimal(node.attributes[name])
        for name in ("negative_slope", "alpha", "factor", "offset")
        if name in node.attributes
    ]
    if function == "tanh":
        function = "tanh_each"
    elif function == "gelu" and node.attributes["approximate"] == "tanh":
        function = "gelu_tanh"
    at.step(node, function, InPlace(at.input(node)), ..., math.prod(node.shape), *settings)


@writes("softmax", "log_softmax")
def softmax(at: Lowering, node: Node) -> None:
    axis = node.attributes["dim"] - 1
    sizes: Iterable[int] = (math.prod(node.shape[:axis]), node.shape[axis], math.prod(node.shape[axis + 1 :]))
    at.step(node, node.operation, InPlace(at.input(node)), ..., *sizes)


@writes("add", "multiply")
def combine(at: Lowering, node: Node) -> None:
    result = Value(math.prod(node.shape))
    first, shape = InPlace(at.input(node)), at.input_shape(node)
    for number in range(1, len(node.inputs)):
        other_shape = at.input_shape(node, number)
        second: object = at.input(node, number)
        if number == 1:  # later the result is half done, and must not lie where an input does
            second = InPlace(at.input(node, number))
        if shape == other_shape == node.shape:
            at.step(node, node.operation, first, second, ..., result.size, result=result)
        else:
            initial = geometry.stretching(node, shape, other_shape)
            how = "&" + at.setting(node, "stretching", "struct stretching", initial)
            at.step(node, f"{node.operation}_stretched", first, second, ..., how, result=result)
        first, shape = InPlace(result), node.shape
