"""Filters and feature maps: which are shown, with which numbers, and how they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from convscope import nets
from convscope.drawing import tiles
from convscope.graph import Builder, Graph, initial_weights
from convscope.report import Absent, Answer, FeatureMaps, Filters, feature_maps, first_filters
from convscope.report.drawing import _filters, _maps
from convscope.report.inside import MOST_CHANNELS, MOST_LAYERS

ANSWER = Answer(np.zeros((8, 8, 1), np.uint8), "a.png", "cat", [("cat", 1.0)], 1.0)


def maps_of(graph: Graph, seed: int = 0) -> tuple[FeatureMaps, dict[str, np.ndarray]]:
    """The maps, and what hooks on the network of PyTorch see."""
    weights = initial_weights(graph, seed)
    batch = np.random.default_rng(seed).random((1, *graph.input_shape), dtype=np.float32)
    module, seen = graph.to_module(weights).eval(), {}
    for name, part in module.named_modules():
        part.register_forward_hook(lambda _, __, y, name=name: seen.update({name: y[0].numpy().copy()}))
    with torch.inference_mode():
        module(torch.from_numpy(batch))
    result = feature_maps(graph, weights, batch, ANSWER)
    assert isinstance(result, FeatureMaps)
    return result, seen


@pytest.mark.parametrize(
    ("name", "layers", "nodes"),
    [
        ("convnet-bn", 4, [("conv1", "norm1", "relu1"), ("pool1",), ("conv2", "norm2", "relu2"), ("pool2",)]),
        ("simple-cnn-1d", None, None),
        ("resnet-8", 12, None),
        ("resnet-20", 30, None),
        ("mobile-small", None, None),
    ],
)
def test_the_maps_are_what_hooks_on_the_network_see(
    name: str, layers: int | None, nodes: list[tuple[str, ...]] | None
) -> None:
    graph = nets.graph(name)
    maps, seen = maps_of(graph)
    assert len(maps.layers) == min(maps.count, MOST_LAYERS)
    assert layers in (None, maps.count)
    assert nodes in (None, [layer.nodes for layer in maps.layers])
    for layer in maps.layers:
        expected = seen[layer.nodes[-1]]
        assert layer.shape == expected.shape
        assert len(layer.values) == min(len(expected), MOST_CHANNELS)
        np.testing.assert_allclose(layer.values, expected[:MOST_CHANNELS], rtol=1e-3, atol=1e-5)
        assert max(layer.values.shape[1:]) > 1
    assert maps.layers[0].nodes[0] == next(n.name for n in graph.nodes if n.operation.startswith("conv"))


def test_what_branches_ends_a_layer() -> None:
    b = Builder("branches")
    x = b.conv2d(b.input(1, 8, 8), 2, kernel_size=3, padding=1, name="stem")
    y = b.relu(x, name="side")
    graph = b.build(b.linear(b.flatten(b.add(x, y, name="join")), 2))
    assert [layer.nodes for layer in maps_of(graph)[0].layers] == [("stem",), ("join",)]


def test_a_network_outside_the_graph_or_without_maps_says_so() -> None:
    batch = np.zeros((1, 4, 4), np.float32)
    for found in (feature_maps(None, {}, batch, ANSWER), first_filters(None, {})):
        assert isinstance(found, Absent)
        assert "not in convscope's graph" in found.reason
    b = Builder("mlp")
    graph = b.build(b.linear(b.flatten(b.input(1, 4, 4)), 2))
    weights = initial_weights(graph)
    filters, maps = first_filters(graph, weights), feature_maps(graph, weights, batch[None], ANSWER)
    assert filters == Absent("Mlp has no convolution, so there are no filters to see.")
    assert maps == Absent("Mlp has no layer that gives a map.")


def test_a_diverged_network_says_so() -> None:
    graph = nets.graph("lenet-5")
    weights = initial_weights(graph)
    weights["conv1.weight"][0, 0, 0, 0] = np.nan
    batch = np.zeros((1, *graph.input_shape), np.float32)
    for found in (feature_maps(graph, weights, batch, ANSWER), first_filters(graph, weights)):
        assert isinstance(found, Absent)
        assert "diverged" in found.reason


def test_the_filters_are_the_weights_of_the_first_convolution() -> None:
    graph = nets.graph("resnet-18")
    weights = initial_weights(graph)
    found = first_filters(graph, weights)
    assert isinstance(found, Filters)
    np.testing.assert_array_equal(found.values, weights["conv1.weight"])
    b = Builder("many")
    graph = b.build(b.conv2d(b.input(1, 8, 8), 100, kernel_size=3, name="wide"))
    found = first_filters(graph, initial_weights(graph))
    assert isinstance(found, Filters)
    assert (found.layer, found.values.shape, found.count) == ("wide", (64, 1, 3, 3), 100)


def rgb(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGBA")).astype(int)


def test_colours_tell_sign_and_size() -> None:
    colours = tiles.PALETTE[tiles.shades(np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), 1.0)].astype(int)
    red, blue = colours[:, 0], colours[:, 2]
    assert colours[2].tolist() == [255, 255, 255]
    assert (red[:2] > blue[:2]).all()
    assert (blue[3:] > red[3:]).all()
    darkness = 765 - colours.sum(axis=1)
    assert darkness[0] > darkness[1] > darkness[2] < darkness[3] < darkness[4]


def test_a_sheet_has_each_map_in_its_frame() -> None:
    maps = np.zeros((9, 4, 4), np.float32)
    maps[8, 0, 3] = 2.0
    image = tiles.maps_sheet(maps, tiles.limit_of(maps))
    side, step = 64 + 2, 64 + 2 + tiles.GAP
    assert image.size == (8 * step - tiles.GAP, 2 * step - tiles.GAP)
    pixels = rgb(image)
    assert pixels[0, 0].tolist() == [*tiles.FRAME, 255]
    assert pixels[1, 1].tolist() == [255, 255, 255, 255]
    assert pixels[0, side, 3] == 0  # between the tiles there is nothing
    assert pixels[step + 1, step, 3] == 0  # nor where there is no tenth
    assert pixels[step + 1 : step + 17, 49:65].reshape(-1, 4).tolist() == [[11, 42, 99, 255]] * 256


def test_large_maps_are_averaged() -> None:
    maps = np.indices((128, 96)).sum(axis=0)[None] % 2 * 1.0  # a chessboard
    pixels = rgb(tiles.maps_sheet(maps, 1.0))
    assert pixels.shape[:2] == (66, 50)
    inner = pixels[1:-1, 1:-1, :3].reshape(-1, 3)
    assert (inner == tiles.PALETTE[tiles.shades(np.array([0.5]), 1.0)]).all()


def test_filters_over_colours_are_drawn_in_them() -> None:
    values = np.zeros((2, 3, 3, 3), np.float32)
    values[0, 0], values[1, 2] = 0.5, -0.5  # wants red; wants no blue
    pixels = rgb(_filters(Filters("conv1", values, 2)))
    assert pixels[5, 5, :3].tolist() == [255, 128, 128]
    assert pixels[5, 5 + 63 + 2 + tiles.GAP, :3].tolist() == [128, 128, 0]


def test_filters_of_signals_are_lines_and_their_maps_a_strip() -> None:
    maps, _ = maps_of(nets.graph("simple-cnn-1d"))
    image = _maps(maps.layers[0])
    assert image.size == (544, 10 * len(maps.layers[0].values))
    graph = nets.graph("simple-cnn-1d")
    found = first_filters(graph, initial_weights(graph))
    assert isinstance(found, Filters)
    assert found.values.ndim == 3
    assert len({tuple(pixel) for pixel in rgb(_filters(found)).reshape(-1, 4)}) > 3  # not blank


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_maps_without_a_scale_are_drawn(value: float) -> None:
    for maps in (np.full((2, 5, 5), value, np.float32), np.full((2, 100, 90), value, np.float32)):
        assert tiles.maps_sheet(maps, tiles.limit_of(maps)).size[1] > 60
    signal = np.full((2, 5), value, np.float32)
    tiles.strip(signal, tiles.limit_of(signal))
    tiles.lines(signal, width=50, height=30)
    tiles.lines(signal[:, :1], width=50, height=30, limit=1.0)
