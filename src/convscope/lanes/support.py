"""What the native engine has kernels for, and a sentence for what it has not."""

from __future__ import annotations

import math

from ..errors import UnsupportedOperation
from ..graph import Graph, Node
from ..graph.operation import Shape, spell

# The family of operations that one method of `Lowering` plans, by the operation's name.
FAMILIES = {
    "input": "input",
    "conv1d": "conv",
    "conv2d": "conv",
    "batch_norm": "batch_norm",
    "linear": "linear",
    "mean": "mean",
    "affine": "affine",
    "concat": "concat",
    "pad": "pad",
    "flatten": "reshape",
    "reshape": "reshape",
    "dropout": "dropout",
    "dropout2d": "dropout",
    "softmax": "softmax",
    "log_softmax": "softmax",
    "add": "combine",
    "multiply": "combine",
    **{
        f"{adaptive}{pool}_pool{rank}d": f"{pool}_pool"
        for adaptive in ("", "adaptive_")
        for pool in ("max", "average")
        for rank in (1, 2)
    },
    **dict.fromkeys(("relu", "leaky_relu", "relu6", "tanh", "sigmoid", "silu", "gelu", "elu"), "activation"),
}
LARGEST_WINDOW = 255  # positions of a maximum are kept in a byte


def check(graph: Graph, *, training: bool) -> None:
    """Raise `UnsupportedOperation`, naming operation and layer, where a part of the graph has no kernel."""
    owners: dict[str, str] = {}
    for node in graph.nodes:
        if reason := refusal(node, graph):
            raise UnsupportedOperation(
                f"the lanes engine has no kernel for {reason} (layer {node.name!r} of {graph.name!r}); "
                "PyTorch has one."
            )
        for name in node.parameters.values():
            if owners.setdefault(name, node.name) != node.name and training:
                raise UnsupportedOperation(
                    f"the lanes engine does not train {name!r} in two layers at once "
                    f"({owners[name]!r} and {node.name!r}); PyTorch does."
                )


def refusal(node: Node, graph: Graph) -> str | None:
    """What about this node no kernel can do; None where all is well."""
    shapes, operation = graph.input_shapes(node), node.operation
    family = FAMILIES.get(operation)
    if family is None:
        return operation
    if operation == "input" and len(node.shape) > 3:
        return f"an input of {spell(node.shape)}"
    if operation == "linear" and len(shapes[0]) != 1:
        return f"linear over the last axis of {spell(shapes[0])}"
    if operation in ("softmax", "log_softmax") and len(shapes[0]) != 1:
        return f"{operation} of {spell(shapes[0])}"
    if family == "combine" and len(set(shapes)) > 1:
        return f"{operation} of {' and '.join(map(spell, shapes))}"
    if operation == "concat" and node.attributes["dim"] != 1:
        return f"concat along dimension {node.attributes['dim']}"
    if operation == "mean" and set(node.attributes["dim"]) != set(range(2, len(shapes[0]) + 1)):
        return f"mean over {node.attributes['dim']}"
    if operation == "pad" and (
        node.attributes["mode"] != "zeros"
        or node.attributes["value"] != 0
        or len(node.attributes["padding"]) >= len(shapes[0])
        or min(min(pair) for pair in node.attributes["padding"]) < 0
    ):
        return f"padding {node.attributes['padding']} with {node.attributes['mode']}"
    if operation.startswith("max_pool") and math.prod(node.attributes["kernel_size"]) > LARGEST_WINDOW:
        return f"{operation} over more than {LARGEST_WINDOW} positions"
    if operation.startswith("adaptive_max") and _largest_window(shapes[0], node.shape) > LARGEST_WINDOW:
        return f"{operation} over more than {LARGEST_WINDOW} positions"
    if len(node.shape) > 3:
        return f"{operation} to {spell(node.shape)}"
    return None


def _largest_window(shape: Shape, outputs: Shape) -> int:
    return math.prod(-(-n // m) + 1 for n, m in zip(shape[1:], outputs[1:], strict=True))
