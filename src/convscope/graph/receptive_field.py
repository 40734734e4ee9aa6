"""Which pixels of the input each value of a network can see."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..ops.geometry import Field
from .graph import Graph, Node
from .operation import Shape


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """The input pixels that one output position depends on, per axis (row, column).

    Position i sees `size` pixels around `centre + i * jump`; pixel 0 is the first. The field is not
    clipped at the border, so it can reach into the padding. Where a value depends on the whole
    picture (after a linear layer, say), `whole` is true and `size` is the picture's.
    """

    size: tuple[int, ...]
    jump: tuple[int, ...]
    centre: tuple[float, ...]
    whole: bool = False

    def window(self, position: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """The pixels that the output at `position` sees, per axis from the first to behind the last.

        Not clipped: below 0 and behind the picture lies the padding.

        >>> ReceptiveField((5, 4), (2, 2), (0.0, 1.5)).window((0, 3))
        ((-2, 3), (6, 10))
        """
        axes = zip(self.size, self.jump, self.centre, position, strict=True)
        starts = [(math.floor(c + i * jump - (size - 1) / 2 + 0.5), size) for size, jump, c, i in axes]
        return tuple((start, start + size) for start, size in starts)


def receptive_fields(graph: Graph) -> dict[str, ReceptiveField]:
    """The receptive field of every node, by name.

    Windows follow each other as in `ops.Field.through`. Where branches meet the field is the smallest that
    holds both.

    >>> from convscope import nets
    >>> receptive_fields(nets.graph("simple-cnn-4-8"))["pool2"]
    ReceptiveField(size=(10, 10), jump=(4, 4), centre=(4.5, 4.5), whole=False)
    """
    picture = graph.input_shape[1:]
    fields: dict[str, ReceptiveField] = {}
    for node in graph.nodes:
        if not node.inputs:
            ones = (1,) * len(picture)
            fields[node.name] = ReceptiveField(ones, ones, (0.0,) * len(picture))
        else:
            below = _union([fields[name] for name in node.inputs], picture)
            fields[node.name] = _extend(graph, node, below, picture)
    return fields


def _extend(graph: Graph, node: Node, below: ReceptiveField, picture: Shape) -> ReceptiveField:
    reach = node.rule.reach(graph.input_shapes(node), node.attributes)
    if below.whole or reach == "whole":
        return _whole(picture)
    if reach == "point":
        return below
    assert not isinstance(reach, str)
    axes = zip(reach, below.size, below.jump, below.centre, strict=True)
    fields = [Field(size, jump, centre).through(window) for window, size, jump, centre in axes]
    return ReceptiveField(
        tuple(field.size for field in fields),
        tuple(field.jump for field in fields),
        tuple(field.centre for field in fields),
    )


def _union(fields: list[ReceptiveField], picture: Shape) -> ReceptiveField:
    first = fields[0]
    if all(field == first for field in fields):
        return first
    if any(field.whole or field.jump != first.jump for field in fields):
        return _whole(picture)
    size, centre = [], []
    for axis in range(len(picture)):
        starts = [f.centre[axis] - (f.size[axis] - 1) / 2 for f in fields]
        ends = [f.centre[axis] + (f.size[axis] - 1) / 2 for f in fields]
        size.append(round(max(ends) - min(starts)) + 1)
        centre.append((max(ends) + min(starts)) / 2)
    return ReceptiveField(tuple(size), first.jump, tuple(centre))


def _whole(picture: Shape) -> ReceptiveField:
    return ReceptiveField(picture, (0,) * len(picture), tuple((n - 1) / 2 for n in picture), whole=True)
