"""Why a number is what it is: against the network's numbers, PyTorch's, and sums made by hand.

Three places per layer of each network of the catalogue; fifty with CONVSCOPE_LONG=1.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import convscope
from convscope import look, nets
from convscope.bundle import Bundle
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.errors import DataError, ShapeError, UnknownName, UnsupportedOperation, UsageError
from convscope.graph import Builder, Graph, initial_weights
from convscope.graph.module import state_arrays
from convscope.graph.operation import OPERATIONS
from convscope.graph.pixels_seen import pixels_seen
from convscope.graph.tracing import trace
from convscope.look.arithmetic.cell import Cell
from convscope.look.arithmetic.forward_pass import ForwardPass
from convscope.look.arithmetic.terms import ACCOUNTS
from convscope.look.arithmetic.why import Sight, Why

from ..graph.modules import CASES
from .test_activations import hooked, shaken

LONG = bool(os.environ.get("CONVSCOPE_LONG"))
PLACES = 50 if LONG else 3


class AsItIs:
    """A preprocessing that takes what the network takes, of any shape."""

    mean = None

    def one(self, given: np.ndarray) -> np.ndarray:
        return given

    def batch(self, stored: np.ndarray) -> np.ndarray:
        return stored


def passed(graph: Graph, weights: Any, given: np.ndarray) -> ForwardPass:
    classes = tuple(f"class {i}" for i in range(graph.output_shape[0]))
    preprocessing: Any = AsItIs()
    return ForwardPass(Bundle("net", classes, preprocessing, graph, weights), given)


def random_cells(graph: Graph, layer: str, count: int, random: np.random.Generator) -> list[Cell]:
    """Different ones, all where there are fewer."""
    shape = graph[layer].shape
    size = int(np.prod(shape))
    chosen = random.choice(size, min(count, size), replace=False)
    return [Cell(layer, tuple(int(i) for i in np.unravel_index(number, shape))) for number in chosen]


def inputs_of(answer: Why) -> list[Cell]:
    return [window.cell(int(number)) for window in answer.windows for number in np.flatnonzero(window.inside)]


def within(inner: Sight, outer: Sight, picture: tuple[int, ...]) -> bool:
    """Whether all that a number sees lies in what another sees, and in the field stated for that."""
    if inner.pixels is None:
        return True
    assert outer.pixels is not None
    return all(
        max(seen[0], stated[0], 0) <= first and last <= min(seen[1], stated[1], size - 1)
        for (first, last), seen, stated, size in zip(
            inner.pixels, outer.pixels, outer.field, picture, strict=True
        )
    )


def check_walks(forward: ForwardPass, start: Why, random: np.random.Generator, *, zeros: bool = True) -> None:
    """All inputs (or 30 of many) see no more than the number itself, and neither does a walk to a pixel."""
    picture = forward.graph.input_shape[1:]
    field = (
        start.sight if zeros else Sight(picture, True, tuple((0, n - 1) for n in picture), start.sight.pixels)
    )
    cells = inputs_of(start)
    if len(cells) > 30:
        cells = [cells[i] for i in random.choice(len(cells), 30, replace=False)]
    for cell in cells:
        assert within(forward.sight(cell), field, picture), (start.cell, cell)
    answer = start
    while choices := inputs_of(answer):
        answer = forward.why(choices[random.integers(len(choices))])
        assert within(answer.sight, field, picture), (start.cell, answer.cell)
    assert answer.operation == "input" or not answer.windows or not answer.windows[0].inside.any()


@pytest.mark.parametrize("name", nets.names())
def test_networks_of_the_catalogue(name: str) -> None:
    shape = None if LONG or name != "resnet-18" else (3, 64, 64)
    graph = nets.graph(name, shape)
    module = shaken(graph.to_module(seed=1))
    batch = torch.randn(1, *graph.input_shape, generator=torch.Generator().manual_seed(3))
    forward = passed(graph, state_arrays(module), batch.numpy()[0])
    random = np.random.default_rng(5)
    chosen = {node.name: random_cells(graph, node.name, PLACES, random) for node in graph.nodes}
    for layer, cells in chosen.items():
        for cell in cells:
            answer = forward.why(cell)
            assert answer.value == forward.outputs[layer][cell.index]
            assert answer.agrees, (cell, answer.value, answer.exact)
            check_walks(forward, answer, random)

    _, seen = hooked(module, batch)
    for layer, calls in seen.items():
        if layer in forward.outputs:
            (value,) = calls
            forward.outputs[layer] = value[0].numpy()
    for cells in chosen.values():
        for cell in cells:
            answer = forward.why(cell)
            assert answer.agrees, (cell, answer.value, answer.exact)


BORDERS = ("replicate", "reflect", "circular", "padding layers", "more padding layers")


@pytest.mark.parametrize("name", CASES)
def test_modules_as_people_write_them(name: str) -> None:
    """Every operation, with PyTorch's own numbers of each layer in place of ours where a hook sees them."""
    make, shape = CASES[name]
    torch.manual_seed(0)
    module = shaken(make())
    graph = trace(module, shape)
    batch = torch.randn(1, *shape)
    _, seen = hooked(module, batch.clone())
    forward = passed(graph, state_arrays(module), batch.numpy()[0])
    random = np.random.default_rng(1)
    for twice in range(2):
        for node in graph.nodes:
            for cell in random_cells(graph, node.name, 12, random):
                answer = forward.why(cell)
                assert answer.agrees, (cell, answer.value, answer.exact)
                assert json.loads(json.dumps(answer.to_dict(), allow_nan=False))["value"] is not None
                assert all(sentence.endswith(".") for sentence in answer.sentences)
                if not twice:
                    check_walks(forward, answer, random, zeros=name not in BORDERS)
        for node in graph.nodes[1:]:
            calls = seen.get(node.name, [])
            if len(calls) == 1 and node.rule.arity == 1:
                forward.outputs[node.name] = calls[0][0].numpy().reshape(node.shape)


