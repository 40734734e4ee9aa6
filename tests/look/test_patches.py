"""The patches that excite a channel most, against brute force with hooks, gradients and planted patterns."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope import look
from convscope.data import ArrayPreprocessing
from convscope.errors import DataError, ShapeError, UnknownName, UnsupportedOperation, UsageError
from convscope.graph import Builder, initial_weights
from convscope.look.inside.layers import layers
from convscope.look.inside.patches import _Best

from ..conftest import needs_lanes
from .networks import CASES, bundle_of, hooked, inputs_of

MODULE = sys.modules[_Best.__module__]


@pytest.mark.parametrize("name", CASES)
def test_they_are_what_brute_force_with_hooks_finds(name: str) -> None:
    bundle = bundle_of(CASES[name]())
    stored, count = inputs_of(bundle, 30), 5
    seen = hooked(bundle, stored)
    assert bundle.graph is not None
    nodes = [node.name for layer in layers(bundle.graph) for node in layer]
    assert len(nodes) >= 2
    for node in nodes:
        maps = seen[node].reshape(len(stored), seen[node].shape[1], -1).astype(np.float64)
        scale = np.abs(maps).max()
        found = look.patches(bundle, stored, node, count=count)
        assert len(found.channels) == maps.shape[1]
        for channel, patches in enumerate(found.channels):
            highest = maps[:, channel].max(axis=1)
            stirred = highest - maps[:, channel].min(axis=1) > 1e-6 * scale
            expected = np.sort(highest[stirred])[::-1][:count]
            values = np.array([patch.value for patch in patches])
            np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-5 * scale)
            assert len({patch.picture for patch in patches}) == len(patches)
            for patch in patches:
                there = seen[node][(patch.picture, channel, *patch.place)]
                np.testing.assert_allclose(patch.value, there, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize("name", ["simple-cnn-4-8", "resnet-8", "simple-cnn-1d"])
def test_nothing_outside_the_patch_has_a_gradient_and_its_pixels_are_the_pictures(name: str) -> None:
    bundle = bundle_of(CASES[name]())
    stored = inputs_of(bundle, 6)
    assert bundle.graph is not None
    module = bundle.graph.to_module(bundle.weights).eval()
    outputs: dict[str, Any] = {}
    for path, part in module.named_modules():
        part.register_forward_hook(lambda _, __, y, path=path: outputs.update({path: y}))
    for layer in layers(bundle.graph):
        node = layer[-1].name
        for channel, patches in enumerate(look.patches(bundle, stored, node, count=2).channels[:4]):
            for patch in patches:
                picture = stored[patch.picture]
                batch = torch.from_numpy(bundle.preprocessing.batch(picture[None]).copy()).requires_grad_()
                module(batch)
                outputs[node][(0, channel, *patch.place)].backward()
                assert batch.grad is not None
                gradient = batch.grad[0].abs().sum(dim=0).numpy()  # (H, W) or (L,)
                inside = tuple(slice(*extent) for extent in patch.seen)
                assert gradient.sum() > 0
                gradient[inside] = 0
                assert gradient.sum() == 0
                cut = picture[inside] if picture.dtype == np.uint8 else picture[(slice(None), *inside)]
                np.testing.assert_array_equal(patch.pixels, cut)


def edge_finder() -> Any:
    """Two filters by hand, 3×3 with stride 2 and border 1: a vertical edge, and one that is deaf."""
    b = Builder("edges")
    x = b.relu(b.conv2d(b.input(1, 20, 24), 2, kernel_size=3, stride=2, padding=1, name="edge"))
    graph = b.build(b.linear(b.global_average_pool(x), 2))
    weights = initial_weights(graph)
    weights["edge.weight"][0, 0] = EDGE
    weights["edge.weight"][1] = 0
    weights["edge.bias"][:] = 0, -1
    return bundle_of(graph, weights)


EDGE = np.array([[-1, 0, 1]] * 3, np.float32)


def test_a_planted_edge_is_found_where_it_was_planted() -> None:
    bundle = edge_finder()
    pictures = np.random.default_rng(0).integers(0, 20, (50, 20, 24, 1), dtype=np.uint8)
    planted = {  # picture: (contrast, row and column of the map, whose window begins at 2 i - 1)
        7: (250, (4, 5)),
        31: (200, (1, 11)),
        12: (150, (9, 3)),
    }
    for picture, (contrast, (row, column)) in planted.items():
        window = pictures[picture, 2 * row - 1 : 2 * row + 2, 2 * column - 1 : 2 * column + 2, 0]
        assert window.shape == (3, 3)
        window[:] = [0, 0, contrast]
    pictures[40, 0:2, 1:2, 0] = 255  # in the corner, of which the window sees two rows and columns
    pictures[40, 0:2, 0:1, 0] = 0
    names = [f"shelf/{k}.png" for k in range(50)]
    found = look.patches(bundle, pictures, "edge", count=4, names=names)
    edges, deaf = found.channels
    assert deaf == ()  # the same number everywhere in every picture
    assert [(patch.picture, patch.place) for patch in edges] == [
        (7, (4, 5)),
        (31, (1, 11)),
        (40, (0, 0)),
        (12, (9, 3)),
    ]
    assert [patch.name for patch in edges] == [names[k] for k in (7, 31, 40, 12)]
    np.testing.assert_allclose([patch.value for patch in edges], np.array([750, 600, 510, 450]) / 255, 1e-5)
    assert edges[0].field == ((7, 10), (9, 12)) == edges[0].seen
    assert not edges[0].clipped
    np.testing.assert_array_equal(edges[0].pixels[:, :, 0], [[0, 0, 250]] * 3)
    assert edges[2].field == ((-1, 2), (-1, 2))
    assert edges[2].seen == ((0, 2), (0, 2))
    assert edges[2].clipped
    np.testing.assert_array_equal(edges[2].pixels[:, :, 0], [[0, 255]] * 2)
    assert (found.layer, found.pictures, found.size, found.noun) == ("edge", 50, (20, 24), "picture")


def test_batches_and_equals(monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = bundle_of(CASES["resnet-8"]())
    stored = inputs_of(bundle, 23)
    stored[15] = stored[2]
    told: list[tuple[int, int]] = []

    def summary(found: look.Patches) -> list[Any]:
        return [(patch.picture, patch.place, patch.value) for patches in found.channels for patch in patches]

    whole = summary(look.patches(bundle, stored, "layer1.0.relu2"))
    node = 4 * 16 * 16 * 16
    monkeypatch.setattr(MODULE, "MEMORY", 5 * node)
    parts = summary(look.patches(bundle, stored, "layer1.0.relu2", progress=lambda *now: told.append(now)))
    assert [one[:2] for one in whole] == [one[:2] for one in parts]
    assert told == [(5, 23), (10, 23), (15, 23), (20, 23), (23, 23)]
    pictures = [one[0] for one in whole]
    assert 2 in pictures
    first = {picture: pictures.index(picture) for picture in (2, 15) if picture in pictures}
    assert first[2] < first.get(15, len(pictures))


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_best_of_all_parts_are_the_best_of_all(data: st.DataObject) -> None:
    count, channels, positions = (data.draw(st.integers(1, n)) for n in (4, 3, 4))
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    number = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0, float("nan")])
    flat = data.draw(st.lists(number, min_size=(n := sum(sizes) * channels * positions), max_size=n))
    maps = np.array(flat, np.float32).reshape(sum(sizes), channels, positions)
    best = _Best(channels, count)
    for start, size in zip(np.cumsum([0, *sizes]), sizes, strict=False):
        best.add(int(start), maps[start : start + size])
    for channel in range(channels):
        rows = [(picture, [float(v) for v in maps[picture, channel]]) for picture in range(sum(sizes))]
        rows = [(picture, row) for picture, row in rows if not np.isnan(row).any() and max(row) > min(row)]
        ranked = sorted(rows, key=lambda each: -max(each[1]))[:count]  # stable: of equals the first
        assert list(best.of(channel)) == [(max(r), p, r.index(max(r))) for p, r in ranked]


def test_numbers_that_are_repeated_are_cut_as_they_are_stored() -> None:
    b = Builder("doubled")
    x = b.conv2d(b.input(1, 12, 12), 1, kernel_size=3, name="conv")
    graph = b.build(b.linear(b.global_average_pool(x), 2))
    weights = initial_weights(graph)
    weights["conv.weight"][:] = 1
    bundle = bundle_of(graph, weights, ArrayPreprocessing(shape=(1, 6, 6), repeat=2))
    stored = np.zeros((1, 1, 6, 6), np.float32)
    stored[0, 0, 3, 4] = 5
    (patch,) = look.patches(bundle, stored, "conv").channels[0]
    assert patch.place == (5, 7)  # the first window that holds all four
    assert patch.field == ((2, 4), (3, 5))
    np.testing.assert_array_equal(patch.pixels, [[[0, 0], [0, 5]]])


def test_the_input_itself_has_patches_of_one_pixel() -> None:
    bundle = bundle_of(CASES["simple-cnn-4-8"]())
    stored = inputs_of(bundle, 3)
    best = look.patches(bundle, stored, "input", count=1).channels[0][0]
    assert best.pixels.tolist() == [[[int(stored.max())]]]


def test_what_has_no_patches_is_said() -> None:
    bundle = bundle_of(CASES["simple-cnn-4-8"]())
    stored = inputs_of(bundle, 2)
    with pytest.raises(UnknownName, match="did you mean 'conv2'"):
        look.patches(bundle, stored, "conv3")
    with pytest.raises(DataError, match=r"linear gives no map: its output, 10, has no positions"):
        look.patches(bundle, stored, "linear")
    with pytest.raises(UsageError, match="count=0"):
        look.patches(bundle, stored, "conv1", count=0)
    with pytest.raises(ShapeError, match="the bundle takes uint8"):
        look.patches(bundle, stored[:, :5], "conv1")
    assert look.patches(bundle, stored[:0], "conv1").channels == ((),) * 4
    bundle.weights["conv1.weight"][0, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="diverged"):
        look.patches(bundle, stored, "conv1")
    outside = type(bundle)("odd", bundle.classes, bundle.preprocessing, None, {})
    with pytest.raises(UnsupportedOperation, match="odd is not in convscope's graph"):
        look.patches(outside, stored, "conv1")


@needs_lanes
def test_no_torch_is_imported() -> None:
    code = (
        "import sys, numpy as np; from convscope import Bundle, look, nets\n"
        "from convscope.data import Preprocessing\n"
        "from convscope.graph import initial_weights\n"
        "graph = nets.graph('lenet-5'); of = Preprocessing(height=28, width=28, channels=1)\n"
        "bundle = Bundle('a', tuple('0123456789'), of, graph, initial_weights(graph))\n"
        "look.patches(bundle, of.blank(3), 'conv2'); look.filters(bundle)\n"
        "look.feature_maps(bundle, of.blank(1)[0])\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
