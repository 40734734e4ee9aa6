"""What a network saw: the exact numbers, how they came about, and the drawing of it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope import Bundle, look, nets
from convscope.data import ArrayPreprocessing, Preprocessing, load, open_source
from convscope.drawing.seen import SIDE, draw
from convscope.errors import DataError
from convscope.graph.weights import initial_weights
from convscope.ops.rendering.theme import LIGHT


def a_bundle(preprocessing: Preprocessing | ArrayPreprocessing, **info: object) -> Bundle:
    net = "simple-cnn-1d" if len(preprocessing.input_shape) == 2 else "resnet-8"
    graph = nets.graph(net, preprocessing.input_shape, 10)
    return Bundle(net, tuple("0123456789"), preprocessing, graph, initial_weights(graph), info=info)


@pytest.fixture(scope="module")
def digits() -> Bundle:
    source = open_source("digits")
    dataset = load(source, source.default_preprocessing())
    assert dataset.usual is not None
    return a_bundle(dataset.preprocessing, usual=dataset.usual.to_dict())


def encoded(image: Image.Image, kind: str = "PNG", **settings: object) -> bytes:
    content = io.BytesIO()
    image.save(content, kind, **settings)
    return content.getvalue()


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    channels=st.sampled_from([1, 3]),
    mode=st.sampled_from(["L", "RGB", "RGBA", "P"]),
    resize=st.sampled_from(["fit", "crop", "stretch"]),
    invert=st.booleans(),
)
def test_it_is_what_the_network_gets(
    height: int, width: int, channels: int, mode: str, resize: str, invert: bool
) -> None:
    pixels = np.random.default_rng(height * 41 + width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    image = Image.fromarray(pixels).convert(mode)
    preprocessing = Preprocessing(
        height=9,
        width=16,
        channels=channels,
        resize=resize,
        invert=invert,
        mean=(0.25,) * channels,
        std=(0.5,) * channels,
    )
    one = look.seen(Bundle("net", ("a",), preprocessing, None, {}), image)
    stored = preprocessing.one(image)
    np.testing.assert_array_equal(one.stored, stored)
    np.testing.assert_array_equal(one.tensor, preprocessing.batch(stored[None])[0])
    np.testing.assert_array_equal(np.asarray(one.picture).reshape(stored.shape), stored)
    expected = (stored.reshape(-1, channels) / 255 - 0.25) / 0.5
    for (low, high), channel in zip(one.ranges, expected.T, strict=True):
        assert (low, high) == pytest.approx((channel.min(), channel.max()), abs=1e-6)
    colour = "grey" if mode == "L" else "colour"
    assert one.steps[0] == f"{height}×{width} {colour}" or mode == "P"
    assert ("inverted" in one.steps) == invert
    assert json.loads(json.dumps(one.to_dict()))["input_shape"] == [channels, 9, 16]


def test_each_step_is_said(tmp_path: Path) -> None:
    preprocessing = Preprocessing(
        height=28, width=28, channels=1, invert=True, fill=7, mean=(0.1307,), std=(0.3081,)
    )
    file = tmp_path / "page.jpg"
    Image.new("RGB", (640, 427), "white").save(file)
    one = look.seen(a_bundle(preprocessing), file)
    assert one.path == str(file)
    assert one.size == (427, 640)  # the file's own, though a JPEG is decoded in part
    assert one.steps == (
        "427×640 colour", "decoded at 107×160", "grey", "resized (fit) to 19×28", "inverted",
        "borders of 7 to 28×28", "divided by 255", "less mean 0.1307, over deviation 0.3081",
    )  # fmt: skip
    one = look.seen(a_bundle(Preprocessing(height=8, width=8, channels=3)), np.zeros((8, 8), np.uint8))
    assert one.steps == ("8×8 grey", "the same in all 3 channels", "divided by 255")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("given_as", ["bytes", "path"])
def test_a_turned_photo_is_shown_upright(kind: str, given_as: str, tmp_path: Path) -> None:
    upright = np.zeros((40, 20), np.uint8)
    upright[:10] = 255  # light at the top
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying; to be turned clockwise
    content = encoded(Image.fromarray(np.rot90(upright)), kind, exif=exif)
    file = tmp_path / f"turned.{kind}"
    file.write_bytes(content)
    one = look.seen(
        a_bundle(Preprocessing(height=20, width=20, channels=1)), content if given_as == "bytes" else file
    )
    assert one.size == (40, 20)
    assert one.original is not None
    assert one.original.size == (20, 40)
    shown = np.asarray(one.original).astype(int)
    assert shown[:8].min() > 200
    assert shown[12:].max() < 60
    assert one.stored[:4, 8:12].min() > 200


def test_warnings_are_those_of_predict(digits: Bundle) -> None:
    page = np.full((40, 40), 255, np.uint8)
    page[5:15, 20:25] = 0
    one = look.seen(digits, page)
    assert [warning.kind for warning in one.warnings] == ["inverted", "small"]
    assert one.warnings == digits.predict(page)[0].warnings


def test_what_cannot_be_read(digits: Bundle, tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    with pytest.raises(DataError, match=r"empty\.png is empty"):
        look.seen(digits, tmp_path / "empty.png")
    with pytest.raises(DataError, match="there is no picture"):
        look.seen(digits, "missing.png")


def test_a_signal() -> None:
    preprocessing = ArrayPreprocessing(shape=(2, 64), mean=(1.0, 2.0), std=(2.0, 4.0))
    values = np.arange(128, dtype=np.float32).reshape(2, 64)
    one = look.seen(a_bundle(preprocessing), values)
    np.testing.assert_array_equal(one.tensor, [(values[0] - 1) / 2, (values[1] - 2) / 4])
    assert one.ranges == ((-0.5, 31.0), (15.5, 31.25))
    assert one.steps == ("2×64", "less mean 1, 2, over deviation 2, 4")
    assert (one.original, one.size) == (None, None)
    with pytest.raises(DataError, match="not of other arrays"):
        one.drawing()


def test_the_drawing_has_both_pixel_for_pixel(digits: Bundle) -> None:
    random = np.random.default_rng(0)
    original = random.integers(0, 256, (16, 16)).astype(np.uint8)
    one = look.seen(digits, original)
    canvas = np.asarray(one.drawing())[..., 0]
    scale = SIDE // 8
    assert holds(canvas, one.stored[..., 0].repeat(scale, 0).repeat(scale, 1))
    assert holds(canvas, original.repeat(SIDE // 16, 0).repeat(SIDE // 16, 1))


def holds(canvas: np.ndarray, part: np.ndarray) -> bool:
    """Whether `part` is somewhere in `canvas`."""
    height, width = part.shape
    rows, columns = canvas.shape[0] - height + 1, canvas.shape[1] - width + 1
    corners = np.argwhere(canvas[:rows, :columns] == part[0, 0])
    return any((canvas[y : y + height, x : x + width] == part).all() for y, x in corners)


def test_drawings_of_several_lie_below_each_other(digits: Bundle) -> None:
    wide, small = np.full((30, 900), 255, np.uint8), np.zeros((8, 8), np.uint8)
    small[:, 2:5] = 200
    pair = [look.seen(digits, wide), look.seen(digits, small)]
    both = draw(pair)
    assert both.height > sum(one.drawing().height for one in pair) - 60
    assert both.width >= max(one.drawing().width for one in pair)
    mark = tuple(int(LIGHT["mark"][at : at + 2], 16) for at in (1, 3, 5))
    assert (np.asarray(pair[0].drawing()) == mark).all(axis=2).any()  # it is blank, and very wide
    assert not pair[1].warnings


def test_large_inputs_are_drawn_at_their_own_size() -> None:
    one = look.seen(
        a_bundle(Preprocessing(height=600, width=400, channels=3)), Image.effect_noise((50, 50), 99)
    )
    assert one.drawing().width >= 400 + SIDE // 50 * 50
    assert one.drawing().height >= 600
