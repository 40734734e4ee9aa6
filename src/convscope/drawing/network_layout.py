"""Where each layer of a network stands in a drawing, and the way of every line between two of them.

Layers stand in rows, each below all that it takes. The longest way through the network is one straight lane;
other branches, and lines that go past layers, have lanes beside it, so that no line crosses a box. A long
network goes on at the top of a further strip, where one line alone leads on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from ..graph import Graph
from ..graph.graph import Node

BOX_HEIGHT, ROW_GAP = 60, 30
LANE_GAP, LINE_LANE = 24, 14  # between lanes; a lane that has lines alone
STRIP_GAP, MARGIN = 56, 24
ROWS, MOST_ROWS = 16, 20  # of a strip, about; and of a network that has one strip alone
LEAVES, TURNS = 7, 18  # below a box, and above one, where lines turn to the side
ARRIVALS, LEVELS = 14, (0, 3, 6, 9)  # between two lines that arrive at one box: across, and down

Point = tuple[float, float]
Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """A layer's box."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Line:
    """From the bottom of one layer's box around corners to the top of another's."""

    source: str
    target: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class NetworkLayout:
    """`places` by the layers' names, in the order of the graph."""

    width: float
    height: float
    places: Mapping[str, Place]
    lines: tuple[Line, ...]


def lay_out(graph: Graph, box_width: float) -> NetworkLayout:
    """The layers of a graph in boxes of one width; the same for the same graph each time.

    >>> from convscope import nets
    >>> layout = lay_out(nets.graph("simple-cnn-4-8"), 160)
    >>> layout.width, len(layout.lines), [place.y for place in layout.places.values()][:3]
    (208, 8, [24, 114, 204])
    """
    rows = _rows(graph)
    return _Placing(graph, rows, _Lanes(graph, rows), _strips(graph, rows), box_width).layout()


def _rows(graph: Graph) -> dict[str, int]:
    """How many layers lie before each, on the longest way."""
    rows: dict[str, int] = {}
    for node in graph.nodes:
        rows[node.name] = 1 + max((rows[name] for name in node.inputs), default=-1)
    return rows


class _Lanes:
    """The lane of each layer, and of each line that goes past some: the first that is free in all its rows.

    Lines from one layer share a lane. Lane 0 is the longest way to the output, and nothing else.
    """

    def __init__(self, graph: Graph, rows: Mapping[str, int]) -> None:
        self.nodes: dict[str, int] = {}
        self.edges: dict[Edge, int] = {}
        self._spans: list[list[tuple[int, int]]] = []  # of each lane, the rows that are taken
        for end in (graph[graph.output], *reversed(graph.nodes)):
            if end.name in self.nodes:
                continue
            branch = self._branch(graph, end, rows)
            users = [user.name for user in graph.users[end.name]]
            last = max((rows[name] for name in users), default=rows[end.name] + 1) - 1
            lane = self._free(rows[branch[-1].name], max(last, rows[end.name]))
            self.nodes.update((node.name, lane) for node in branch)
            self.edges.update(((upper.name, lower.name), lane) for lower, upper in pairwise(branch))
            self.edges.update(((end.name, name), lane) for name in users)
        past: dict[str, list[str]] = defaultdict(list)
        for source, target in edges(graph):
            if (source, target) not in self.edges and rows[target] - rows[source] > 1:
                past[source].append(target)
        for source, targets in past.items():
            lane = self._free(rows[source] + 1, max(rows[name] for name in targets) - 1)
            self.edges.update(((source, target), lane) for target in targets)

    def _branch(self, graph: Graph, end: Node, rows: Mapping[str, int]) -> list[Node]:
        """From `end` upwards, as long as something has no lane yet."""
        branch = [end]
        while left := [graph[name] for name in branch[-1].inputs if name not in self.nodes]:
            branch.append(max(left, key=lambda node: rows[node.name]))
        return branch

    def _free(self, first: int, last: int) -> int:
        for lane, spans in enumerate(self._spans):
            if lane > 0 and all(last < start or end < first for start, end in spans):
                spans.append((first, last))
                return lane
        self._spans.append([(first, last)])
        return len(self._spans) - 1


def edges(graph: Graph) -> Iterator[Edge]:
    """Which layer's output each layer takes; once, also where it takes it twice."""
    for node in graph.nodes:
        for name in dict.fromkeys(node.inputs):
            yield name, node.name


def _strips(graph: Graph, rows: Mapping[str, int]) -> list[range]:
    """The rows of each strip. One ends only where a single line leads on."""
    count = 1 + max(rows.values())
    if count <= MOST_ROWS:
        return [range(count)]
    crossing = [0] * count  # lines between a row and the next
    for source, target in edges(graph):
        for row in range(rows[source], rows[target]):
            crossing[row] += 1
    cuts = [row + 1 for row in range(count - 1) if crossing[row] == 1]
    wanted = math.ceil(count / ROWS)
    ends = [0]
    for number in range(1, wanted):
        after = [cut for cut in cuts if cut > ends[-1]]
        if after:
            ends.append(min(after, key=lambda cut: abs(cut - number * count / wanted)))
    return [range(start, end) for start, end in pairwise([*ends, count])]


