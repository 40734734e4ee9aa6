"""The GIF of a formation, opened again by Pillow and compared pixel by pixel with the numbers."""

from __future__ import annotations

import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope import report
from convscope.data import SignalSource
from convscope.drawing import formation as drawing
from convscope.drawing import tiles
from convscope.drawing.formation import draw
from convscope.drawing.formation_panels import panels
from convscope.errors import ConvscopeError, UsageError
from convscope.look.inside.formation import Formation
from convscope.look.inside.snapshot import Snapshot, Watched, WatchedLayer
from convscope.runs.run import Run


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("watched") / "run"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report, "write", lambda _, folder: (folder / "report.html").write_text(""))
        return convscope.train(
            "digits", net="convnet-bn", epochs=2, keep="last", watch_every=6, out=out, quiet=True
        )


def frames_of(content: bytes) -> list[np.ndarray]:
    image = Image.open(io.BytesIO(content))
    frames = []
    for number in range(image.n_frames):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")))
    return frames


def test_a_frame_per_snapshot_and_each_is_another(watched: Run) -> None:
    content, count = draw(Formation.open(watched.path))
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.n_frames, count) == ("GIF", 8, 8)
    assert image.info["comment"] == b"How convnet-bn formed on digits"
    frames, durations = frames_of(content), []
    for earlier, later in itertools.pairwise(frames):
        assert (earlier != later).any()
    for number in range(8):
        image.seek(number)
        durations.append(image.info["duration"])
    assert durations == [500] * 7 + [3000]  # the last is held
    assert len(content) < 400_000


def test_the_last_frame_has_the_filters_of_the_bundle(watched: Run) -> None:
    """On the largest magnitude that any snapshot has."""
    formation = Formation.open(watched.path)
    content, _ = draw(formation)
    last = frames_of(content)[-1]
    weights = watched.bundle.weights["conv1.weight"]  # (16, 1, 5, 5)
    limit = max(float(np.abs(formation.filters(step)["conv1"]).max()) for step in formation.steps)
    top = drawing.MARGIN + drawing.PICTURE + drawing.BETWEEN + drawing.LINE
    for number, kernel in enumerate(weights):
        colours = tiles.PALETTE[tiles.shades(kernel[0], limit)]
        expected = colours.repeat(12, axis=0).repeat(12, axis=1)  # 5 × 12 is the most of 64
        left, down = drawing.MARGIN + number % 8 * 68, top + number // 8 * 64
        np.testing.assert_array_equal(last[down : down + 60, left : left + 60], expected)
    assert (last[0, 0] == 255).all()


