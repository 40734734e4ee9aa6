"""What moves numbers or sums them over axes, as calls of C functions."""

from __future__ import annotations

import math

from ...graph import Node
from . import geometry
from .lowering import InPlace, Lowering, writes
from .steps import Value


@writes("flatten", "reshape", "dropout", "dropout2d")
def nothing(at: Lowering, node: Node) -> None:
    at.values[node.name] = at.input(node)


@writes("mean")
def mean(at: Lowering, node: Node) -> None:
    shape = list(at.input_shape(node))
    axes = {dim - 1 for dim in node.attributes["dim"]}
    value = at.input(node)
    for outer, count, inner in geometry.runs(shape, axes):
        result = Value(outer * inner)
        if inner == 1:
            at.step(node, "means_of_rows", InPlace(value), ..., outer, count, result=result)
        else:
            at.step(node, "mean_over", value, ..., outer, count, inner, result=result)
        value = result


@writes("concat")
def concat(at: Lowering, node: Node) -> None:
    axis = node.attributes["dim"] - 1
    rows, columns = math.prod(node.shape[:axis]), math.prod(node.shape[axis:])
    result, start = Value(math.prod(node.shape)), 0
    for number in range(len(node.inputs)):
        own = math.prod(at.input_shape(node, number)[axis:])
        sizes = (rows, own, columns, start)
        at.step(node, "copy_columns", at.input(node, number), ..., *sizes, result=result)
        start += own
