"""What the native steps need to know of a node: windows, borders, activations, by the native field names."""

from __future__ import annotations

from typing import Any

from ..graph import Graph, Node
from ..graph.operation import Shape
from .plan import Tensor

# Those whose derivative follows from their output, and which keep the order of numbers: they fuse with a
# convolution or a normalisation, and with the maximum after or before them.
FUSED = ("relu", "leaky_relu", "relu6", "tanh", "sigmoid")


def activation_fields(node: Node) -> dict[str, Any]:
    """The native fields of an activation."""
    name = node.operation
    if name == "gelu" and node.attributes["approximate"] == "tanh":
        name = "gelu_tanh"
    slope = node.attributes.get("negative_slope", node.attributes.get("alpha", 0.0))
    return {"activation": name, "slope": float(slope)}


def window_fields(node: Node) -> dict[str, Any]:
    """The native fields of a convolution's or pool's window; signals are pictures of one row."""
    kernel, stride = _both(node.attributes["kernel_size"]), _both(node.attributes["stride"])
    dilation = _both(node.attributes.get("dilation", (1,)))
    (top, _), (left, _) = _pairs(node.attributes["padding"])
    return {
        "kernel_height": kernel[0],
        "kernel_width": kernel[1],
        "stride_height": stride[0],
        "stride_width": stride[1],
        "pad_top": top,
        "pad_left": left,
        "dilation_height": dilation[0],
        "dilation_width": dilation[1],
    }


def pool_fields(node: Node) -> dict[str, Any]:
    """The native fields of a pool."""
    if node.operation.startswith("adaptive"):
        return {"adaptive": True}
    (_, bottom), (_, right) = _pairs(node.attributes["padding"])
    counted = node.attributes.get("count_include_pad", True)
    return {**window_fields(node), "pad_bottom": bottom, "pad_right": right, "count_padding": counted}


def winograd_points(node: Node, in_channels: int, written: Tensor, *, training: bool) -> int:
    """The points along an axis that a convolution or its input gradient is transformed to; 0: it is not.

    The input gradient reads the output's channels. Below 16 × 16 channels the transforms cost what they save.
    Six points take fewer products than four and round more, so that training keeps to four.
    """
    attributes = node.attributes
    plain = {"stride": (1, 1), "dilation": (1, 1), "groups": 1}
    worth = (
        node.operation == "conv2d"
        and attributes["kernel_size"] in ((3, 3), (5, 5))
        and all(attributes[key] == value for key, value in plain.items())
        and max(map(max, attributes["padding"])) < attributes["kernel_size"][0]
        and min(in_channels, written.channels) >= 8
        and in_channels * written.channels >= 256
        and min(written.height, written.width) >= 4
    )
    return 0 if not worth else 4 if training else 6


def tile_outputs(node: Node, points: int) -> int:
    """The outputs along an axis of one of Winograd's tiles."""
    return 2 if points == 4 else points + 1 - int(node.attributes["kernel_size"][0])


def beyond_tiles(size: int, outputs: int, *, pooled: bool = False) -> int:
    """How many positions tiles of so many outputs reach beyond `size` outputs, of which 2×2 maxima use an
    even number."""
    used = size - size % 2 if pooled else size
    return max(0, -(-used // outputs) * outputs - size)


def input_border(
    node: Node, graph: Graph, *, training: bool, pooled: bool = False
) -> tuple[int, int, int, int]:
    """The border (top, left, bottom, right) of its input that a convolution reads."""
    (top, bottom), (left, right) = _pairs(node.attributes["padding"])
    dense = tensor_like(node.shape)
    points = winograd_points(node, graph[node.inputs[0]].shape[0], dense, training=training)
    if points:
        outputs = tile_outputs(node, points)
        bottom += beyond_tiles(dense.height, outputs, pooled=pooled)
        right += beyond_tiles(dense.width, outputs, pooled=pooled)
    return top, left, bottom, right


def input_gradient_border(window: dict[str, Any], x: Tensor, y: Tensor) -> tuple[int, int, int, int]:
    """The border (top, left, bottom, right) of y's gradient that the gradient of x reads.

    Position i of x is seen by output (i + p - k d) / s for each k; the border holds those below 0 and
    beyond the last.
    """

    def along(size: int, outputs: int, axis: str) -> tuple[int, int]:
        padding = window["pad_top" if axis == "height" else "pad_left"]
        kernel, stride, dilation = (window[f"{what}_{axis}"] for what in ("kernel", "stride", "dilation"))
        first = -((dilation * (kernel - 1) - padding) // stride)
        last = (size - 1 + padding) // stride
        return max(0, -first), max(0, last - (outputs - 1))

    top, bottom = along(x.height, y.height, "height")
    left, right = along(x.width, y.width, "width")
    return top, left, bottom, right


def reaches_weights_pooled(window: dict[str, Any]) -> bool:
    """Whether a convolution with 2×2 maxima computes its weights' gradient from that of the maxima."""
    kernel = window["kernel_height"], window["kernel_width"]
    steps = (f"{what}_{axis}" for what in ("stride", "dilation") for axis in ("height", "width"))
    return kernel in ((3, 3), (5, 5)) and all(window[name] == 1 for name in steps)


def is_2x2(node: Node, graph: Graph) -> bool:
    """Whether a node is the pool that fuses: 2×2 maxima side by side, an odd row or column left out."""
    if node.operation != "max_pool2d":
        return False
    channels, height, width = graph[node.inputs[0]].shape
    plain = {"kernel_size": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    return all(node.attributes[key] == value for key, value in plain.items()) and node.shape == (
        channels,
        height // 2,
        width // 2,
    )


def keeps_order(node: Node) -> bool:
    """Whether a fused activation never falls, so that it may come before or after a maximum."""
    return node.operation != "leaky_relu" or node.attributes["negative_slope"] > 0


def tensor_like(shape: Shape) -> Tensor:
    """A tensor for (features,), (channels, length) or (channels, height, width)."""
    channels, *rest = shape
    height, width = (1, *rest) if len(rest) == 1 else rest or (1, 1)
    return Tensor(channels, height, width)


def index_like(tensor: Tensor) -> Tensor:
    """Room for the position of a maximum for each number of a tensor."""
    return Tensor(tensor.channels, tensor.height, tensor.width, bytes=True)


def _both(values: tuple[int, ...]) -> tuple[int, int]:
    return (1, values[0]) if len(values) == 1 else (values[0], values[1])


def _pairs(padding: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    return ((0, 0), padding[0]) if len(padding) == 1 else (padding[0], padding[1])
