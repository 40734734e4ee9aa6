"""Filters, maps and patches as pictures: each tile in its place, with the colours that its scale says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, look
from convscope.data import ArrayPreprocessing
from convscope.drawing import inside as looking
from convscope.drawing import tiles
from convscope.drawing.contact_sheet import Bar, Tile, contact_sheet, stacked
from convscope.drawing.inside import BEYOND, draw_filters, draw_maps, draw_patches, draw_picture
from convscope.errors import DataError, UsageError
from convscope.graph import Builder, initial_weights
from convscope.graph.receptive_field import ReceptiveField
from convscope.look import Filters, LayerMaps, Patch, Patches

from ..look.networks import CASES, bundle_of, inputs_of


def places(image: Image.Image, pixels: np.ndarray, factor: int) -> list[tuple[int, int]]:
    """Where in the image the pixels are, each as a square of `factor`."""
    canvas = np.asarray(image).astype(int)
    tile = np.kron(pixels, np.ones((factor, factor, 1), int))
    height, width = tile.shape[:2]
    rows, columns = np.nonzero((canvas == tile[0, 0]).all(axis=2))
    return [
        (int(y), int(x))
        for y, x in zip(rows, columns, strict=True)
        if np.array_equal(canvas[y : y + height, x : x + width], tile)
    ]


def coloured(values: np.ndarray, limit: float) -> np.ndarray:
    return tiles.PALETTE[tiles.shades(values, limit)].astype(int)


def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the drawings are given: title, rows, headings and bar of each sheet."""
    seen: list[Any] = []

    def noting(title: Any, rows: Any, headings: Any, **settings: Any) -> Any:
        seen.append((list(title), rows, list(headings), settings.get("bar")))
        return contact_sheet(title, rows, headings, **settings)

    monkeypatch.setattr(looking, "contact_sheet", noting)
    return seen


FIRST = np.array([[[[1.0, -1], [0, 0.5]]], [[[0.25, 0], [0, -0.125]]]], np.float32)


def test_filters_on_one_scale_and_on_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    filters = Filters("conv1", FIRST, of_picture=True)
    image = draw_filters(filters)
    for one in FIRST:
        assert len(places(image, coloured(one[0], 1.0), 32)) == 1
    assert len(places(draw_filters(filters, own_scale=True), coloured(FIRST[1, 0], 0.25), 32)) == 1
    (title, rows, _, bar), (own_title, own_rows, _, own_bar) = sheets
    assert title == ["conv1: 2 filters of 1×2×2", "one scale, ±1; white is 0"]
    assert [tile.caption for _, row in rows for tile in row] == ["0", "1"]
    assert bar.labels == ("-1", "0", "1")
    assert own_title[-1] == "each filter on its own scale; white is 0"
    assert [tile.caption for _, row in own_rows for tile in row] == ["0\n±1", "1\n±0.25"]
    assert own_bar.labels == ("-largest", "0", "largest")


def test_filters_over_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    values = np.zeros((2, 3, 2, 2), np.float32)
    values[0, 0], values[1, 2, 0, 0] = 0.5, -0.5
    image = draw_filters(Filters("conv1", values, of_picture=True))
    assert len(places(image, np.array([[[255, 128, 128]] * 2] * 2), 32)) == 1
    assert len(places(image, np.array([[[128, 128, 0], [128] * 3], [[128] * 3] * 2]), 32)) == 1
    title, _, _, bar = sheets[0]
    assert title == ["conv1: 2 filters of 3×2×2, over red, green and blue", "one scale, ±0.5; grey is 0"]
    assert (bar.colours[0] == bar.colours[0, 0]).all()
    draw_filters(Filters("conv9", values))
    assert "a row for each filter" in sheets[1][0][1]  # three channels of a deeper layer are no colours


