"""The graph at rest and under construction: JSON that someone else wrote, and mistakes in building."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope import nets
from convscope.errors import ConvscopeError, ShapeError, UnknownName, UsageError
from convscope.graph import Builder, Graph

Document = dict[str, Any]


def residual() -> Graph:
    """A little of everything: windows, norms, sharing, a branch, a broadcast, a frozen tensor."""
    b = Builder("residual")
    x = b.input(2, 9, 9)
    x = b.conv2d(x, 4, kernel_size=3, padding="same", name="stem")
    x = b.batch_norm(x, name="norm")
    shared = {"weight": "mix.weight", "bias": "mix.bias"}
    window = {"kernel_size": (1, 1), "stride": (1, 1), "out_channels": 4, "padding": ((0, 0), (0, 0))}
    y = b.append("conv2d", x, name="mix", parameters=shared, **window)
    y = b.append("conv2d", b.append("gelu", y), name="mix_2", parameters=shared, **window)
    x = b.add(x, b.append("dropout2d", y, p=0.1))
    x = b.concat(x, b.append("leaky_relu", y, negative_slope=0.2))
    x = b.append("group_norm", x, num_groups=2)
    x = b.append("layer_norm", x, normalized_shape=(9, 9))
    gate = b.append("mean", x, dim=(2, 3), keepdim=True)
    x = b.append("multiply", x, b.append("sigmoid", gate))
    x = b.append("pad", x, padding=((1, 0), (0, 2)), mode="reflect")
    x = b.average_pool(b.max_pool(x, 2, padding=((0, 1), (1, 0))), 2, count_include_pad=False)
    x = b.append("lp_pool2d", x, kernel_size=(1, 1), p=2.0)
    x = b.append("adaptive_max_pool2d", b.append("affine", x, factor=2.0), output_size=(2, 1))
    x = b.append("reshape", x, shape=(4, 4))
    x = b.append("softmax", b.linear(b.flatten(x), 3), dim=1)
    return b.build(x, frozen=["stem.weight"])


GRAPH = residual()
DOCUMENT: Document = json.loads(GRAPH.to_json())


def read(document: object) -> Graph:
    return Graph.from_json(json.dumps(document))


def check_that_it_runs(graph: Graph) -> None:
    """What was read can be written, summed up and, where it is small, run in both modes."""
    assert Graph.from_json(graph.to_json()) == graph
    sizes = [math.prod(node.shape) for node in graph.nodes]
    sizes += [math.prod(spec.shape) for spec in graph.parameters.values()]
    windows = [math.prod(node.attributes.get("kernel_size", (1,))) for node in graph.nodes]
    borders = [side for node in graph.nodes for pair in node.attributes.get("padding", ()) for side in pair]
    if max(sizes) > 100_000 or max(windows) > 10_000 or max(map(abs, borders), default=0) > 1000:
        return
    module = graph.to_module()
    for mode in (True, False):
        assert module.train(mode)(torch.rand(3, *graph.input_shape)).shape == (3, *graph.output_shape)


def test_the_example_is_what_it_should_be() -> None:
    assert read(DOCUMENT) == GRAPH
    check_that_it_runs(GRAPH)


@pytest.mark.parametrize("name", nets.names())
def test_every_net_of_the_catalogue_survives_json(name: str) -> None:
    graph = nets.graph(name)
    text = graph.to_json()
    assert Graph.from_json(text) == graph
    assert Graph.from_json(text).to_json() == text
    assert json.loads(text)["version"] == 1


# JSON from elsewhere


def change(*path: str | int, to: object) -> Document:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return document


def node(name: str) -> int:
    return [n["name"] for n in DOCUMENT["nodes"]].index(name)


STEM, MIX, MIX_2 = node("stem"), node("mix"), node("mix_2")

BAD: dict[str, tuple[object, str]] = {
    "not an object": ([1, 2], "not a graph that convscope wrote"),
    "a number": (5, "not a graph"),
    "null": (None, "not a graph"),
    "another format": (change("format", to="onnx"), "this is onnx version 1; .* convscope-graph"),
    "a later version": (change("version", to=2), "version 2"),
    "unknown operation": (change("nodes", STEM, "operation", to="conv2e"), "did you mean 'conv2d'"),
    "wrong shape": (change("nodes", STEM, "shape", to=[4, 9, 8]), "'stem' says its shape is"),
    "role missing": (change("nodes", STEM, "parameters", to={"weight": "w"}), "'stem'.*has the parameters"),
    "role too many": (change("nodes", STEM, "parameters", "scale", to="s"), "has the parameters"),
    "roles as a list": (change("nodes", STEM, "parameters", to=[["weight", "w"]]), "should be a dict"),
    "same name twice": (change("nodes", MIX, "name", to="stem"), "two nodes .* are called 'stem'"),
    "no name": (change("nodes", STEM, "name", to=""), "not a name"),
    "number as a name": (change("nodes", STEM, "name", to=7), "should be a str"),
    "empty part of a name": (change("nodes", STEM, "name", to="a..b"), "'a..b' is not a name"),
    "sharing": (change("nodes", MIX_2, "parameters", "weight", to="stem.weight"), "'mix_2' shares"),
    "trained and counted": (change("nodes", STEM, "parameters", "bias", to="norm.running_mean"), "shares"),
    "unknown input": (change("nodes", STEM, "inputs", to=["nowhere"]), "nowhere"),
    "later input": (change("nodes", STEM, "inputs", to=["mix"]), "mix"),
    "no input": (change("nodes", STEM, "inputs", to=[]), "takes 1 inputs, not 0"),
    "two networks": (change("nodes", STEM, "operation", to="input"), "attribute|input"),
    "no nodes": (change("nodes", to=[]), "not a graph"),
    "unknown output": (change("output", to="nowhere"), "nowhere"),
    "unknown frozen": (change("frozen", to=["nowhere"]), "nowhere"),
    "frozen as text": (change("frozen", to="stem.weight"), "should be a list"),
    "attribute": (change("nodes", STEM, "attributes", "strides", to=1), "did you mean 'stride'"),
    "attribute missing": (change("nodes", STEM, "attributes", to={}), "needs the attribute 'kernel_size'"),
    "text for a number": (change("nodes", STEM, "attributes", "out_channels", to="4"), "out_channels='4'"),
    "fraction": (change("nodes", STEM, "attributes", "out_channels", to=4.0), "out_channels=4.0"),
    "truth for a number": (change("nodes", STEM, "attributes", "groups", to=True), "groups=True"),
    "zero stride": (change("nodes", STEM, "attributes", "stride", to=[0, 1]), r"stride=\(0, 1\)"),
    "negative size": (change("nodes", 0, "attributes", "shape", to=[2, -9, 9]), "2×-9×9 is empty"),
    "huge size": (change("nodes", 0, "attributes", "shape", to=[2, 10**9, 10**9]), "more than"),
    "huger size": (change("nodes", 0, "attributes", "shape", to=[2, 10**400, 1]), "shape="),
    "huge weights": (change("nodes", STEM, "attributes", "out_channels", to=2**31 - 1), "more than"),
    "one axis": (change("nodes", STEM, "attributes", "kernel_size", to=[3]), "kernel_size="),
    "infinite": (change("nodes", node("norm"), "attributes", "eps", to=math.inf), "eps=inf"),
    "mode": (change("nodes", node("pad1"), "attributes", "mode", to="reflex"), "did you mean 'reflect'"),
    "gelu": (change("nodes", node("gelu1"), "attributes", "approximate", to="tan"), "did you mean 'tanh'"),
    "dropout": (change("nodes", node("dropout1"), "attributes", "p", to=1.5), "p=1.5"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_documents_are_refused_with_the_reason(name: str) -> None:
    document, message = BAD[name]
    with pytest.raises(ConvscopeError, match=message):
        read(document)


@pytest.mark.parametrize(
    "text", ["", "{", "nonsense", GRAPH.to_json()[:-20], "[" * 100_000, '{"format": ' * 5000]
)
def test_bad_text_is_refused(text: str) -> None:
    with pytest.raises(ConvscopeError, match="not a graph that convscope wrote"):
        Graph.from_json(text)


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a document, the root left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = []
    for key, child in items:
        found += [(*path, key), *places(child, (*path, key))]
    return found


NAMES = [n["name"] for n in DOCUMENT["nodes"]]
WORDS = st.sampled_from(
    [*NAMES, *GRAPH.parameters, *(n["operation"] for n in DOCUMENT["nodes"]), "forward", "tanh"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 12)
    | st.integers()
    | st.floats()
    | st.floats(-2, 2)
    | WORDS
    | st.text(max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_changed_document_is_a_graph_or_a_convscope_error(data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENT)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(places(document)))
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        action = data.draw(st.sampled_from(["replace", "replace", "delete", "copy"]))
        if action == "delete":
            del place[path[-1]]
        elif action == "copy" and isinstance(place, list):
            place.insert(data.draw(st.integers(0, len(place))), copy.deepcopy(place[path[-1]]))
        else:
            place[path[-1]] = data.draw(VALUES)
        if not places(document):
            break
    try:
        graph = read(document)
    except ConvscopeError:
        return
    assert Graph.from_json(graph.to_json()) == graph


NUMBERS = [
    path for path in places(DOCUMENT) if path[0] == "nodes" and "attributes" in path[:3] and len(path) > 3
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(NUMBERS), st.integers(-3, 12) | st.floats(-2, 3) | st.booleans() | WORDS)
def test_a_changed_attribute_is_refused_or_runs(path: tuple[str | int, ...], value: object) -> None:
    """With the shapes taken out of the question: they are set to what the change makes of them."""
    document = change(*path, to=value)
    try:
        builder = Builder("changed")
        for entry in document["nodes"]:
            entry["shape"] = list(
                builder.append(
                    entry["operation"],
                    *(builder[name] for name in entry["inputs"]),
                    name=entry["name"],
                    **{key: _tuples(item) for key, item in entry["attributes"].items()},
                ).shape
            )
        graph = read(document)
    except ConvscopeError:
        return
    check_that_it_runs(graph)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


# a graph stays what it is


def test_a_graph_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        GRAPH.name = "other"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        GRAPH.nodes[0].shape = (1,)  # type: ignore[misc]
    for mapping in (GRAPH["stem"].attributes, GRAPH["stem"].parameters, GRAPH.by_name, GRAPH.parameters):
        with pytest.raises(TypeError):
            mapping["new"] = 1  # type: ignore[index]
    b = Builder("grows")
    x = b.relu(b.input(3))
    graph = b.build(x)
    b.tanh(x)
    assert [n.name for n in graph.nodes] == ["input", "relu1"]


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda graph: pickle.loads(pickle.dumps(graph))])
def test_copies_and_pickles_are_equal(again: Callable[[Graph], Graph]) -> None:
    assert GRAPH.parameter_count > 0  # the mappings that are made on demand are there
    assert again(GRAPH) == GRAPH


def test_what_the_output_does_not_need_is_left_out() -> None:
    b = Builder("net")
    x = b.input(1, 4, 4)
    y = b.conv2d(x, 2, kernel_size=3)
    b.linear(b.flatten(y), 5, name="auxiliary")
    graph = b.build(b.relu(y))
    assert [n.name for n in graph.nodes] == ["input", "conv1", "relu1"]
    assert list(graph.parameters) == ["conv1.weight", "conv1.bias"]


# mistakes in building

Step = Callable[[Builder, Any], Any]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            lambda b, x: b.conv2d(x, 4, kernel_size=9, name="big"),
            "'big' .*conv2d.* of 'net'.*1×8×8 is smaller .*9×9",
        ),
        (lambda b, x: b.max_pool(x, (2, 9), name="big"), "'big'.*smaller than the window of 2×9"),
        (lambda b, x: b.conv2d(x, 4, kernel_size=3, groups=2, name="odd"), "'odd'.*groups=2 must divide"),
        (lambda b, x: b.conv1d(x, 4, kernel_size=3, name="flat"), "'flat'.*takes 2 dimensions"),
        (
            lambda b, x: b.conv2d(b.flatten(x), 4, kernel_size=3, padding="same", name="late"),
            "'late'.*takes 3 dim",
        ),
        (lambda b, x: b.conv2d(b.flatten(x), 4, kernel_size=3, name="late"), "'late'.*takes 3 dimensions"),
        (lambda b, x: b.max_pool(b.flatten(x), 2, name="late"), "'late'.*takes 2 dimensions"),
        (lambda b, x: b.global_average_pool(b.flatten(x), name="late"), "'late'.*takes 2 dimensions"),
        (lambda b, x: b.add(x, b.conv2d(x, 1, kernel_size=3), name="sum"), "'sum'.*1×8×8 and 1×6×6"),
        (lambda b, x: b.concat(x, b.max_pool(x, 2), name="cat"), "'cat'.*1×8×8 and 1×4×4"),
        (lambda b, x: b.append("group_norm", x, num_groups=2, name="gn"), "'gn'.*num_groups=2"),
        (lambda b, x: b.append("layer_norm", x, normalized_shape=(7,), name="ln"), "'ln'.*does not end in 7"),
        (
            lambda b, x: b.append("reshape", x, shape=(7,), name="view"),
            "'view'.*64 numbers per picture, 7 has 7",
        ),
        (lambda b, x: b.append("pad", x, padding=((-4, -4), (0, 0)), name="crop"), "'crop'.*leaves nothing"),
        (
            lambda b, x: b.append("pad", x, padding=((8, 0), (0, 0)), mode="reflect", name="p"),
            "'p'.*wider than",
        ),
        (lambda b, x: b.append("softmax", x, dim=4, name="soft"), "'soft'.*dim=4 should lie in 1 to 3"),
        (lambda b, x: b.linear(x, 10**9, name="huge"), "'huge'.*more than 2,147,483,647 numbers"),
    ],
)
def test_a_layer_that_does_not_fit_is_named(step: Step, message: str) -> None:
    b = Builder("net")
    with pytest.raises(ShapeError, match=message):
        step(b, b.input(1, 8, 8))


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (lambda b, _: b.input(1), "two nodes|one input"),
        (lambda b, x: b.relu(b.relu(x, name="r"), name="r"), "two nodes of 'net' are called 'r'"),
        (lambda b, x: b.add(x), "add takes two or more inputs, not 1"),
        (lambda b, _: b.append("relu"), "relu takes 1 inputs, not 0"),
        (lambda b, _: b.relu(Builder("other").input(1, 8, 8)), "'input' is not a node of the network 'net'"),
        (lambda b, _: b.build(Builder("other").input(1, 8, 8)), "'input' is not a node of the network 'net'"),
        (lambda b, x: b.conv2d(x, 4, kernel_size=0), "kernel_size=0"),
        (lambda b, x: b.conv2d(x, 4, kernel_size=(3, 3, 3)), "kernel_size=.*or 2 of them"),
        (lambda b, x: b.conv2d(x, 0, kernel_size=3), "out_channels=0 should be a whole number from 1"),
        (lambda b, x: b.conv2d(x, 4, kernel_size=3, padding="ful"), "did you mean 'full'"),
        (lambda b, x: b.conv2d(x, 4, kernel_size=3, padding=-1), "padding=-1 should be"),
        (lambda b, x: b.dropout(x, 1.5), "p=1.5"),
        (lambda b, x: b.relu(x, name=""), "'' is not a name"),
        (lambda b, x: b.append("lp_pool2d", x, kernel_size=(2, 2), p=0.0), "p=0.0"),
    ],
)
def test_a_setting_that_no_layer_has_is_refused(step: Step, message: str) -> None:
    b = Builder("net")
    with pytest.raises(UsageError, match=message):
        step(b, b.input(1, 8, 8))


def test_a_network_begins_with_its_input() -> None:
    other = Builder("other").input(1)
    with pytest.raises(UsageError, match="begins with its input"):
        Builder("net").append("relu", other)
    with pytest.raises(UnknownName, match="did you mean 'relu'"):
        Builder("net").append("rellu")
    with pytest.raises(ShapeError):
        Builder("net").input()
