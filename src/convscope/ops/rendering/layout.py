"""A scene as shapes with places and sizes in pixels, which SVG and GIF draw alike."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from .scene import BEYOND, EMPTY, MARKED, WINNER, Grid, Panel, Photo, Scene
from .shades import cell_text

MARGIN = 20.0
GAP = 34.0  # between panels; has the sign between them
TITLE = 24.0  # above a panel
LINE = 19.0
LETTER = 7.3  # mean width of a letter of 13 pixels
SHOWN = 240.0  # side of a photo
LEAST = 560.0  # width of a drawing


@dataclass(frozen=True)
class Box:
    """A rectangle; `kind` is its meaning: cell, beyond, empty, plus, minus, later, marked, winner, photo."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """Text around (x, y); `anchor` is start or middle; `kind` is its meaning, as for boxes."""

    kind: str
    x: float
    y: float  # of its middle
    text: str
    size: float = 13
    anchor: str = "start"


@dataclass(frozen=True, eq=False)
class Pixels:
    """A grey picture."""

    x: float
    y: float
    width: float
    height: float
    values: np.ndarray


Shape = Box | Label | Pixels


@dataclass
class Drawing:
    """Shapes in the order in which they are drawn, the size of all, and the scene in words."""

    width: float
    height: float
    title: str
    description: str
    shapes: list[Shape] = field(default_factory=list)


def lay_out(scene: Scene) -> Drawing:
    """Where everything of a scene stands."""
    cell = _cell_size(scene)
    arrange = _signal_rows if scene.upright else _columns
    shapes, right, bottom = arrange(scene, cell)
    width = max(right + MARGIN, 2 * MARGIN + 1.25 * LETTER * len(scene.title), LEAST)
    drawing = Drawing(width, 0, scene.title, scene.description)
    drawing.shapes = [Label("heading", MARGIN, MARGIN + 4, scene.title, 15), *shapes]
    y = bottom + 26
    for kind, sentence in (
        ("equation", scene.equation),
        ("faint", scene.settings),
        ("faint", scene.left_out),
        ("faint", _legend(scene)),
    ):
        for line in textwrap.wrap(sentence, int((width - 2 * MARGIN) / LETTER), break_on_hyphens=False):
            drawing.shapes.append(Label(kind, MARGIN, y, line))
            y += LINE
    drawing.height = y + MARGIN - LINE / 2
    return drawing


def of_panel(panel: Panel) -> Drawing:
    """One panel by itself, without its title."""
    cell = 38.0
    shapes = _cells(panel, 2, 2, cell) if isinstance(panel, Grid) else _photo(panel, 2, 2)
    return Drawing(_width(panel, cell) + 4, _height(panel, cell) + 4, panel.title, panel.title, list(shapes))


def _legend(scene: Scene) -> str:
    """What lines and patterns mean, of those that are there."""
    panels = [*(panel for row in scene.rows for panel in row), *scene.outputs]
    marks = np.concatenate(
        [panel.marks.ravel() for panel in panels if isinstance(panel, Grid)] or [np.zeros(1, int)]
    )
    parts = ["thick frame: under the kernel" if len(scene.rows[0]) > 2 else "thick frame: the window"]
    parts += ["hatched: beyond the border"] if (marks & BEYOND).any() else []
    parts += ["ring: the maximum"] if (marks & WINNER).any() else []
    return "; ".join(parts)


def _cell_size(scene: Scene) -> float:
    grids = [panel for row in (*scene.rows, scene.outputs) for panel in row if isinstance(panel, Grid)]
    most = max((max(grid.numbers.shape) for grid in grids), default=1)
    return 38.0 if most <= 7 else 32.0 if scene.upright or most <= 9 else 27.0


def _columns(scene: Scene, cell: float) -> tuple[list[Shape], float, float]:
    """A row for each channel; the outputs in columns to the right. Also the right and the bottom edge."""
    shapes: list[Shape] = []
    top = MARGIN + 26
    widths = [max(_width(row[i], cell) for row in scene.rows) for i in range(len(scene.rows[0]))]
    signs = {3: "×=", 4: " ×=", 2: " "}.get(len(scene.rows[0]), "")
    y = top
    for row in scene.rows:
        height = max(_height(panel, cell) for panel in row)
        x = MARGIN
        for number, (panel, width) in enumerate(zip(row, widths, strict=True)):
            shapes += _panel(panel, x, y + (height - _height(panel, cell)) / 2, cell)
            x += width
            if number < len(row) - 1:
                shapes.append(Label("sign", x + GAP / 2, y + TITLE + height / 2, signs[number], 20, "middle"))
                x += GAP
        y += height + TITLE + 14
    bottom = y
    shapes.append(Label("sign", x + GAP / 2, (top + TITLE + bottom - 14) / 2, "→", 20, "middle"))
    x, y, widest = x + GAP, top, 0.0
    if len(scene.outputs) == 1:
        y = max(top, top + (bottom - 14 - TITLE - top - _height(scene.outputs[0], cell)) / 2)
    room = (
        max(bottom, top + TITLE + 3 * _height(scene.outputs[0], cell)) if len(scene.outputs) > 1 else bottom
    )
    lowest = bottom
    for panel in scene.outputs:
        height = _height(panel, cell) + TITLE + 14
        if y > top and y + height > room + 1:
            x, y, widest = x + widest + GAP / 2, top, 0.0
        shapes += _panel(panel, x, y, cell)
        y, widest = y + height, max(widest, _width(panel, cell))
        lowest = max(lowest, y)
    return shapes, x + widest, lowest - 14


def _signal_rows(scene: Scene, cell: float) -> tuple[list[Shape], float, float]:
    """Signals below each other, column under column, their titles to the left."""
    panels = [
        panel
        for panel in (*(p for row in scene.rows for p in row), *scene.outputs)
        if isinstance(panel, Grid)
    ]
    label = max(len(panel.title) for panel in panels) * LETTER + 14
    shapes: list[Shape] = []
    y, right = MARGIN + 30, 0.0
    for panel in panels:
        shapes.append(Label("title", MARGIN, y + cell / 2, panel.title))
        shapes += _cells(panel, MARGIN + label, y, cell)
        right = max(right, MARGIN + label + panel.numbers.shape[1] * cell)
        y += cell + (6 if panel.tinted else 14)
    return shapes, right, y - 8


def _width(panel: Panel, cell: float) -> float:
    wide = panel.numbers.shape[1] * cell if isinstance(panel, Grid) else _shown(panel)[0]
    return max(wide, len(panel.title) * LETTER)


def _height(panel: Panel, cell: float) -> float:
    return panel.numbers.shape[0] * cell if isinstance(panel, Grid) else _shown(panel)[1]


def _shown(photo: Photo) -> tuple[float, float]:
    """Width and height of a photo in the drawing."""
    height, width = photo.pixels.shape
    side = SHOWN if photo.box is not None or photo.done is not None else SHOWN / 2
    scale = side / max(height, width)
    return max(2.0, width * scale), max(2.0, height * scale)


def _panel(panel: Panel, x: float, y: float, cell: float) -> Iterator[Shape]:
    yield Label("title", x, y + TITLE / 2 - 2, panel.title)
    yield from _cells(panel, x, y + TITLE, cell) if isinstance(panel, Grid) else _photo(panel, x, y + TITLE)


def _cells(grid: Grid, x: float, y: float, cell: float) -> Iterator[Shape]:
    """Cells first, then the frames of the marked ones, so that no neighbour covers them."""
    frames: list[Shape] = []
    texts = [cell_text(number) for number in grid.numbers[(grid.marks & EMPTY) == 0]]
    size = min(cell * 0.42, 1.5 * cell / max(map(len, texts), default=1))
    gaps = grid.tinted and len(grid.numbers) == 1  # of a signal's kernel: nothing between its taps
    for (i, j), number in np.ndenumerate(grid.numbers):
        mark = int(grid.marks[i, j])
        if gaps and mark & EMPTY:
            continue
        place = (x + j * cell, y + i * cell, cell, cell)
        yield Box(_kind(mark, number if grid.tinted else 0), *place)
        if mark & MARKED:
            frames.append(Box("marked", *place))
        if mark & WINNER:
            frames.append(Box("winner", *place))
        if not mark & EMPTY:
            text = cell_text(number)
            kind = "faint" if mark & BEYOND else "number"
            frames.append(Label(kind, place[0] + cell / 2, place[1] + cell / 2, text, size, "middle"))
    yield from frames


def _kind(mark: int, sign: float) -> str:
    if mark & BEYOND:
        return "beyond"
    if mark & EMPTY:
        return "empty"
    return "plus" if sign > 0 else "minus" if sign < 0 else "cell"


def _photo(photo: Photo, x: float, y: float) -> Iterator[Shape]:
    width, height = _shown(photo)
    down, across = height / photo.size[0], width / photo.size[1]
    yield Pixels(x, y, width, height, photo.pixels)
    if photo.done is not None:
        rows, more = photo.done
        if rows < photo.size[0]:
            yield Box("later", x + more * across, y + rows * down, width - more * across, down)
        if rows + 1 < photo.size[0]:
            yield Box("later", x, y + (rows + 1) * down, width, height - (rows + 1) * down)
    yield Box("photo", x, y, width, height)
    if photo.box is not None:
        top, left, bottom, right = photo.box
        at, wide = _widened(x + left * across, (right - left) * across)
        over, high = _widened(y + top * down, (bottom - top) * down)
        yield Box("marked", at, over, wide, high)


def _widened(first: float, size: float, least: float = 8) -> tuple[float, float]:
    """A place large enough to be found.

    >>> _widened(10, 2)
    (7.0, 8)
    """
    return (first - (least - size) / 2, least) if size < least else (first, size)
