"""A network as a drawing: its layers with shapes, parameters and receptive fields, as one SVG file."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from ..columns import printable
from ..graph import Graph, Summary, summarize
from ..graph.graph import Node
from ..graph.operation import spell
from ..graph.summary import Layer, count_in_words, kind_in_words
from ..graph.windows import AdaptivePool, Convolution, Pool
from ..ops.rendering.svg import FONT
from ..ops.rendering.theme import DARK, LIGHT
from .lettering import fitted, width_of
from .network_layout import Line, NetworkLayout, Place, lay_out

NARROWEST, WIDEST, LEAST = 200, 280, 380
NAME, TEXT = 13.0, 11.5  # sizes of letters
BASELINES = 19, 36, 51
INSET, COLUMN_GAP = 12, 12
TITLE, HEADER = 17.0, 56

Row = tuple[str, str]  # what stands on the left, and on the right


def layout_of(graph: Graph) -> NetworkLayout:
    """Where the drawing has each layer, without the heading above it."""
    return lay_out(graph, _box_width(_texts(graph)))


def draw(graph: Graph, *, title: str | None = None, about: Sequence[str] = ()) -> str:
    """The network as an SVG document that needs nothing else; it follows the reader's light or dark screen.

    `title` stands above it, by default the network's name, and `about` are lines that a screen reader hears.

    >>> from convscope import nets
    >>> svg = draw(nets.graph("simple-cnn-4-8"))
    >>> svg.startswith("<svg"), "conv1" in svg, "4×26×26" in svg
    (True, True, True)
    """
    summary, texts = summarize(graph), _texts(graph)
    layout = lay_out(graph, _box_width(texts))
    name = printable(title or graph.name)
    totals = f"{count_in_words(summary.parameters) or 0} parameters, {count_in_words(summary.macs) or 0} MACs"
    facts = f"input {spell(graph.input_shape)}, {totals}"
    width = max(layout.width, LEAST)
    height = layout.height + HEADER
    heading = fitted(name, width - 48, TITLE, bold=True)
    shift = (width - layout.width) / 2
    return "".join(
        [
            f'<svg class="net" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(width)} {_n(height)}" '
            f'width="{_n(width)}" height="{_n(height)}" role="img" aria-label="{escape(name)}">',
            f"<title>{escape(name)}</title><desc>{escape(_described(graph, summary, about))}</desc>",
            f"<style>{_style()}</style>",
            f'<rect class="net-paper" width="{_n(width)}" height="{_n(height)}"/>',
            f'<text class="net-title" x="24" y="34" font-size="{TITLE:g}">{escape(heading)}</text>',
            f'<text class="net-faint" x="24" y="54" font-size="{TEXT:g}">'
            f"{escape(fitted(facts, width - 48, TEXT))}</text>",
            f'<g transform="translate({_n(shift)} {HEADER})">',
            *map(_line, layout.lines),
            *(_box(node, layout.places[node.name], texts[node.name]) for node in graph.nodes),
            "</g></svg>",
        ]
    )


def settings_in_words(node: Node, *, whole: bool = False) -> str:
    """The kind of a layer with the sizes of its window; a convolution of each channel by itself is depthwise.

    With `whole`, which has no room in a drawing, how its window is padded and dilated too.

    >>> from convscope import nets
    >>> graph = nets.graph("resnet-18")
    >>> settings_in_words(graph["conv1"]), settings_in_words(graph["maxpool"])
    ('conv2d 7×7, stride 2', 'max pool2d 3×3, stride 2')
    >>> settings_in_words(graph["conv1"], whole=True)
    'conv2d 7×7, stride 2, padding 3'
    """
    words, of = kind_in_words(node.operation, node.shape), node.attributes
    if not isinstance(node.rule, Convolution | Pool) or isinstance(node.rule, AdaptivePool):
        return words
    groups = of.get("groups", 1)
    depthwise = 1 < groups == of.get("out_channels")
    words = f"{'depthwise' if depthwise else words} {spell(of['kernel_size'])}"
    usual = of["kernel_size"] if isinstance(node.rule, Pool) else (1,) * len(of["stride"])
    if tuple(of["stride"]) != tuple(usual):
        words += f", stride {_size(of['stride'])}"
    if groups > 1 and not depthwise:
        words += f", {groups} groups"
    return words + _around(node) if whole else words


def _around(node: Node) -> str:
    padding, dilation = node.attributes.get("padding", ()), node.attributes.get("dilation", (1,))
    words = ""
    if any(before or after for before, after in padding):
        alike = all(before == after for before, after in padding)
        sizes = _size([before for before, _ in padding]) if alike else str(padding)
        words += f", padding {sizes}"
    return words + (f", dilation {_size(dilation)}" if set(dilation) != {1} else "")


def _size(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(set(sizes)) == 1 else spell(tuple(sizes))


def _texts(graph: Graph) -> dict[str, tuple[str, Row, Row]]:
    """Of each layer its name, and the two rows below it."""
    first = graph.nodes[0]
    texts: dict[str, tuple[str, Row, Row]] = {
        first.name: (printable(first.name), ("input", ""), (spell(first.shape), ""))
    }
    for layer in summarize(graph).layers:
        parameters = f"{count_in_words(layer.parameters)} params" if layer.parameters else ""
        texts[layer.name] = (
            printable(layer.name),
            (settings_in_words(graph[layer.name]), parameters),
            (spell(layer.output_shape), _sees(layer)),
        )
    return texts


def _sees(layer: Layer) -> str:
    field = layer.receptive_field
    return "sees all" if field.whole else f"sees {spell(field.size)}"


def _box_width(texts: dict[str, tuple[str, Row, Row]]) -> float:
    widest = 0.0
    for name, *rows in texts.values():
        widest = max(widest, width_of(name, NAME, bold=True), *(_row_width(row) for row in rows))
    return math.ceil(min(max(widest + 2 * INSET, NARROWEST), WIDEST))


def _row_width(row: Row) -> float:
    return sum(width_of(text, TEXT) for text in row) + (COLUMN_GAP if all(row) else 0)


def _kind(node: Node) -> str:
    """What a box is coloured by: whether the layer has weights, looks through a window, or neither."""
    if node.operation == "input":
        return "input"
    if node.parameters:
        return "weights"
    return "window" if isinstance(node.rule, Pool | AdaptivePool) else "plain"


def _box(node: Node, place: Place, texts: tuple[str, Row, Row]) -> str:
    name, *rows = texts
    room = place.width - 2 * INSET
    left, right = place.x + INSET, place.x + place.width - INSET
    parts = [
        f"<g><title>{escape(name)}</title>",
        f'<rect class="net-box net-{_kind(node)}" x="{_n(place.x)}" y="{_n(place.y)}" '
        f'width="{_n(place.width)}" height="{_n(place.height)}" rx="6"/>',
        _text("name", left, place.y + BASELINES[0], fitted(name, room, NAME, bold=True), NAME),
    ]
    for baseline, (first, second) in zip(BASELINES[1:], rows, strict=True):
        kept = width_of(second, TEXT) + COLUMN_GAP if second else 0
        parts.append(_text("text", left, place.y + baseline, fitted(first, room - kept, TEXT), TEXT))
        if second:
            parts.append(_text("faint", right, place.y + baseline, second, TEXT, end=True))
    return "".join([*parts, "</g>"])


def _text(kind: str, x: float, y: float, text: str, size: float, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return (
        f'<text class="net-{kind}" x="{_n(x)}" y="{_n(y)}" font-size="{size:g}"{anchor}>{escape(text)}</text>'
    )


def _line(line: Line) -> str:
    """With round corners, and a head where it ends."""
    points = line.points
    parts = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        first, second = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{first}Q{_n(corner[0])} {_n(corner[1])} {second}")
    x, y = points[-1]
    parts.append(f"L{_n(x)} {_n(y - 5)}")
    head = f"M{_n(x - 4)} {_n(y - 7)}L{_n(x)} {_n(y)}L{_n(x + 4)} {_n(y - 7)}z"
    return f'<path class="net-line" d="{"".join(parts)}"/><path class="net-head" d="{head}"/>'


def _towards(corner: tuple[float, float], other: tuple[float, float], radius: float = 6) -> str:
    """The point on the way from a corner where its round begins."""
    (x, y), (to_x, to_y) = corner, other
    length = abs(to_x - x) + abs(to_y - y)  # one of them is 0
    part = min(radius, length / 2) / length if length else 0
    return f"{_n(x + (to_x - x) * part)} {_n(y + (to_y - y) * part)}"


def _described(graph: Graph, summary: Summary, about: Sequence[str]) -> str:
    layers = "; ".join(_sentence(layer) for layer in summary.layers)
    lines = " ".join(map(printable, about))
    return f"{lines} Input {spell(graph.input_shape)}; {layers}.".strip()


def _sentence(layer: Layer) -> str:
    kind = kind_in_words(layer.kind, layer.output_shape)
    parameters = f", {layer.parameters:,} parameters" if layer.parameters else ""
    return f"{printable(layer.name)} ({kind}) {spell(layer.output_shape)}{parameters}, {_sees(layer)}"


def _style() -> str:
    return "".join(_rules())


def _rules() -> Iterator[str]:
    light, dark = (
        ";".join(f"--net-{name}:{colour}" for name, colour in theme.items()) for theme in (LIGHT, DARK)
    )
    yield f".net{{{light};color-scheme:light dark;font-family:{FONT};font-variant-numeric:tabular-nums}}"
    yield f"@media(prefers-color-scheme:dark){{.net{{{dark}}}}}"
    yield ".net-paper{fill:var(--net-paper)}.net-box{stroke:var(--net-line);fill:var(--net-cell)}"
    yield ".net-weights{fill:var(--net-plus)}.net-window{fill:var(--net-minus)}"
    yield ".net-input{fill:var(--net-beyond)}"
    yield ".net-line{fill:none;stroke:var(--net-faint);stroke-width:1.4}.net-head{fill:var(--net-faint)}"
    yield ".net text{fill:var(--net-ink);white-space:pre}.net .net-faint{fill:var(--net-faint)}"
    yield ".net .net-title,.net .net-name{font-weight:650}"


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
