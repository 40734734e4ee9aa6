"""Activations, sums, products, dropout, softmax and concat in ONNX."""

from __future__ import annotations

import math

from .layer import Layer, defines

SAME = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "hardswish": "HardSwish",
    "selu": "Selu",
}


@defines(*SAME)
def activation(layer: Layer, x: str) -> str:
    return layer.add(SAME[layer.operation], x)


@defines("leaky_relu")
def leaky_relu(layer: Layer, x: str) -> str:
    return layer.add("LeakyRelu", x, alpha=layer["negative_slope"])


@defines("elu")
def elu(layer: Layer, x: str) -> str:
    return layer.add("Elu", x, alpha=layer["alpha"])


@defines("relu6")
def relu6(layer: Layer, x: str) -> str:
    return layer.add("Clip", x, layer.number("least", 0), layer.number("most", 6))


@defines("hardsigmoid")
def hardsigmoid(layer: Layer, x: str) -> str:
    return layer.add("HardSigmoid", x, alpha=1 / 6, beta=0.5)


@defines("silu")
def silu(layer: Layer, x: str) -> str:
    return layer.add("Mul", x, layer.add("Sigmoid", x))


@defines("mish")
def mish(layer: Layer, x: str) -> str:
    return layer.add("Mul", x, layer.add("Tanh", layer.add("Softplus", x)))


@defines("gelu")
def gelu(layer: Layer, x: str) -> str:
    """x · Φ(x), in the form that ONNX Runtime knows again and computes in one go."""
    if layer["approximate"] == "tanh":
        cube = layer.add("Mul", layer.add("Mul", x, layer.add("Mul", x, x)), layer.number("a", 0.044715))
        inner = layer.add("Mul", layer.add("Add", x, cube), layer.number("√(2/π)", math.sqrt(2 / math.pi)))
        curve = layer.add("Tanh", inner)
    else:
        curve = layer.add("Erf", layer.add("Div", x, layer.number("√2", math.sqrt(2))))
    twice = layer.add("Mul", x, layer.add("Add", curve, layer.number("one", 1)))
    return layer.add("Mul", twice, layer.number("half", 0.5))


@defines("affine")
def affine(layer: Layer, x: str) -> str:
    if layer["factor"] != 1:
        x = layer.add("Mul", x, layer.number("factor", layer["factor"]))
    if layer["offset"] != 0:
        x = layer.add("Add", x, layer.number("offset", layer["offset"]))
    return x


@defines("dropout", "dropout2d")
def dropout(_: Layer, x: str) -> str:
    return x


@defines("add", "multiply")
def combine(layer: Layer, first: str, *rest: str) -> str:
    for x in rest:
        first = layer.add("Add" if layer.operation == "add" else "Mul", first, x)
    return first


@defines("concat")
def concat(layer: Layer, *inputs: str) -> str:
    return layer.add("Concat", *inputs, axis=layer["dim"])


@defines("softmax", "log_softmax")
def softmax(layer: Layer, x: str) -> str:
    return layer.add("Softmax" if layer.operation == "softmax" else "LogSoftmax", x, axis=layer["dim"])
