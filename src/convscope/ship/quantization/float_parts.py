"""Which parts of an ONNX graph stay float when its layers become int8."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
SCORING = ("Gemm", "MatMul")  # onnxruntime computes these with float outputs too, a convolution not
CLAMPS = ("Relu", "Clip")  # become part of the rounding behind the layer before


def float_nodes(graph: GraphProto) -> list[str]:
    """The names of nodes that are better not computed in 8 bits.

    That is what no weighted layer comes before: the preprocessing, whose rounding would add to that of the
    pictures. What no weighted layer comes behind, clamps aside: from the scores to the probabilities. And
    sums with a constant: steps of an activation such as GELU; sums of branches are not among them.
    """
    before: set[str] = set()  # values that a weighted layer comes before
    for node in graph.node:
        if node.op_type in WEIGHTED or before.intersection(node.input):
            before.update(node.output)
    behind: set[str] = set()  # values that a weighted layer comes behind
    for node in reversed(graph.node):
        if node.op_type in WEIGHTED or behind.intersection(node.output):
            behind.update(node.input)
    constants = {tensor.name for tensor in graph.initializer}
    return [
        node.name
        for node in graph.node
        if node.op_type not in WEIGHTED
        and (
            before.isdisjoint(node.output)
            or (behind.isdisjoint(node.output) and node.op_type not in CLAMPS)
            or (node.op_type == "Add" and not constants.isdisjoint(node.input))
        )
    ]


def release_scores(graph: GraphProto) -> None:
    """Take away the rounding to 8 bits behind the last linear layers, whose outputs are the scores.

    With 256 steps, scores of two classes would often be equal.
    """
    outputs = {output.name for output in graph.output}
    behind: set[str] = set()
    for layer in reversed(list(graph.node)):
        last = behind.isdisjoint(layer.output)
        if layer.op_type in WEIGHTED or not last:
            behind.update(layer.input)
        if layer.op_type not in SCORING or not last:
            continue
        readers = _readers(graph, layer.output[0])
        if [reader.op_type for reader in readers] != ["QuantizeLinear"]:
            continue
        (quantize,) = readers
        (dequantize,) = _readers(graph, quantize.output[0])
        rounded = dequantize.output[0]
        if rounded in outputs:
            layer.output[0] = rounded
        for reader in _readers(graph, rounded):
            reader.input[:] = [layer.output[0] if name == rounded else name for name in reader.input]
        graph.node.remove(quantize)
        graph.node.remove(dequantize)
    read = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in read]:
        graph.initializer.remove(tensor)


def _readers(graph: GraphProto, value: str) -> list[NodeProto]:
    return [node for node in graph.node if value in node.input]
