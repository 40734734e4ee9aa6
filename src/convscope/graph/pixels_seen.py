"""Between which pixels of the input all lies that one single number depends on, at the border too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ops.geometry import Window
from ..ops.looking import source_index
from .graph import Graph, Node
from .operation import Attributes
from .receptive_field import ReceptiveField

Span = tuple[int, int]  # the first and the last
Spans = tuple[Span, ...]  # one per axis


def unclipped(field: ReceptiveField, position: Sequence[int]) -> Spans:
    """The pixels that a layer's field states for one position of it; some may lie in the padding.

    >>> from convscope import nets
    >>> from convscope.graph.receptive_field import receptive_fields
    >>> unclipped(receptive_fields(nets.graph("convnet-bn"))["conv1"], (0, 7))
    ((-2, 2), (5, 9))
    """
    if field.whole:
        return tuple((0, size - 1) for size in field.size)
    return tuple((first, end - 1) for first, end in field.window(position))


def pixels_seen(graph: Graph, name: str, position: Sequence[int]) -> Spans | None:
    """The rows and columns of the input between which all lies that a position of a layer depends on.

    Followed down window by window, so a window over the border sees what its padding is made of: nothing
    for zeros, the picture's other side for a circular one (and all between counts as seen). None where it
    sees nothing but padding.

    >>> from convscope import nets
    >>> pixels_seen(nets.graph("convnet-bn"), "conv1", (0, 7))
    ((0, 2), (5, 9))
    """
    seen: dict[str, Spans | None] = {name: tuple((at, at) for at in position)}
    for node in reversed(graph.nodes):
        spans = seen.get(node.name)
        if spans is None:
            continue
        if not node.inputs:
            return spans
        reach = node.rule.reach(graph.input_shapes(node), node.attributes)
        for below in node.inputs:
            sizes = graph[below].shape[1:]
            if reach == "whole":
                looked: Spans | None = tuple((0, size - 1) for size in sizes)
            elif reach == "point":
                looked = spans
            else:
                assert not isinstance(reach, str)
                looked = _through(node, reach, spans, sizes)
            seen[below] = _union(seen.get(below), looked)
    return None


def border_source(attributes: Attributes, sizes: Sequence[int], axis: int, index: np.ndarray) -> np.ndarray:
    """Where the numbers at `index` along an axis of a `pad` come from on its input; -1 where from nowhere.

    `axis` counts the padded axes, of which `sizes` are the input's.
    """
    before, after = attributes["padding"][axis]
    first = max(0, -before)
    kept = sizes[axis] - first - max(0, -after)
    source, inside = source_index(index - max(0, before), kept, attributes["mode"])
    if attributes["mode"] == "zeros":
        source = np.where(inside, source, -1 - first)
    return np.asarray(source + first)


def _through(node: Node, windows: tuple[Window, ...], spans: Spans, sizes: Sequence[int]) -> Spans | None:
    looked = []
    unpadded = len(windows) - len(node.attributes["padding"]) if node.operation == "pad" else 0
    for axis, (window, (first, last), size) in enumerate(zip(windows, spans, sizes, strict=True)):
        if node.operation == "pad" and axis >= unpadded:
            source = border_source(
                node.attributes, sizes[unpadded:], axis - unpadded, np.arange(first, last + 1)
            )
        else:
            starts = np.arange(first, last + 1) * window.stride - window.before
            source = np.add.outer(starts, np.arange(window.kernel_size) * window.dilation)
        source = source[(source >= 0) & (source < size)]
        if not len(source):
            return None
        looked.append((int(source.min()), int(source.max())))
    return tuple(looked)


def _union(one: Spans | None, other: Spans | None) -> Spans | None:
    if one is None or other is None:
        return one or other
    return tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in zip(one, other, strict=True))