class _Placing:
    """Rows, lanes and strips as places on the drawing."""

    def __init__(
        self,
        graph: Graph,
        rows: Mapping[str, int],
        lanes: _Lanes,
        strips: list[range],
        box_width: float,
    ) -> None:
        self._graph, self._rows, self._lanes, self._box_width = graph, rows, lanes, box_width
        self._strip = {row: number for number, strip in enumerate(strips) for row in strip}
        self._first = {row: strip.start for strip in strips for row in strip}
        self._left: list[dict[int, float]] = []  # of each strip, where its lanes begin
        self._right: list[float] = []  # and where it ends
        x: float = MARGIN
        for number in range(len(strips)):
            self._left.append({})
            for lane, width in sorted(self._widths(number).items()):
                self._left[number][lane] = x
                x += width + LANE_GAP
            self._right.append(x - LANE_GAP)
            x += STRIP_GAP - LANE_GAP
        self._width = x - STRIP_GAP + MARGIN
        self._height = 2 * MARGIN + max(map(len, strips)) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP

    def _widths(self, strip: int) -> dict[int, float]:
        """The lanes that a strip has something in, and how wide each has to be."""
        widths: dict[int, float] = {0: self._box_width}
        for (source, target), lane in self._lanes.edges.items():
            passed = range(self._rows[source] + 1, self._rows[target])
            if any(self._strip[row] == strip for row in passed):
                widths.setdefault(lane, LINE_LANE)
        for name, lane in self._lanes.nodes.items():
            if self._strip[self._rows[name]] == strip:
                widths[lane] = self._box_width
        return widths

    def layout(self) -> NetworkLayout:
        places = {node.name: self._place(node.name) for node in self._graph.nodes}
        lines = [
            Line(source, node.name, tuple(self._way(source, node.name, places, arrival, level)))
            for node in self._graph.nodes
            for source, arrival, level in self._arrivals(node, places)
        ]
        return NetworkLayout(self._width, self._height, places, tuple(lines))

    def _place(self, name: str) -> Place:
        row = self._rows[name]
        return Place(
            self._left[self._strip[row]][self._lanes.nodes[name]],
            MARGIN + (row - self._first[row]) * (BOX_HEIGHT + ROW_GAP),
            self._box_width,
            BOX_HEIGHT,
        )

    def _arrivals(self, node: Node, places: Mapping[str, Place]) -> list[tuple[str, float, int]]:
        """What a layer takes; where along the top of its box each line ends, and how far down it turns there.

        The nearest lane comes in nearest to the middle and turns first, so that no two cross.
        """
        middle = places[node.name].x + self._box_width / 2
        names = list(dict.fromkeys(node.inputs))
        own = [name for name in names if self._lane_of((name, node.name)) == self._lanes.nodes[node.name]]
        others = sorted((n for n in names if n not in own), key=lambda n: self._lane_of((n, node.name)))
        left = [n for n in others if self._lane_of((n, node.name)) < self._lanes.nodes[node.name]]
        right = [n for n in others if n not in left]
        step = min(ARRIVALS, (self._box_width / 2 - 8) / max(len(left), len(right), 1))
        return [
            *((name, middle - step * at, at - 1) for at, name in enumerate(reversed(left), start=1)),
            *((name, middle, 0) for name in own),
            *((name, middle + step * at, at - 1) for at, name in enumerate(right, start=1)),
        ]

    def _lane_of(self, edge: Edge) -> int:
        return self._lanes.edges.get(edge, self._lanes.nodes[edge[0]])

    def _way(
        self, source: str, target: str, places: Mapping[str, Place], arrival: float, level: int
    ) -> Iterator[Point]:
        begin, end = places[source], places[target]
        x, y = begin.x + begin.width / 2, begin.y + begin.height
        yield x, y
        turn = end.y - TURNS + LEVELS[min(level, len(LEVELS) - 1)]
        rows, strip = (self._rows[source], self._rows[target]), self._strip[self._rows[source]]
        if strip != self._strip[rows[1]]:  # up to the top of the next
            beside = self._right[strip] + STRIP_GAP / 2
            yield from ((x, y + ROW_GAP / 2), (beside, y + ROW_GAP / 2))
            yield from ((beside, turn), (arrival, turn))
        elif rows[1] - rows[0] == 1:
            if x != arrival:
                yield from ((x, turn), (arrival, turn))
        else:
            lane = self._lanes.edges[source, target]
            past = self._left[strip][lane]
            past += self._box_width / 2 if lane == self._lanes.nodes[source] else LINE_LANE / 2
            if past != x:
                yield from ((x, y + LEAVES), (past, y + LEAVES))
            if past != arrival:
                yield from ((past, turn), (arrival, turn))
        yield arrival, end.y