def test_the_maps_are_those_of_the_picture_that_is_asked_for(watched: Run) -> None:
    formation = Formation.open(watched.path)
    snapshots = [formation.snapshot(step) for step in formation.steps]
    filters, maps = panels(formation.watched, snapshots, "conv2", 6)
    limit = max(float(np.abs(one.maps["conv2"][6]).max()) for one in snapshots)
    assert maps.heading == f"Maps of conv2, norm2, relu2: 16 of 32, 4×4, from 0 to {limit:.2g}"
    assert filters.heading.startswith("Filters of conv2: 4 of 32 in rows, over 16 inputs, 5×5, from -0.")
    pictures = [tile for row in maps.rows(3) for tile in row]
    assert len(pictures) == 16
    for tile, values in zip(pictures, snapshots[3].maps["conv2"][6], strict=True):
        expected = tiles.PALETTE[tiles.shades(values, limit)].repeat(16, axis=0).repeat(16, axis=1)
        np.testing.assert_array_equal(np.asarray(tile), expected)
    assert [len(row) for row in filters.tiles] == [16] * 4
    np.testing.assert_array_equal(filters.tiles[2][5][-1], watched.bundle.weights["conv2.weight"][2, 5])
    one, other = (frames_of(draw(formation, picture=number)[0])[-1] for number in (1, 7))
    assert (one != other).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layer": "conv3"}, "layer 'conv3' was not watched; there are conv1, conv2."),
        ({"picture": 9}, "picture 9 was not watched; there are 1 to 8."),
        ({"picture": 0}, "picture 0 was not watched"),
    ],
)
def test_what_was_not_watched(watched: Run, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        draw(Formation.open(watched.path), **settings)


def made(
    run: Path, shape: tuple[int, ...], count: int, *, deviation: float = 1.0, filters: int = 5
) -> Formation:
    """Random numbers over pictures of `shape` (H, W, C), or arrays (C, H, W), or signals (C, L)."""
    random = np.random.default_rng(0)
    pictures = len(shape) == 3 and shape[2] == 3
    channels, *axes = (shape[2], *shape[:2]) if pictures else shape
    images = random.integers(0, 256, (2, *shape)).astype(np.uint8 if pictures else np.float32)
    kernel = (3,) * len(axes)
    weights, outputs, name = (
        (filters, channels, *kernel),
        (filters, *axes),
        "a.very.long.name.of.a.layer.0.conv",
    )
    layer = WatchedLayer(name, (name, "relu"), weights, outputs, weights, outputs)
    (run / "watch").mkdir(parents=True)
    noun = "picture" if pictures else "array"
    steps = tuple(range(count))
    Watched(
        "n" * 90, "d\033[31m" * 20, noun, (layer,), images, ("é" * 50, "b"), ("1", "2"), 400, 1, steps
    ).save(run / "watch")
    for step in steps:
        values = deviation * random.normal(size=layer.filters_shape).astype(np.float32)
        maps = deviation * random.normal(size=(2, *layer.maps_shape)).astype(np.float32)
        Snapshot(step, step, None, None, {layer.name: values}, {layer.name: maps}).save(run / "watch")
    return Formation.open(run)


@pytest.mark.parametrize("shape", [(9, 40, 3), (5, 7, 9), (2, 30), (1, 1)], ids=str)
@pytest.mark.parametrize("filters", [1, 5, 40])
def test_whatever_the_network_takes(shape: tuple[int, ...], filters: int, tmp_path: Path) -> None:
    content, count = draw(made(tmp_path, shape, 3, filters=filters))
    frames = frames_of(content)
    assert count == len(frames) == 3
    for frame in frames:
        assert frame.shape[1] == 572
        assert (frame[:, -10:] == 255).all()  # nothing is cut off at the right


def test_filters_over_red_green_and_blue_are_colours(tmp_path: Path) -> None:
    formation = made(tmp_path, (9, 40, 3), 2)
    snapshots = [formation.snapshot(step) for step in formation.steps]
    filters, _ = panels(formation.watched, snapshots, None, 0)
    name = formation.watched.layers[0].name
    limit = max(float(np.abs(one.filters[name]).max()) for one in snapshots)
    tile = np.asarray(filters.rows(1)[0][2])
    expected = (
        np.rint(127.5 + 127.5 * snapshots[1].filters[name][2] / limit).astype(np.uint8).transpose(1, 2, 0)
    )
    np.testing.assert_array_equal(tile, expected.repeat(21, axis=0).repeat(21, axis=1))


def test_all_zero_and_very_many(tmp_path: Path) -> None:
    formation = made(tmp_path, (2, 30), 300, deviation=0)
    content, count = draw(formation)
    assert count == Image.open(io.BytesIO(content)).n_frames == 120


def test_no_snapshot_yet(tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match="has no snapshot yet"):
        draw(made(tmp_path, (2, 30), 0))


def test_signals(tmp_path: Path) -> None:
    source = SignalSource(np.random.default_rng(0).normal(size=(40, 1, 32)), np.arange(40) % 2, name="noise")
    run = convscope.train(source, epochs=2, watch=True, out=tmp_path / "run", quiet=True)
    formation = Formation.open(run.path)
    assert draw(formation)[1] == len(formation.steps)