def test_a_trained_network_down_to_what_the_native_engine_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sklearn.datasets import load_digits

    monkeypatch.chdir(tmp_path)
    bundle = convscope.train("digits", epochs=2, quiet=True).bundle
    digit = (load_digits().images[7] * 15.9).astype(np.uint8)
    forward = look.ForwardPass(bundle, digit)
    assert [fold.norm for fold in forward.why("relu1:3:2:2").folds] == ["norm1"]
    logits = bundle.logits(digit[None, :, :, None])[0]
    prediction = dict(bundle.predict(digit, top=10)[0].top)
    for number, label in enumerate(bundle.classes):
        assert forward.why(Cell("linear", (number,))).exact == pytest.approx(logits[number], abs=2e-5)
        likely = forward.why(Cell("probability", (number,)))
        assert (likely.label, likely.exact) == (label, pytest.approx(prediction[label], abs=1e-5))
    random = np.random.default_rng(0)
    for node in forward.graph.nodes:
        for cell in random_cells(forward.graph, node.name, 10, random):
            answer = forward.why(cell)
            assert answer.agrees
            check_walks(forward, answer, random)


def test_every_operation_is_accounted_for() -> None:
    assert set(ACCOUNTS) == set(OPERATIONS) - {"input"}


# -- by hand

PICTURE = np.array([[0, 51, 102], [153, 204, 255], [0, 255, 0]], np.uint8)  # 0 to 1 in fifths


def tiny() -> Bundle:
    """A convolution with padding, a batch norm, a ReLU, a maximum, a linear layer."""
    b = Builder("tiny")
    x = b.relu(b.batch_norm(b.conv2d(b.input(1, 3, 3), 1, kernel_size=2, padding=((1, 0), (0, 0)))))
    graph = b.build(b.linear(b.flatten(b.max_pool(x, 2, stride=1)), 2))
    weights = {
        "conv1.weight": [[[[1, 2], [-3, 4]]]],
        "conv1.bias": [0.5],
        "norm1.weight": [6],
        "norm1.bias": [-1],
        "norm1.running_mean": [0.25],
        "norm1.running_var": [9 - 1e-5],
        "linear1.weight": [[1, 0], [2, -1]],
        "linear1.bias": [0, 0.25],
    }
    arrays = {name: np.array(value, np.float32) for name, value in weights.items()}
    arrays["norm1.num_batches_tracked"] = np.array(0)
    return Bundle("tiny", ("no", "yes"), Preprocessing(height=3, width=3, channels=1), graph, arrays)


