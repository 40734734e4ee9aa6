"""Linear layers, normalisation, shapes and means in ONNX."""

from __future__ import annotations

import numpy as np

from .layer import Layer, defines


@defines("linear")
def linear(layer: Layer, x: str, weight: str, bias: str = "") -> str:
    if len(layer.input_shape) == 1:
        return layer.add("Gemm", x, weight, bias, transB=1)
    x = layer.add("MatMul", x, layer.add("Transpose", weight, perm=[1, 0]))
    return layer.add("Add", x, bias) if bias else x


@defines("batch_norm")
def batch_norm(
    layer: Layer,
    x: str,
    running_mean: str,
    running_var: str,
    num_batches_tracked: str,  # noqa: ARG001 (it counts trainings)
    weight: str = "",
    bias: str = "",
) -> str:
    channels = layer.input_shape[0]
    weight = weight or layer.constant("weight", np.ones(channels, np.float32))
    bias = bias or layer.constant("bias", np.zeros(channels, np.float32))
    return layer.add("BatchNormalization", x, weight, bias, running_mean, running_var, epsilon=layer["eps"])


@defines("group_norm")
def group_norm(layer: Layer, x: str, weight: str = "", bias: str = "") -> str:
    """Each group as one channel: ONNX's own operator for it came in opset 21."""
    groups, shape = layer["num_groups"], layer.input_shape
    ones, zeros = np.ones(groups, np.float32), np.zeros(groups, np.float32)
    scale, shift = layer.constant("ones", ones), layer.constant("zeros", zeros)
    x = layer.reshape(x, (groups, -1))
    x = layer.add("InstanceNormalization", x, scale, shift, epsilon=layer["eps"])
    x = layer.reshape(x, shape)
    column = (shape[0], *(1 for _ in shape[1:]))
    for operator, parameter in (("Mul", weight), ("Add", bias)):
        if parameter:
            x = layer.add(operator, x, layer.add("Reshape", parameter, layer.sizes("column", column)))
    return x


@defines("layer_norm")
def layer_norm(layer: Layer, x: str, weight: str = "", bias: str = "") -> str:
    shape = layer["normalized_shape"]
    weight = weight or layer.constant("weight", np.ones(shape, np.float32))
    return layer.add("LayerNormalization", x, weight, bias, axis=-len(shape), epsilon=layer["eps"])


@defines("flatten")
def flatten(layer: Layer, x: str) -> str:
    return layer.add("Flatten", x, axis=1) if layer["start_dim"] == 1 else layer.reshape(x, layer.shape)


@defines("reshape")
def reshape(layer: Layer, x: str) -> str:
    return layer.reshape(x, layer.shape)


@defines("mean")
def mean(layer: Layer, x: str) -> str:
    return layer.add("ReduceMean", x, axes=layer["dim"], keepdims=int(layer["keepdim"]))