def test_deeper_filters_have_a_tile_for_each_channel_of_their_input(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    values = np.random.default_rng(0).normal(size=(70, 5, 3, 3)).astype(np.float32)
    image = draw_filters(Filters("conv2", values), channels=[3, 69])
    title, rows, headings, _ = sheets[0]
    assert [name for name, _ in rows] == ["3", "69"]
    assert headings == ["0", "1", "2", "3", "4"]
    assert "2 of 70 filters" in title
    side = rows[0][1][0].image.shape[0]
    assert side == 3
    limit = tiles.limit_of(values)
    at = [[places(image, coloured(values[k, c], limit), 21) for c in range(5)] for k in (3, 69)]
    assert all(len(found) == 1 for row in at for found in row)
    lines = [[found[0] for found in row] for row in at]
    assert all(len({y for y, _ in row}) == 1 for row in lines)  # a filter is a row
    assert [x for _, x in lines[0]] == [x for _, x in lines[1]] == sorted(x for _, x in lines[0])
    draw_filters(Filters("conv2", values), own_scale=True)
    title, rows, _, _ = sheets[1]
    assert "the first 64 of 70 filters" in title
    assert rows[1][0] == f"1 ±{tiles.limit_of(values[1]):.2g}"


def test_groups_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    draw_filters(Filters("dw", np.ones((6, 1, 3, 3), np.float32), groups=6))
    draw_filters(Filters("grouped", np.ones((6, 2, 3, 3), np.float32), groups=3))
    assert sheets[0][0][0] == "dw: 6 filters of 1×3×3, in 6 groups"
    assert len(sheets[0][1]) == 1  # one tile each
    assert sheets[1][0][1] == "a row for each filter, a column for each channel of its group of the input"


def test_maps_small_and_large_and_many(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    values = np.random.default_rng(0).normal(size=(70, 8, 8)).astype(np.float32)
    image = draw_maps(LayerMaps(("conv1", "relu1"), values))
    assert len(places(image, coloured(values[69], tiles.limit_of(values)), 4)) == 1  # of many half as large
    few = values[:2]
    assert len(places(draw_maps(LayerMaps(("a",), few)), coloured(few[0], tiles.limit_of(few)), 8)) == 1
    title, rows, _, _ = sheets[0]
    assert title[0] == "conv1 → relu1: 70 maps of 8×8"
    assert [len(row) for _, row in rows] == [32, 32, 6]
    large = np.ones((1, 200, 100), np.float32)
    draw_maps(LayerMaps(("a",), large))
    assert sheets[2][1][0][1][0].image.shape == (64, 32, 3)


def test_maps_of_a_signal_are_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    values = np.random.default_rng(0).normal(size=(3, 50)).astype(np.float32)
    draw_maps(LayerMaps(("conv1",), values), own_scale=True)
    title, rows, _, _ = sheets[0]
    assert title == ["conv1: 3 maps of 50", "each map on its own scale; white is 0"]
    assert [name.split()[0] for name, _ in rows] == ["0", "1", "2"]
    assert {tile.image.shape for _, row in rows for tile in row} == {(10, 544, 3)}


def patches_of(*patches: Patch, size: tuple[int, ...] = (10, 10), field: tuple[int, ...] = (3, 3)) -> Patches:
    ones = (1,) * len(size)
    return Patches("relu1", ReceptiveField(field, ones, (0.0,) * len(size)), 20, size, (patches, ()))


def test_a_patch_lies_where_its_field_is_and_grey_is_beyond_the_border(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sheets = read(monkeypatch)
    pixels = np.arange(4, dtype=np.uint8).reshape(2, 2, 1) * 60
    corner = Patch(4, "a/b/seven.png", (0, 9), 1.2345, ((-1, 2), (8, 11)), ((0, 2), (8, 10)), pixels)
    image = draw_patches(patches_of(corner))
    expected = np.full((3, 3, 3), BEYOND)
    expected[1:, :2] = pixels
    assert len(places(image, expected, 27)) == 1
    title, rows, _, _ = sheets[0]
    assert title == [
        "relu1: what excites each of its 2 channels most",
        "from 20 pictures, at most one patch of each; a number sees 3×3",
        "grey: beyond the border, or not seen",
        "without a patch, the same number everywhere: 1",
    ]
    assert rows[0][0] == "channel 0"
    assert rows[0][1][0].caption == "1.23\nseven.png"


def test_a_field_larger_than_the_picture_is_drawn_on_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    pixels = np.full((6, 10, 3), 200, np.uint8)
    patch = Patch(0, "0", (0, 0), 1.0, ((-20, 6), (-15, 11)), ((0, 6), (0, 10)), pixels)
    draw_patches(patches_of(patch, field=(26, 26)))
    tile = sheets[0][1][0][1][0].image
    assert tile.shape == (10, 10, 3)
    assert (tile[:6] == 200).all()
    assert (tile[6:] == BEYOND).all()


def test_pieces_of_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = read(monkeypatch)
    piece = np.sin(np.arange(4, dtype=np.float32))[None]
    patch = Patch(0, "0", (0,), 1.0, ((-4, 4),), ((0, 4),), piece)
    draw_patches(patches_of(patch, size=(30,), field=(8,)))
    tile = sheets[0][1][0][1][0].image
    half = tile.shape[1] // 2
    assert (tile[:, :half] == BEYOND).all()
    assert (tile[:, half + 1 :] != BEYOND).any(axis=2).all()


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_network_is_drawn(name: str) -> None:
    bundle: Bundle = bundle_of(CASES[name]())
    stored = inputs_of(bundle, 12)
    maps = look.feature_maps(bundle, stored[0])
    drawn = [draw_picture(maps), draw_filters(look.filters(bundle)), *map(draw_maps, maps.layers)]
    nodes = [layer.nodes[0] for layer in maps.layers[:3]]
    drawn += [draw_patches(look.patches(bundle, stored, node, count=2)) for node in nodes]
    sheet = stacked(drawn)
    assert sheet.size == (max(each.width for each in drawn), sum(each.height for each in drawn))


def test_a_field_that_lies_beyond_the_border_is_grey(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest number may see nothing but padding; here of arrays, which are drawn as maps are."""
    sheets = read(monkeypatch)
    b = Builder("padded")
    x = b.conv2d(b.input(2, 8, 6), 1, kernel_size=3, padding=3, name="conv")
    graph = b.build(b.linear(b.global_average_pool(x), 2))
    weights = initial_weights(graph)
    weights["conv.weight"][:], weights["conv.bias"][:] = -1, 1
    bundle = bundle_of(graph, weights, ArrayPreprocessing(shape=(2, 8, 6)))
    found = look.patches(bundle, np.ones((1, 2, 8, 6), np.float32), "conv")
    assert [patch.seen for patch in found.channels[0]] == [((0, 0), (0, 0))]
    draw_patches(found)
    assert (sheets[0][1][0][1][0].image == np.full((3, 3, 3), BEYOND)).all()


def test_what_cannot_be_drawn_is_said() -> None:
    filters = Filters("conv1", FIRST)
    for channel in (2, -1):
        with pytest.raises(UsageError, match=rf"there is no filter {channel} in conv1: they are 0 to 1\."):
            draw_filters(filters, channels=[channel])
    with pytest.raises(DataError, match=r"relu1 are the same number everywhere in each of the 20 pictures"):
        draw_patches(patches_of(), channels=[1])


def test_a_sheet_with_a_bar_and_lines_of_captions() -> None:
    black = Tile(np.zeros((8, 8, 1), np.uint8), "0\n±1")
    plain = contact_sheet(["title"], [("a", [black])], [""])
    bar = Bar(np.array([[255, 0, 0], [0, 255, 0]], np.uint8), ("-1", "0", "1"))
    with_bar = contact_sheet(["title"], [("a", [black])], [""], bar=bar, framed=True)
    assert with_bar.image.height > plain.image.height
    pixels = np.asarray(with_bar.image)
    assert ((pixels == [255, 0, 0]).all(axis=2).sum(), (pixels == [0, 255, 0]).all(axis=2).sum()) == (
        800,
        800,
    )
    (x, y), side = with_bar.places[0][0], 8 * with_bar.scale
    assert (pixels[y : y + side, x : x + side] == 0).all()
    assert (pixels[y - 1, x : x + side] == [170, 180, 191]).all()
