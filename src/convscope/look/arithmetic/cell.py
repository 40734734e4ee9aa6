"""One number of a network: which layer's, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

from ...columns import shortened
from ...errors import QUOTED, ShapeError, UnknownName, UsageError
from ...graph import Graph
from ...graph.operation import Shape, spell

AXES = {1: ("channel",), 2: ("channel", "place"), 3: ("channel", "row", "column")}


@dataclass(frozen=True, slots=True)
class Cell:
    """`index` is (channel, row, column), of a signal (channel, place), after a linear layer (channel,).

    >>> str(Cell("conv2", (3, 5, 7)))
    'conv2:3:5:7'
    """

    layer: str
    index: tuple[int, ...]

    def __str__(self) -> str:
        return ":".join([self.layer, *map(str, self.index)])

    @staticmethod
    def parse(text: str, graph: Graph) -> Cell:
        """The cell that people write as `conv2:3:5:7`; the layer's name may hold dots, and colons too.

        Raises `UnknownName` for an unknown layer, `UsageError` for what is not whole numbers or too few of
        them, `ShapeError` for a number that the layer does not have.
        """
        text = text.strip()
        begins = [layer for layer in graph.by_name if f"{text}:".startswith(f"{layer}:")]
        if not begins:
            raise UnknownName("layer", text.partition(":")[0], graph.by_name)
        layer = max(begins, key=len)
        try:
            index = tuple(map(int, text[len(layer) :].split(":")[1:]))
        except ValueError:
            shape = graph[layer].shape
            raise UsageError(f"{shortened(text, QUOTED)!r} is no place: {_wanted(layer, shape)}") from None
        return Cell(layer, index).checked(graph)

    def checked(self, graph: Graph) -> Cell:
        """Itself; raises as `parse` does where the graph has no such number."""
        if self.layer not in graph.by_name:
            raise UnknownName("layer", self.layer, graph.by_name)
        shape = graph[self.layer].shape
        if len(self.index) != len(shape):
            raise UsageError(f"{shortened(str(self), QUOTED)!r} is no place: {_wanted(self.layer, shape)}")
        for axis, at, size in zip(axes_of(shape), self.index, shape, strict=True):
            if not 0 <= at < size:
                raise ShapeError(
                    f"{shortened(str(self), QUOTED)} does not exist: {self.layer} is {spell(shape)}, "
                    f"so its {axis} is from 0 to {size - 1}, not {shortened(str(at), QUOTED)}."
                )
        return self


def axes_of(shape: Shape) -> tuple[str, ...]:
    """What the axes of a layer's output are called."""
    return AXES.get(len(shape)) or tuple(f"axis {number}" for number in range(1, len(shape) + 1))


def _wanted(layer: str, shape: Shape) -> str:
    names = axes_of(shape)
    words = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    example = Cell(layer, tuple(size // 2 for size in shape))
    return f"{layer} is {spell(shape)}, so it takes {words}, such as {example}."
