"""Layers with weights as calls of C functions; a batch norm goes into the layer before it."""

from __future__ import annotations

import math

import numpy as np

from ...graph import Node
from ...graph.operation import Shape
from ...lanes.folding import folded_bias, folded_weight, scale_and_shift
from . import geometry
from .decimals import decimal
from .lowering import InPlace, Lowering, writes
from .spelling import in_comment


def _with_norm(at: Lowering, node: Node, *, can_fold: bool) -> tuple[list[str], Node, str]:
    """Names of weight and bias, the node whose result it is, and what else it does: a batch norm after it."""
    norm = at.next_alone(node, "batch_norm") if can_fold else None
    if norm is None:
        weight = at.tensor(node, "weight")
        bias = at.tensor(node, "bias") if "bias" in node.parameters else np.zeros(len(weight), np.float32)
        kind = node.operation.replace("_", " ")
        return at.constants(node, kind, {"weight": weight, "bias": bias}), node, ""
    at.folded.add(norm.name)
    arrays = {"weight": folded_weight(node, norm, at.tensors), "bias": folded_bias(node, norm, at.tensors)}
    name = in_comment(norm.name)
    what = f"{node.operation}, with the batch norm {name} in it"
    return at.constants(node, what, arrays), norm, f", {name}: batch norm"


@writes("conv1d", "conv2d")
def conv(at: Lowering, node: Node) -> None:
    names, last, also = _with_norm(at, node, can_fold=True)
    if geometry.mixes_channels_only(node):
        channels, outputs, plane = at.input_shape(node)[0], node.shape[0], math.prod(node.shape[1:])
        at.step(node, "mix_channels", at.input(node), ..., channels, outputs, plane, *names, also=also)
    else:
        at.step(node, "convolve", at.input(node), ..., at.window(node), *names, also=also)
    at.values[last.name] = at.values[node.name]


@writes("linear")
def linear(at: Lowering, node: Node) -> None:
    names, last, also = _with_norm(at, node, can_fold=len(node.shape) == 1)
    rows, features = math.prod(node.shape[:-1]), at.input_shape(node)[-1]
    at.step(node, "linear", at.input(node), ..., rows, features, node.shape[-1], *names, also=also)
    at.values[last.name] = at.values[node.name]


@writes("batch_norm")
def batch_norm(at: Lowering, node: Node) -> None:
    factor, offset = scale_and_shift(node, at.tensors)
    names = at.constants(node, "batch norm", {"factor": factor, "offset": offset})
    plane = math.prod(node.shape[1:])
    at.step(node, "scale_and_shift", InPlace(at.input(node)), ..., node.shape[0], plane, *names)


def _scale(at: Lowering, node: Node, shape: Shape) -> list[str]:
    ones, zeros = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    weight = at.tensor(node, "weight") if "weight" in node.parameters else ones
    bias = at.tensor(node, "bias") if "bias" in node.parameters else zeros
    return at.constants(node, node.operation.replace("_", " "), {"weight": weight, "bias": bias})


@writes("group_norm")
def group_norm(at: Lowering, node: Node) -> None:
    groups, channels, plane = node.attributes["num_groups"], node.shape[0], math.prod(node.shape[1:])
    eps, names = decimal(node.attributes["eps"]), _scale(at, node, (channels,))
    x = InPlace(at.input(node))
    at.step(node, "group_norm", x, ..., groups, channels // groups, plane, eps, *names)


@writes("layer_norm")
def layer_norm(at: Lowering, node: Node) -> None:
    shape: Shape = node.attributes["normalized_shape"]
    columns = math.prod(shape)
    eps, names = decimal(node.attributes["eps"]), _scale(at, node, shape)
    x = InPlace(at.input(node))
    at.step(node, "layer_norm", x, ..., math.prod(node.shape) // columns, columns, eps, *names)