def test_a_batch_norm_is_folded_into_the_convolution_before_it() -> None:
    answer = look.why(tiny(), PICTURE, "relu1", 0, 1, 1)
    # the window [[0.2, 0.4], [0.8, 1.0]] · [[1, 2], [-3, 4]] = 2.6, + 0.5; (3.1 - 0.25) · 6/3 - 1 = 4.7
    (window,) = answer.windows
    assert window.weights is not None
    np.testing.assert_allclose(window.values, [[[0.2, 0.4], [0.8, 1.0]]], atol=1e-7)
    np.testing.assert_allclose(window.weights, [[[2, 4], [-6, 8]]], atol=1e-6)
    np.testing.assert_allclose(window.contributions, [[[0.4, 1.6], [-4.8, 8.0]]], atol=1e-6)
    assert [step.what for step in answer.steps] == ["sum of 4 products", "bias", "relu"]
    np.testing.assert_allclose([step.result for step in answer.steps], [5.2, 4.7, 4.7], atol=1e-6)
    assert answer.steps[1].number == pytest.approx((0.5 - 0.25) * 2 - 1, abs=1e-6)
    (folding,) = answer.folds
    assert (folding.norm, folding.into, folding.bias) == ("norm1", "conv1", 0.5)
    assert folding.scale == pytest.approx(2)
    assert answer.layers == ("conv1", "norm1", "relu1")
    assert answer.value == pytest.approx(4.7, abs=1e-6)
    assert [str(term.cell) for term in answer.largest(2)] == ["input:0:1:2", "input:0:1:1"]
    rest = answer.rest(2)
    assert (rest.count, rest.total) == (2, pytest.approx(2.0, abs=1e-6))
    assert answer.sight.pixels == answer.sight.field == ((0, 1), (1, 2))
    assert any("norm1 is folded into conv1" in sentence for sentence in answer.sentences)


def test_padding_is_part_of_the_window_and_never_followed() -> None:
    answer = look.why(tiny(), PICTURE, "conv1", 0, 0, 0)
    (window,) = answer.windows
    assert [c.tolist() for c in window.coordinates] == [[0], [-1, 0], [0, 1]]
    assert window.inside.tolist() == [[[False, False], [True, True]]]
    np.testing.assert_allclose(window.contributions, [[[0, 0], [0, 0.8]]], atol=1e-7)
    assert (answer.sight.field, answer.sight.pixels) == (((-1, 0), (0, 1)), ((0, 0), (0, 1)))
    assert str(answer.next) == "input:0:0:1"
    assert answer.followers == ("norm1", "relu1", "pool1")


def test_the_winner_of_a_maximum_and_the_way_down_to_its_pixel() -> None:
    forward = look.ForwardPass(tiny(), PICTURE)
    conv1 = [[[1.3, 1.5], [2.3, 3.1], [6.7, 0.3]]]  # 6.7 = 0.6·1 + 0.8·2 + 0·(-3) + 1·4 + 0.5
    np.testing.assert_allclose(forward.outputs["conv1"], conv1, atol=1e-6)
    pooled = forward.why("pool1:0:0:0")
    assert str(pooled.next) == "relu1:0:1:1"
    assert [str(term.cell) for term in pooled.largest()] == ["relu1:0:1:1"]
    way = [str(answer.cell) for answer in forward.path("probability:1")]
    assert way == ["probability:1", "linear1:1", "flatten1:1", "pool1:0:1:0", "relu1:0:2:0", "input:0:2:1"]


def test_softmax_of_logits_is_a_layer_of_its_own() -> None:
    bundle = tiny()
    forward = look.ForwardPass(bundle, PICTURE)
    answer = forward.why("probability:1")
    logits = bundle.logits(PICTURE[None, :, :, None])[0].astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum()
    assert answer.exact == pytest.approx(expected[1], abs=1e-6)
    assert answer.label == "yes"
    powers = answer.windows[0].contributions
    np.testing.assert_allclose(powers / powers.sum(), expected, atol=1e-6)
    assert forward.why("linear1:0").label == "no"


def test_how_a_pixel_was_made() -> None:
    preprocessing = Preprocessing(height=3, width=3, channels=1, mean=(0.2,), std=(0.5,), invert=True)
    answer = look.why(dataclasses.replace(tiny(), preprocessing=preprocessing), PICTURE, "input", 0, 0, 1)
    results = [step.result for step in answer.steps]
    assert results == pytest.approx([204, 0.8, 0.6, 1.2])
    assert answer.agrees
    assert answer.next is None
    assert any("turned around" in sentence for sentence in answer.sentences)


def test_a_signal_that_is_repeated_and_normalised() -> None:
    graph = nets.graph("simple-cnn-1d", (1, 256), 2)
    preprocessing = ArrayPreprocessing(shape=(1, 128), repeat=2, mean=(1e5,), std=(0.01,))
    bundle = Bundle("1d", ("a", "b"), preprocessing, graph, initial_weights(graph, seed=1))
    signal = (1e5 + np.random.default_rng(0).normal(0, 0.05, 128)).astype(np.float32)
    forward = look.ForwardPass(bundle, signal)
    pixel = forward.why("input:0:41")
    assert pixel.steps[0].result == signal[20]
    assert pixel.agrees
    assert forward.why(Cell("relu2", (5, 60))).agrees
    assert look.why(bundle, signal, "linear", 1).agrees
    assert look.why(bundle, signal, "conv1", 3, 7).sight.field == ((5, 9),)


