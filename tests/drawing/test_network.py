"""The drawing of a network: nothing overlaps, lines lead from layer to layer, and it is sound XML."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope import Bundle, nets
from convscope.drawing.lettering import fitted, width_of
from convscope.drawing.network import draw, layout_of, settings_in_words
from convscope.drawing.network_layout import NetworkLayout, Place, lay_out
from convscope.graph import Builder, Graph, summarize
from convscope.look.arithmetic.forward_pass import with_probabilities

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SVG = "{http://www.w3.org/2000/svg}"


def inception() -> Graph:
    """Branches of different lengths that end in one concat, and lines past layers, as in a dense block."""
    b = Builder("branches")
    x = b.input(3, 16, 16)
    parts = [x]
    for length in (1, 3, 2):
        y = x
        for _ in range(length):
            y = b.relu(b.conv2d(y, 4, kernel_size=3, padding=1))
        parts.append(y)
    x = b.append("concat", *parts, dim=1)
    for _ in range(4):
        x = b.append("concat", x, b.relu(b.conv2d(x, 2, kernel_size=3, padding=1)), dim=1)
    x = b.add(x, x)
    return b.build(b.linear(b.global_average_pool(x), 3))


def random_graph(edges: list[tuple[int, int]], count: int) -> Graph:
    """Layers of one shape, each adding up layers before it."""
    b = Builder("random")
    nodes = [b.input(1, 4, 4)]
    for number in range(1, count):
        before = sorted({source for source, target in edges if target == number and source < number})
        taken = [nodes[source] for source in before] or [nodes[-1]]
        nodes.append(b.relu(taken[0]) if len(taken) == 1 else b.append("add", *taken))
    return b.build(nodes[-1])


GRAPHS = {
    **{name: (lambda name=name: with_probabilities(nets.graph(name), "logits")) for name in nets.names()},
    "branches": inception,
    "input alone": lambda: random_graph([], 1),
    "a long chain": lambda: random_graph([], 100),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_boxes_and_lines_of_known_networks(name: str) -> None:
    graph = GRAPHS[name]()
    check(graph, layout_of(graph))


@given(st.data())
def test_boxes_and_lines_of_any_network(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 45))
    edges = data.draw(st.lists(st.tuples(st.integers(0, count), st.integers(0, count)), max_size=60))
    graph = random_graph(edges, count)
    check(graph, lay_out(graph, data.draw(st.sampled_from([40, 170]))))


def check(graph: Graph, layout: NetworkLayout) -> None:
    places = layout.places
    assert list(places) == [node.name for node in graph.nodes]
    for one, other in itertools.combinations(places.values(), 2):
        apart_across = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart_across or one.y + one.height < other.y or other.y + other.height < one.y
    for place in places.values():
        assert place.x > 0
        assert place.x + place.width < layout.width
        assert place.y > 0
        assert place.y + place.height < layout.height
    wanted = {(name, node.name) for node in graph.nodes for name in node.inputs}
    assert sorted((line.source, line.target) for line in layout.lines) == sorted(wanted)
    for line in layout.lines:
        first, last = line.points[0], line.points[-1]
        above, below = places[line.source], places[line.target]
        assert first == (above.x + above.width / 2, above.y + above.height)
        assert last[1] == below.y
        assert below.x < last[0] < below.x + below.width
        assert line.points[-2][0] == last[0]
        assert line.points[-2][1] < last[1]
        for start, end in itertools.pairwise(line.points):
            assert (start[0] == end[0]) != (start[1] == end[1])  # along one axis, and somewhere
            for place in places.values():
                assert not crosses(start, end, place)
            for x, y in (start, end):
                assert 0 < x < layout.width
                assert 0 < y < layout.height


def crosses(start: tuple[float, float], end: tuple[float, float], place: Place) -> bool:
    """Whether a line goes through the inside of a box."""
    (x1, x2), (y1, y2) = sorted((start[0], end[0])), sorted((start[1], end[1]))
    return x1 < place.x + place.width and x2 > place.x and y1 < place.y + place.height and y2 > place.y


def test_a_chain_is_one_column_and_a_long_one_several() -> None:
    short = layout_of(nets.graph("simple-cnn-4-8"))
    assert len({place.x for place in short.places.values()}) == 1
    assert [p.y for p in short.places.values()] == sorted(p.y for p in short.places.values())
    long = layout_of(random_graph([], 100))
    columns = {place.x for place in long.places.values()}
    assert len(columns) == 7
    assert long.height < 20 * 90


def test_a_shortcut_stands_beside_the_longest_way() -> None:
    places = layout_of(nets.graph("resnet-8")).places
    trunk = [places[f"layer2.0.{name}"] for name in ("conv1", "bn1", "relu1", "conv2", "bn2", "add")]
    assert len({place.x for place in trunk}) == 1
    beside = places["layer2.0.downsample.0"], places["layer2.0.downsample.1"]
    assert beside[0].x == beside[1].x > trunk[0].x + trunk[0].width
    assert beside[0].y == trunk[0].y  # both take the same


def test_the_same_graph_gives_the_same_drawing() -> None:
    assert draw(inception()) == draw(inception())


@pytest.mark.parametrize("name", GRAPHS)
def test_the_file_is_sound_and_says_what_the_summary_says(name: str) -> None:
    graph = GRAPHS[name]()
    root = ElementTree.fromstring(draw(graph, title="A net", about=["Trained on nothing."]))
    assert root.tag == f"{SVG}svg"
    assert root.findtext(f"{SVG}title") == "A net"
    description = root.findtext(f"{SVG}desc") or ""
    texts = [box_texts(box) for box in boxes(root)]
    assert description.startswith("Trained on nothing.")
    assert len(texts) == len(graph.nodes)
    for layer, words in zip(summarize(graph).layers, texts[1:], strict=True):
        assert layer.name == words[0]
        assert "×".join(map(str, layer.output_shape)) in words
        assert f"{layer.name} (" in description
        if layer.parameters:
            assert any(word.endswith(" params") for word in words)
    for element in root.iter():  # nothing is fetched, nothing runs
        assert element.tag.removeprefix(SVG) not in ("script", "image", "use", "foreignObject", "a")
        assert not any(name.endswith("href") or name.startswith("on") for name in element.attrib)


def boxes(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    (group,) = root.findall(f"{SVG}g")
    return iter(group.findall(f"{SVG}g"))


def box_texts(box: ElementTree.Element) -> list[str]:
    return [box.findtext(f"{SVG}title") or "", *(text.text or "" for text in box.findall(f"{SVG}text"))]


HOSTILE = (
    "</text><script>alert(1)</script>",
    "a & b < c > \" d '",
    "\x00\x1b[31m\ud800\ufffe",
    "]]>",
    "名" * 80,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_and_nothing_else(name: str) -> None:
    b = Builder(name)
    graph = b.build(b.relu(b.conv2d(b.input(1, 4, 4), 2, kernel_size=3, name=name), name="x" * 300))
    root = ElementTree.fromstring(draw(graph, title=name, about=[name]))
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "text", "g", "path"}
    shown = box_texts(list(boxes(root))[1])[0]
    assert shown == (name if name.isprintable() else shown)
    assert shown.isprintable()


def test_texts_are_cut_to_fit() -> None:
    assert fitted("conv1", 100, 13) == "conv1"
    for text in ("encoder.stage4.block1.downsample.conv", "W" * 60, "名" * 60):
        for width in (20, 60, 150):
            cut = fitted(text, width, 13)
            assert "…" in cut
            assert width_of(cut, 13) <= width
            begin, end = cut.split("…")
            assert text.startswith(begin)
            assert text.endswith(end)


def test_kinds_of_layers_in_words() -> None:
    graph = nets.graph("mobile-small")
    assert settings_in_words(graph["conv2"]) == "depthwise 3×3"
    assert settings_in_words(graph["conv4"]) == "depthwise 3×3, stride 2"
    b = Builder("grouped")
    x = b.conv2d(b.input(4, 9, 9), 8, kernel_size=(3, 1), stride=(2, 1), groups=2)
    graph = b.build(b.append("max_pool2d", x, kernel_size=(2, 2), stride=(1, 1)))
    assert settings_in_words(graph.nodes[1]) == "conv2d 3×1, stride 2×1, 2 groups"
    assert settings_in_words(graph.nodes[2]) == "max pool2d 2×2, stride 1"


def test_the_whole_settings_of_a_layer_in_words() -> None:
    b = Builder("padded")
    x = b.conv2d(b.input(1, 9, 9), 2, kernel_size=3, padding=1, dilation=2)
    x = b.append("conv2d", x, kernel_size=(3, 3), padding=((0, 1), (2, 2)), out_channels=2)
    graph = b.build(b.relu(x))
    words = [settings_in_words(node, whole=True) for node in graph.nodes[1:]]
    assert words == ["conv2d 3×3, padding 1, dilation 2", "conv2d 3×3, padding ((0, 1), (2, 2))", "relu"]
    assert settings_in_words(graph.nodes[1]) == "conv2d 3×3"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_text_leaves_its_box_in_a_browser(browser: Browser, scheme: str) -> None:
    """Measured with the fonts that are here; the names are long, wide and of other scripts."""
    b = Builder("wide")
    x = b.input(3, 224, 224)
    for name in (
        "MMMMWWWW" * 4,
        "encoder.stages.3.blocks.12.attention.projection",
        "卷积层" * 12,
        "ширина" * 8,
    ):
        x = b.conv2d(x, 128, kernel_size=7, stride=2, padding=3, groups=1, name=name)
    graphs = [b.build(x), nets.graph("resnet-18"), nets.graph("mobile-small")]
    page = browser.new_page(color_scheme="light" if scheme == "light" else "dark")
    for graph in graphs:
        page.set_content(draw(with_probabilities(graph, "logits")))
        outside = page.evaluate(
            """() => [...document.querySelectorAll('svg > g > g')].flatMap((group) => {
                const box = group.querySelector('rect').getBBox();
                return [...group.querySelectorAll('text')].filter((text) => {
                    const { x, y, width, height } = text.getBBox();
                    return x < box.x || x + width > box.x + box.width
                        || y < box.y || y + height > box.y + box.height;
                }).map((text) => text.textContent);
            })"""
        )
        assert outside == []
        overlapping = page.evaluate(
            """() => [...document.querySelectorAll('svg > g > g')].flatMap((group) => {
                const texts = [...group.querySelectorAll('text')].map((text) => text.getBBox());
                return texts.flatMap((a, at) => texts.slice(at + 1).filter((b) =>
                    Math.abs(a.y - b.y) < 2 && a.x < b.x + b.width && b.x < a.x + a.width));
            }).length"""
        )
        assert overlapping == 0
    ground, ink = page.evaluate(
        """() => ['.net-paper', '.net-title'].map(
            (name) => getComputedStyle(document.querySelector(name)).fill)"""
    )
    assert (ground, ink) == (
        ("rgb(255, 255, 255)", "rgb(31, 41, 51)")
        if scheme == "light"
        else ("rgb(26, 32, 39)", "rgb(230, 234, 239)")
    )
    page.close()


def test_the_starter_is_drawn_from_its_bundle() -> None:
    graph = Bundle.load("starter").graph
    assert graph is not None
    assert "15,690 params" in draw(graph)
