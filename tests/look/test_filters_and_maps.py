"""Filters and feature maps of a bundle: weights and what hooks see, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from convscope import look, nets
from convscope.errors import DataError, UnknownName, UnsupportedOperation
from convscope.graph import Builder, Graph
from convscope.graph.head import up_to
from convscope.graph.receptive_field import receptive_fields

from .networks import CASES, bundle_of, hooked, inputs_of


@pytest.mark.parametrize("name", CASES)
def test_filters_are_the_weights_of_each_convolution(name: str) -> None:
    bundle = bundle_of(CASES[name]())
    assert bundle.graph is not None
    module = bundle.graph.to_module(bundle.weights)
    parts = {
        path: part
        for path, part in module.named_modules()
        if path and hasattr(part, "weight") and part.weight is not None and part.weight.ndim > 2
    }
    first = look.filters(bundle)
    assert first.layer == next(node.name for node in bundle.graph.nodes if node.name in parts)
    for path, part in parts.items():
        found = look.filters(bundle, path)
        np.testing.assert_array_equal(found.values, part.weight.detach().numpy())
        assert found.groups == bundle.graph[path].attributes["groups"]
        assert found.of_picture == (path == first.layer)
        assert found.in_colour == (path == first.layer and bundle.graph.input_shape[0] == 3)


def test_three_channels_are_colours_only_of_the_picture_itself() -> None:
    b = Builder("colours")
    x = b.batch_norm(b.append("pad", b.input(3, 9, 9), name="pad", padding=((1, 1), (1, 1))), name="norm")
    x = b.conv2d(x, 3, kernel_size=3, name="first")
    x = b.conv2d(b.relu(x), 2, kernel_size=3, name="second")
    bundle = bundle_of(b.build(b.linear(b.global_average_pool(x), 2)))
    assert look.filters(bundle).in_colour
    assert not look.filters(bundle, "second").in_colour


@pytest.mark.parametrize("name", CASES)
def test_maps_are_what_hooks_see(name: str) -> None:
    bundle = bundle_of(CASES[name]())
    stored = inputs_of(bundle, 1)
    seen = hooked(bundle, stored)
    found = look.feature_maps(bundle, stored[0])
    np.testing.assert_array_equal(found.picture, stored[0])
    for layer in found.layers:
        expected = seen[layer.nodes[-1]][0]
        assert layer.values.dtype == np.float32
        np.testing.assert_allclose(layer.values, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())
    row = bundle.probabilities(stored)[0]
    assert found.said[0] == bundle.classes[int(row.argmax())]
    assert found.said[1] == pytest.approx(row.max(), rel=1e-4)
    inner = next(nodes for layer in found.layers if len(nodes := layer.nodes) > 1)
    named = look.feature_maps(bundle, stored[0], inner)
    assert [layer.nodes for layer in named.layers] == [(node,) for node in inner]
    for layer in named.layers:
        expected = seen[layer.nodes[0]][0]
        np.testing.assert_allclose(layer.values, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


def test_a_picture_of_any_size_is_read_from_its_file(tmp_path: Path) -> None:
    bundle = bundle_of(nets.graph("simple-cnn-4-8"))
    Image.new("RGB", (50, 80), (200, 100, 0)).save(tmp_path / "photo.png")
    found = look.feature_maps(bundle, tmp_path / "photo.png", ["pool1"])
    assert found.name == str(tmp_path / "photo.png")
    assert found.picture.shape == (28, 28, 1)
    assert found.layers[0].values.shape == (4, 13, 13)


def without_convolution() -> Graph:
    b = Builder("mlp")
    return b.build(b.linear(b.flatten(b.input(1, 4, 4)), 2))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    bundle = bundle_of(nets.graph("convnet-bn", (1, 12, 12), 4))
    picture = np.zeros((12, 12), np.uint8)
    with pytest.raises(UnknownName, match=r"'conv3': did you mean 'conv2'\? Known: conv1, conv2\.$"):
        look.filters(bundle, "conv3")
    with pytest.raises(DataError, match=r"pool1 \(max_pool2d\) has no filters; .*: conv1, conv2"):
        look.filters(bundle, "pool1")
    with pytest.raises(UnknownName, match=r"Known: conv1, norm1, .*, relu2, pool2\.$"):
        look.feature_maps(bundle, picture, ["fc9"])
    with pytest.raises(DataError, match="gives no map"):
        look.feature_maps(bundle, picture, [bundle.graph.output if bundle.graph else ""])
    with pytest.raises(DataError, match="there is no picture"):
        look.feature_maps(bundle, tmp_path / "none.png")
    bundle.weights["conv2.weight"][0, 0, 0, 0] = np.inf
    look.filters(bundle)
    with pytest.raises(DataError, match="conv2 are not all finite: the training diverged"):
        look.filters(bundle, "conv2")
    with pytest.raises(DataError, match="diverged"):
        look.feature_maps(bundle, picture)
    flat = bundle_of(without_convolution())
    with pytest.raises(UnsupportedOperation, match="mlp has no convolution"):
        look.filters(flat)
    with pytest.raises(UnsupportedOperation, match="mlp has no layer that gives a map"):
        look.feature_maps(flat, np.zeros((4, 4), np.uint8))
    outside = type(bundle)("odd", bundle.classes, bundle.preprocessing, None, {})
    for call in (look.filters, lambda of: look.feature_maps(of, picture)):
        with pytest.raises(UnsupportedOperation, match=r"odd is not in.* graph.*`eval`"):
            call(outside)


@pytest.mark.parametrize("name", CASES)
def test_a_part_of_a_graph_computes_what_the_whole_does_there(name: str) -> None:
    bundle = bundle_of(CASES[name]())
    stored = inputs_of(bundle, 2)
    seen, graph = hooked(bundle, stored), bundle.graph
    assert graph is not None
    batch = torch.from_numpy(bundle.preprocessing.batch(stored).copy())
    for node in graph.nodes[1:]:
        part = up_to(graph, node.name)
        assert (part.output, part.output_shape) == (node.name, node.shape)
        weights = {key: bundle.weights[key] for key in part.parameters}
        with torch.inference_mode():
            np.testing.assert_array_equal(part.to_module(weights).eval()(batch).numpy(), seen[node.name])
        flat = up_to(graph, node.name, flat=True)
        assert flat.output_shape == (int(np.prod(node.shape)),)
        assert set(flat.parameters) == set(part.parameters)


def test_windows_on_the_picture() -> None:
    b = Builder("windows")
    x = b.conv2d(b.input(1, 30, 20), 1, kernel_size=(5, 4), stride=(3, 2), padding=(2, 0), name="a")
    x = b.max_pool(x, kernel_size=2, name="b")
    graph = b.build(b.linear(b.flatten(x), 2, name="c"))
    fields = receptive_fields(graph)
    assert fields["a"].window((0, 0)) == ((-2, 3), (0, 4))
    assert fields["a"].window((2, 3)) == ((4, 9), (6, 10))
    assert fields["b"].window((1, 2)) == ((4, 12), (8, 14))
    assert fields["c"].whole
    assert fields["c"].window((0, 0)) == ((0, 30), (0, 20))