def test_where_rounding_hides_in_a_layer_between_each_layer_stands_by_itself() -> None:
    bundle = tiny()
    weights = {**bundle.weights, "conv1.bias": np.array([3e5], np.float32)}
    weights["norm1.running_mean"] = np.array([3e5], np.float32)
    answer = look.why(dataclasses.replace(bundle, weights=weights), PICTURE, "norm1", 0, 1, 1)
    assert answer.agrees
    assert answer.layers == ("norm1",)
    assert str(answer.next) == "conv1:0:1:1"
    assert any("stands by itself" in sentence for sentence in answer.sentences)


def test_numbers_that_overflowed_are_null_in_json() -> None:
    bundle = tiny()
    weights = {**bundle.weights, "conv1.weight": np.full((1, 1, 2, 2), 3e38, np.float32)}
    forward = look.ForwardPass(dataclasses.replace(bundle, weights=weights), PICTURE)
    for place in ("conv1:0:1:1", "relu1:0:1:1", "pool1:0:0:0", "linear1:1", "probability:0"):
        document = json.loads(json.dumps(forward.why(place).to_dict(), allow_nan=False))
        assert document["cell"] == place
    assert forward.why("linear1:0").to_dict()["value"] is None


@given(st.data())
@settings(max_examples=60)
def test_windows_of_any_settings_give_pytorchs_numbers(data: st.DataObject) -> None:
    def pair(least: int, most: int) -> tuple[int, int]:
        return data.draw(st.tuples(st.integers(least, most), st.integers(least, most)))

    kernel, stride, dilation = pair(1, 4), pair(1, 3), pair(1, 3)
    groups, kind = (
        data.draw(st.sampled_from([1, 2, 4])),
        data.draw(st.sampled_from(["conv", "max", "average"])),
    )
    if kind == "average":
        dilation = (1, 1)
    extents = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    sides = [
        data.draw(st.integers(0, (e - 1) if kind == "conv" else k // 2))
        for e, k in zip(extents, kernel, strict=True)
    ]
    sizes = [data.draw(st.integers(e, 12)) for e in extents]
    window = {"kernel_size": kernel, "stride": stride, "padding": tuple((p, p) for p in sides)}
    b = Builder("windows")
    x = b.input(4, *sizes)
    if kind == "conv":
        x = b.append("conv2d", x, out_channels=8, groups=groups, dilation=dilation, **window)
    else:
        more = {"dilation": dilation} if kind == "max" else {"count_include_pad": data.draw(st.booleans())}
        x = b.append(f"{kind}_pool2d", x, ceil_mode=data.draw(st.booleans()), **window, **more)
    graph = b.build(b.flatten(x, name="flat"))
    module = graph.to_module(seed=data.draw(st.integers(0, 99)))
    batch = torch.randn(1, *graph.input_shape, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = module(batch).numpy()[0]
    forward = passed(graph, state_arrays(module), batch.numpy()[0])
    layer = graph[x.name]
    for cell in random_cells(graph, layer.name, 6, np.random.default_rng(2)):
        answer = forward.why(cell)
        value = expected[np.ravel_multi_index(cell.index, layer.shape)]
        assert abs(answer.exact - value) <= 1e-5 * max(1.0, abs(value))


# -- what a place sees


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_pixels_seen_are_where_the_gradient_reaches(mode: str) -> None:
    """At the border of every kind of padding, through strides, dilation and a shortcut."""
    b = Builder("borders")
    x = b.input(1, 11, 9)
    if mode != "zeros":
        x = b.append("pad", x, padding=((2, 1), (0, 2)), mode=mode)
    y = b.conv2d(x, 2, kernel_size=3, padding=2, dilation=2)
    y = b.add(y, b.conv2d(x, 2, kernel_size=1))
    if mode != "zeros":
        y = b.append("pad", y, padding=((1, 0), (1, 1)), mode=mode)
    graph = b.build(b.average_pool(y, 2, stride=(2, 1)))
    module = graph.to_module().double()
    generator = torch.Generator().manual_seed(0)
    for parameter in module.parameters():
        torch.nn.init.uniform_(parameter, 0.1, 1.0, generator=generator)
    inputs = torch.ones(1, *graph.input_shape, dtype=torch.float64, requires_grad=True)
    output = module(inputs)
    for position in np.ndindex(*graph.output_shape[1:]):
        (gradient,) = torch.autograd.grad(output[(0, 0, *position)], inputs, retain_graph=True)
        reached = np.nonzero(gradient[0, 0].numpy())
        expected = tuple((int(axis.min()), int(axis.max())) for axis in reached)
        found = pixels_seen(graph, graph.output, position)
        assert found is not None
        if mode != "circular":
            assert found == expected
        for (first, last), (low, high) in zip(found, expected, strict=True):
            assert first <= low <= high <= last


def test_a_place_that_sees_nothing_but_padding() -> None:
    b = Builder("outside")
    x = b.append("pad", b.input(1, 4, 4), padding=((3, 0), (0, 0)), value=0.5, mode="zeros")
    graph = b.build(b.flatten(b.conv2d(x, 1, kernel_size=2, bias=False), name="flat"))
    bundle = Bundle(
        "outside",
        tuple(map(str, range(18))),
        Preprocessing(height=4, width=4, channels=1),
        graph,
        {"conv1.weight": np.ones((1, 1, 2, 2), np.float32)},
    )
    forward = look.ForwardPass(bundle, np.zeros((4, 4), np.uint8))
    answer = forward.why("conv1:0:0:1")
    assert (answer.value, answer.sight.pixels) == (2.0, None)
    (*_, last) = forward.path("flat:0")
    assert (last.cell.layer, last.value, last.next) == ("pad1", 0.5, None)
    assert any("sees nothing" in sentence for sentence in last.sentences)


# -- what is wrong


def test_places_are_parsed_with_dots_and_colons_in_names() -> None:
    b = Builder("names")
    x = b.conv2d(b.input(1, 5, 5), 2, kernel_size=3, name="layer1.0.conv1")
    graph = b.build(b.flatten(b.relu(x, name="a:1"), name="a"))
    assert Cell.parse("layer1.0.conv1:1:0:2", graph) == Cell("layer1.0.conv1", (1, 0, 2))
    assert Cell.parse("a:1:1:0:2", graph) == Cell("a:1", (1, 0, 2))
    assert Cell.parse("a:17", graph) == Cell("a", (17,))


@pytest.mark.parametrize(
    ("place", "kind", "message"),
    [
        ("cnv1:0:0:0", UnknownName, "did you mean 'conv1'"),
        ("conv1", UsageError, "channel, row and column, such as conv1:0:1:1"),
        ("conv1:0:0", UsageError, "channel, row and column"),
        ("conv1:0:x:0", UsageError, "channel, row and column"),
        ("linear1:0:0", UsageError, "takes channel, such as linear1:1"),
        ("conv1:1:0:0", ShapeError, "channel is from 0 to 0, not 1"),
        ("conv1:0:-1:0", ShapeError, "row is from 0 to 2, not -1"),
        ("conv1:0:0:2", ShapeError, "column is from 0 to 1, not 2"),
    ],
)
def test_places_that_there_are_not(place: str, kind: type[Exception], message: str) -> None:
    forward = look.ForwardPass(tiny(), PICTURE)
    with pytest.raises(kind, match=message):
        forward.why(place)


def test_networks_and_pictures_that_cannot_be_taken_apart() -> None:
    bundle = tiny()
    with pytest.raises(UnsupportedOperation, match="exported program"):
        look.why(dataclasses.replace(bundle, graph=None), PICTURE, "conv1", 0, 0, 0)
    with pytest.raises(DataError, match="no picture"):
        look.why(bundle, "nothing.png", "conv1", 0, 0, 0)
    weights = {**bundle.weights, "conv1.bias": np.array([np.nan], np.float32)}
    with pytest.raises(DataError, match="diverged"):
        look.why(dataclasses.replace(bundle, weights=weights), PICTURE, "conv1", 0, 0, 0)


def test_no_torch_is_imported() -> None:
    code = (
        "import sys, numpy as np; from convscope import Bundle, look, nets\n"
        "from convscope.data import Preprocessing; from convscope.graph import initial_weights\n"
        "graph = nets.graph('resnet-8')\n"
        "bundle = Bundle('r', tuple('abcdefghij'), Preprocessing(height=32, width=32, channels=3), graph,\n"
        "                initial_weights(graph))\n"
        "passed = look.ForwardPass(bundle, np.zeros((32, 32, 3), np.uint8))\n"
        "assert len([answer.to_dict() for answer in passed.path('probability:3')]) > 8\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
