"""One number of a network in a terminal: its window as a grid, its largest terms, its sum."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from rich.console import Console
from rich.text import Text

from ..columns import columns, shortened
from ..look.arithmetic.forward_pass import ForwardPass
from ..look.arithmetic.sentences import brief, folded, followed, listed, sight, title
from ..look.arithmetic.terms import Step, Window
from ..look.arithmetic.why import Term, Why
from ..ops.rendering import terminal
from ..ops.rendering.scene import BEYOND, EMPTY, MARKED, MOST_TAPS, WINNER, Grid
from ..ops.rendering.shades import cell_text
from ..ops.steps import plain, spelled

FEW_CHANNELS = 3  # whose windows are all shown
LARGE = 5  # the longest side of a window of which several are shown
TERMS, EXPONENTIALS = 8, 20
CHANNELS = 6
HEADINGS = {  # of the place (where that is not how many are shown), and of what it comes to
    "products": ("", "product"),
    "exponentials": ("", "exponential"),
    "factors": ("factor", ""),
    "branches": ("branch", ""),
    "parts of the mean": ("", "of the mean"),
    "summands": ("", "adds"),
}
GRID_SAYS_ALL = ("max_pool", "adaptive", "average_pool", "mean", "group_norm", "layer_norm")
Block = list[Text]


def show(forward: ForwardPass, why: Why) -> None:
    """Print it, in colour where standard output has them."""
    console = Console(highlight=False)
    width = console.width
    for block in blocks(forward, why, width):
        for line in block:
            line.rstrip()
            console.print(line, soft_wrap=True)


def blocks(forward: ForwardPass, why: Why, width: int = terminal.WIDTH) -> Iterator[Block]:
    """Parts from top to bottom, with empty lines between."""
    yield [Text(f"{title(why)} = {plain(why.value, 6)}", "bold")]
    yield wrapped(_about(why), width)
    shown = _shown(why)
    for place in shown:
        yield [Text()]
        yield terminal.beside(list(_grids(why, place, width)), width)
    tables = [*_channel_table(why), *_term_table(forward, why, shown)]
    if tables:
        yield [Text()]
        yield terminal.beside(tables, width)
    yield [Text()]
    yield [Text(line) for line in _sum(why)]
    if why.folds:
        yield [Text()]
        yield wrapped((f"{folded(folding)}." for folding in why.folds), width)


def wrapped(sentences: Iterable[str], width: int) -> Block:
    """Each from a line of its own."""
    return [
        Text(line)
        for sentence in sentences
        for line in textwrap.wrap(sentence, width, break_on_hyphens=False, subsequent_indent="")
    ]


def _about(why: Why) -> Iterator[str]:
    if len(why.layers) > 1:
        yield f"Through {listed(why.layers)}."
    if why.operation != "input":
        yield f"{sight(why.sight)}."
    if why.followers:
        yield f"{followed(why)}."
    yield from (f"{sentence}." for sentence in why.about)


# -- windows as grids

Place = tuple[int, int]  # which window, and which of its channels


def _shown(why: Why) -> list[Place]:
    """The windows that are small enough: of all channels, or of many the one that adds most."""
    places = [
        (number, channel)
        for number, window in enumerate(why.windows)
        if _is_grid(window)
        for channel in range(len(window.values))
    ]
    large = any(max(window.values.shape[1:]) > LARGE for window in why.windows if _is_grid(window))
    if len(places) <= (1 if large else FEW_CHANNELS):
        return places
    if why.follow is not None:  # of a norm, the channel of the number that it is about
        number, at = why.follow
        return [(number, int(np.unravel_index(at, why.windows[number].values.shape)[0]))]
    return [max(places, key=lambda place: abs(_sum_of(why, place)))]


def _is_grid(window: Window) -> bool:
    sides = window.values.shape[1:]
    return 1 <= len(sides) <= 2 and math.prod(sides) > 1 and max(sides) <= MOST_TAPS


def _sum_of(why: Why, place: Place) -> float:
    number, channel = place
    return float(np.nan_to_num(why.windows[number].contributions[channel]).sum())


def _grids(why: Why, place: Place, width: int) -> Iterator[Block]:
    """The numbers under the window, and where there are weights these and the products."""
    number, channel = place
    window = why.windows[number]
    padding = BEYOND if window.weights is not None or not why.operation.startswith("max") else BEYOND | EMPTY
    marks = np.where(window.inside[channel], 0, padding).astype(np.uint8)
    best = np.zeros(window.values.shape, dtype=bool)
    if why.leading is not None and why.lead is not None and (why.leading.contribution or why.follow):
        best.flat[why.lead[1]] = why.lead[0] == number
    flag = WINNER if why.follow is not None else MARKED
    source = int(window.coordinates[0][channel])
    names = [f"{window.layer}:{source}{_corner(window)}"]
    arrays = [(window.values, marks)]
    if window.weights is not None:
        norms = listed([fold.norm for fold in why.folds]) if why.folds else ""
        total = plain(_sum_of(why, place))
        names += [f"weights{norms and ' with '}{norms}", f"products, sum {total}"]
        none = np.zeros(marks.shape, dtype=np.uint8)
        arrays += [(window.weights, none), (window.contributions, none)]
    for name, (array, marked) in zip(names, arrays, strict=True):
        cells = np.where(best[channel], marked | flag, marked).astype(np.uint8)
        grid = Grid(name, np.atleast_2d(array[channel]), np.atleast_2d(cells), tinted=name != names[0])
        yield terminal.block(grid, width, False, _digits(array[channel], width, len(arrays)))


def _digits(numbers: np.ndarray, width: int, grids: int) -> int:
    """As many significant ones as leave room for so many grids."""
    for digits in (4, 3, 2):
        widest = max(len(cell_text(number, digits)) for number in numbers.ravel())
        if grids * ((widest + 2) * np.atleast_2d(numbers).shape[1] + terminal.GAP) <= width:
            return digits
    return 2


def _corner(window: Window) -> str:
    """From which row and column on, and how far apart where it is dilated."""
    names = ("row", "column") if len(window.coordinates) == 3 else ("place",)
    words = []
    for name, positions in zip(names, window.coordinates[1:], strict=True):
        apart = int(positions[1] - positions[0]) if len(positions) > 1 else 1
        words.append(f"{name} {positions[0]}{f' by {apart}' if apart > 1 else ''}")
    return f" from {', '.join(words)}"


# -- tables


def _channel_table(why: Why) -> Iterator[Block]:
    """What each input channel adds, where they are many and only one was drawn."""
    if (
        len(why.windows) != 1
        or why.windows[0].weights is None
        or not _is_grid(why.windows[0])
        or len(why.windows[0].values) <= FEW_CHANNELS
    ):
        return
    window = why.windows[0]
    sums = np.array([_sum_of(why, (0, channel)) for channel in range(len(window.values))])
    order = np.argsort(-np.abs(sums), kind="stable")
    rows = [("channel", "adds")]
    rows += [(f"{window.layer}:{window.coordinates[0][at]}", plain(sums[at])) for at in order[:CHANNELS]]
    if len(order) > CHANNELS:
        rows.append((f"{len(order) - CHANNELS} more", plain(sums[order[CHANNELS:]].sum())))
    yield _table(rows, right=[1])


def _term_table(forward: ForwardPass, why: Why, shown: list[Place]) -> Iterator[Block]:
    """The largest terms, with the rest in one line."""
    leading, count = why.leading, sum(window.values.size for window in why.windows)
    if leading is None or (shown and why.operation.startswith(GRID_SAYS_ALL)):
        return
    if count == 1 and leading.weight is None:
        yield _table([("from", "value"), (_named(forward, leading), plain(leading.value))], right=[1])
        return
    most = EXPONENTIALS if why.terms_are == "exponentials" else TERMS
    terms, rest = why.largest(most), why.rest(most)
    if not terms:
        return
    weighted = any(window.weights is not None for window in why.windows)
    plainly = why.terms_are in ("factors", "branches") or (
        not rest.count and all(term.contribution == term.value for term in terms)
    )
    first, last = HEADINGS[why.terms_are]
    rows = [[first or ("largest" if rest.count else "from"), "value", "weight", last]]
    for term in terms:
        weight = "" if term.weight is None else spelled(term.weight)
        rows.append([_named(forward, term), plain(term.value), weight, plain(term.contribution)])
    if rest.count:
        rows.append([f"{rest.count:,} more", "", "", plain(rest.total)])
    kept = [0, 1, *([2] if weighted else []), *([] if plainly else [3])]
    yield _table([tuple(row[at] for at in kept) for row in rows], right=range(1, len(kept)))


def _named(forward: ForwardPass, term: Term) -> str:
    """The place of a term, and where the number lay before it was moved there."""
    source, label = forward.source(term.cell), forward.label(term.cell)
    name = str(term.cell) if source == term.cell else f"{term.cell} = {source}"
    return name if label in (None, str(term.cell.index[0])) else f"{name}, {shortened(label or '')}"


def _table(rows: Sequence[tuple[str, ...]], right: Iterable[int]) -> Block:
    lines = columns(rows, right=list(right))
    return [Text(lines[0], "bold"), *(Text(line) for line in lines[1:])]


# -- the sum


def _sum(why: Why) -> list[str]:
    """The steps one below the other, and the network's own number."""
    rows = [_row(step) for step in why.steps]
    note = f"difference {brief(why.difference)}" if why.difference else "the same"
    rows.append(("the network's", "", plain(why.value, 6), note if why.agrees else f"NOT EQUAL, {note}"))
    return columns(rows, right=[1, 2])


def _row(step: Step) -> tuple[str, ...]:
    sign = "+ " if step.what == "bias" else ""
    number = "" if step.number is None or step.number == step.result else plain(step.number, 6)
    return f"{sign}{step.what}", number, plain(step.result, 6), ""
