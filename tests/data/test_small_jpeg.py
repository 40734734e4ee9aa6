"""Small JPEGs give the pixels that Pillow gives; whatever is not ordinary is left to Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.data import Preprocessing, small_jpeg
from convscope.data.pictures import read_picture
from convscope.errors import DataError


def jpeg(height: int, width: int, mode: str = "RGB", **options: Any) -> bytes:
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    pixels = np.random.default_rng(height * 1000 + width).integers(0, 256, shape, dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(pixels, mode if mode == "CMYK" else None).save(content, "JPEG", **options)
    return content.getvalue()


OWN_SIZE = 512, 512  # of which nothing here is twice as large


def pillow(content: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(content))
    return np.asarray(image).reshape(image.height, image.width, -1)


@given(
    height=st.integers(1, 70), width=st.integers(1, 70), mode=st.sampled_from(["L", "RGB"]),
    quality=st.integers(1, 100), subsampling=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
    progressive=st.booleans(), optimize=st.booleans(), restart=st.integers(0, 3),
)  # fmt: skip
def test_the_pixels_are_pillows(
    height: int, width: int, mode: str, quality: int, subsampling: str,
    progressive: bool, optimize: bool, restart: int,
) -> None:  # fmt: skip
    content = jpeg(
        height, width, mode, quality=quality, subsampling=subsampling, progressive=progressive,
        optimize=optimize, restart_marker_rows=restart,
    )  # fmt: skip
    decoded = small_jpeg.decoded(content, OWN_SIZE)
    assert decoded is not None, "this Pillow has other inner parts"
    np.testing.assert_array_equal(decoded, pillow(content))


@given(
    height=st.integers(1, 300), width=st.integers(1, 300), mode=st.sampled_from(["L", "RGB"]),
    at_least=st.tuples(st.integers(1, 80), st.integers(1, 80)), progressive=st.booleans(),
)  # fmt: skip
def test_reduced_as_pillow_reduces_it(
    height: int, width: int, mode: str, at_least: tuple[int, int], progressive: bool
) -> None:
    content = jpeg(height, width, mode, quality=60, progressive=progressive)
    decoded = small_jpeg.decoded(content, at_least)
    assert decoded is not None
    image = Image.open(io.BytesIO(content))
    image.draft(None, (min(width, at_least[1]), min(height, at_least[0])))  # type: ignore[no-untyped-call]
    np.testing.assert_array_equal(decoded, np.asarray(image).reshape(image.height, image.width, -1))
    np.testing.assert_array_equal(decoded.squeeze(), np.squeeze(read_picture(content, at_least=at_least)))


def test_no_small_jpeg_is_decoded_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.data.pictures.read_picture", None)
    for side in (28, 55, 56, 111, 112, 128, 256, 512):
        picture = Preprocessing(height=28, width=28, channels=3).read(jpeg(side, side, quality=20))
        assert picture.shape == (28, 28, 3)


def exif(orientation: int) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    return data


def test_what_is_not_ordinary_is_left_to_pillow() -> None:
    rotated, large = jpeg(9, 5, exif=exif(6)), jpeg(600, 600, quality=1)
    commented = jpeg(9, 5, comment=b"hello")
    for content in (
        rotated,
        large,
        jpeg(8, 8, "CMYK"),
        b"",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0",
        jpeg(9, 5)[:40],
    ):
        assert small_jpeg.decoded(content, OWN_SIZE) is None
    assert small_jpeg.decoded(commented, OWN_SIZE) is not None
    assert Preprocessing(height=10, width=10, channels=3).one(rotated).shape == (10, 10, 3)
    assert read_picture(rotated).size == (9, 5)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_damage_is_pillows_to_tell(at: int, value: int) -> None:
    content = bytearray(jpeg(24, 24))
    content[at % len(content)] = value
    decoded = small_jpeg.decoded(bytes(content), OWN_SIZE)
    if decoded is not None:
        np.testing.assert_array_equal(decoded, pillow(bytes(content)))


@pytest.mark.parametrize("length", [30, 200, 500])
def test_cut_ones_are_refused(length: int) -> None:
    with pytest.raises(DataError, match="damaged"):
        Preprocessing(height=24, width=24, channels=3).one(jpeg(24, 24, quality=95)[:length])


@given(
    height=st.integers(1, 80),
    width=st.integers(1, 80),
    mode=st.sampled_from(["fit", "crop", "stretch"]),
    grey=st.booleans(),
)
def test_one_picture_is_resized_as_many_are(height: int, width: int, mode: Any, grey: bool) -> None:
    shape = (height, width) if grey else (height, width, 3)
    pixels = np.random.default_rng(height + 100 * width).integers(0, 256, shape, dtype=np.uint8)
    for channels in (1, 3):
        preprocessing = Preprocessing(height=17, width=23, channels=channels, resize=mode, fill=9)  # type: ignore[arg-type]
        many = preprocessing.pictures(pixels.reshape(1, height, width, -1))
        np.testing.assert_array_equal(preprocessing.picture(Image.fromarray(pixels)), many[0])


def test_without_pillows_inner_parts_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    content, preprocessing = jpeg(24, 24), Preprocessing(height=24, width=24, channels=3)
    before = preprocessing.one(content)
    monkeypatch.setattr(small_jpeg, "Image", None)
    assert small_jpeg.decoded(content, OWN_SIZE) is None
    np.testing.assert_array_equal(preprocessing.one(content), before)
