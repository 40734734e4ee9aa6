"""The layer that Grad-CAM looks at, and where its numbers lie on the picture."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...errors import UnknownName, UnsupportedOperation, UsageError
from ...graph import Graph
from ...graph.graph import Node
from ...graph.layers import BatchNorm, GroupNorm, LayerNorm
from ...graph.operation import spell
from ...graph.pointwise import Activation, Affine, Combine, Dropout
from ...graph.receptive_field import receptive_fields
from ...graph.windows import Convolution

# what is taken together with a convolution: its normalisation and activation, and the sum of a residual block
FOLLOWERS = (GroupNorm, BatchNorm, LayerNorm, Activation, Affine, Dropout, Combine)


def default_layer(graph: Graph) -> str:
    """The last convolution that gives a map, with what follows it: the name of the last node of these.

    Selvaraju et al. 2017 look at the last convolution, where features mean most and still have a place. Its
    rectified output is taken, and at the end of a residual block the sum, not one of its branches. Raises
    `UnsupportedOperation` for a network without one.

    >>> from convscope import nets
    >>> default_layer(nets.graph("simple-cnn-4-8")), default_layer(nets.graph("resnet-8", (3, 32, 32)))
    ('relu2', 'layer3.0.relu2')
    """
    convolutions = [node for node in graph.nodes if isinstance(node.rule, Convolution) and has_map(node)]
    if not convolutions:
        raise UnsupportedOperation(
            f"{graph.name} has no convolution that gives a map, which Grad-CAM needs; the other methods "
            "need none."
        )
    node = convolutions[-1]
    while True:
        users = [other for other in graph.nodes if node.name in other.inputs]
        if len(users) != 1 or not isinstance(users[0].rule, FOLLOWERS) or users[0].shape != node.shape:
            return node.name
        node = users[0]


def chosen_layer(graph: Graph, name: str | None) -> str:
    """`name`, or the default; raises `UsageError` for one that gives no map, `UnknownName` for none."""
    if name is None:
        return default_layer(graph)
    maps = [node.name for node in graph.nodes[1:] if has_map(node)]
    if name not in graph.by_name:
        raise UnknownName("layer", name, maps)
    if name not in maps:
        what = (
            "the picture itself"
            if name == graph.nodes[0].name
            else f"{spell(graph[name].shape)}, which is no map"
        )
        raise UsageError(f"the layer {name!r} gives {what}; Grad-CAM takes one of {', '.join(maps)}.")
    return name


def has_map(node: Node) -> bool:
    """Whether a node gives numbers with a place."""
    return len(node.shape) >= 2 and max(node.shape[1:]) > 1


def placed(graph: Graph, layer: str, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """A map of `layer` (h, w), or (l,), in the size of the network's input, each number at the centre of what
    it sees, and linear in between; beyond the outermost it stays.

    Captum stretches the map over the whole picture. Where convolutions keep the size with padding that is the
    same; without padding, or with strides, it puts numbers up to half a field beside what they look at.

    >>> from convscope import nets
    >>> graph = nets.graph("simple-cnn-4-8")  # pool2 sees pixels around 4.5, 8.5, 12.5, 16.5 and 20.5
    >>> placed(graph, "pool2", np.tile([1.0, 0.0, 0.0, 0.0, 2.0], (5, 1)))[0, [0, 4, 5, 6, 18, 27]]
    array([1.   , 1.   , 0.875, 0.625, 0.75 , 2.   ], dtype=float32)
    """
    field = receptive_fields(graph)[layer]
    sizes = graph.input_shape[1:]
    result: npt.NDArray[np.float64] = np.asarray(values, np.float64)
    for axis, size in enumerate(sizes):
        cells = np.arange(result.shape[axis])
        centres: npt.NDArray[np.floating]
        if field.whole:  # no one place: over the whole picture, as captum does
            centres = (cells + 0.5) * size / len(cells) - 0.5
        else:
            centres = field.centre[axis] + cells * field.jump[axis]
        # (size, cells): what each cell gives to each pixel
        shares = np.stack([np.interp(np.arange(size), centres, one) for one in np.eye(len(cells))], axis=1)
        result = np.asarray(np.moveaxis(np.tensordot(shares, result, (1, axis)), 0, axis), np.float64)
    return result.astype(np.float32)
