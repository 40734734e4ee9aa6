from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError

from convscope.data import Preprocessing
from convscope.data.resizing import fit

BILINEAR = Image.Resampling.BILINEAR


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_right_size_is_bit_exact() -> None:
    pixels = noise(9, 13, 3)
    for resize in ("fit", "crop", "stretch"):
        preprocessing = Preprocessing(height=9, width=13, channels=3, resize=resize)
        assert np.array_equal(preprocessing.picture(Image.fromarray(pixels)), pixels)


@pytest.mark.parametrize(
    ("size", "frame", "expected"),
    [
        ((100, 200), (50, 50), (25, 50)),
        ((200, 100), (50, 50), (50, 25)),
        ((3, 3), (28, 28), (28, 28)),
        ((375, 500), (64, 64), (48, 64)),
        ((1, 1000), (8, 8), (1, 8)),  # never less than a pixel
        ((20, 28), (28, 28), (20, 28)),
        ((7, 10), (5, 5), (4, 5)),  # 3.5 rounds up
    ],
)
def test_fit_geometry(size: tuple[int, int], frame: tuple[int, int], expected: tuple[int, int]) -> None:
    assert fit(size, frame) == expected


def test_letterbox_by_hand() -> None:
    # 2 high, 4 wide, into 6×4: no resampling, two rows above, two below
    pixels = noise(2, 4)
    framed = Preprocessing(height=6, width=4, channels=1, fill=99).picture(Image.fromarray(pixels))
    assert framed.shape == (6, 4, 1)
    assert (framed[[0, 1, 4, 5]] == 99).all()
    assert np.array_equal(framed[2:4, :, 0], pixels)


def test_letterbox_odd_remainder_goes_below() -> None:
    framed = Preprocessing(height=5, width=4, channels=1).picture(Image.new("L", (4, 2), 50))
    assert framed[:, 0, 0].tolist() == [0, 50, 50, 0, 0]


def test_crop_takes_the_centre() -> None:
    pixels = noise(4, 10, 3)
    cropped = Preprocessing(height=4, width=4, channels=3, resize="crop").picture(Image.fromarray(pixels))
    assert np.array_equal(cropped, pixels[:, 3:7])


def test_crop_then_resample_equals_pillow() -> None:
    image = Image.fromarray(noise(30, 50, 3))
    expected = image.crop((10, 0, 40, 30)).resize((12, 30), BILINEAR).resize((12, 12), BILINEAR)
    cropped = Preprocessing(height=12, width=12, channels=3, resize="crop").picture(image)
    assert np.array_equal(cropped, np.asarray(expected))


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40),
    st.sampled_from([1, 3]), st.integers(1, 4),
)  # fmt: skip
def test_many_at_once_equals_pillow_one_by_one(
    height: int, width: int, to_height: int, to_width: int, channels: int, count: int
) -> None:
    images = noise(count, height, width, channels, seed=height * width)
    preprocessing = Preprocessing(height=to_height, width=to_width, channels=channels, resize="stretch")
    resized = preprocessing.pictures(images)
    for picture, result in zip(images, resized, strict=True):
        image = Image.fromarray(picture[:, :, 0] if channels == 1 else picture)
        columns_first = image.resize((to_width, height), BILINEAR).resize((to_width, to_height), BILINEAR)
        assert np.array_equal(result, np.asarray(columns_first).reshape(result.shape))
        at_once = np.asarray(image.resize((to_width, to_height), BILINEAR)).reshape(result.shape)
        assert np.abs(result.astype(int) - at_once).max() <= 1
        assert np.array_equal(preprocessing.picture(image), result)


def test_many_at_once_over_several_stacks() -> None:
    images = noise(5000, 8, 8, 1)
    preprocessing = Preprocessing(height=9, width=9, channels=1)
    resized = preprocessing.pictures(images)
    for index in (0, 4095, 4096, 4999):
        assert np.array_equal(resized[index], preprocessing.picture(Image.fromarray(images[index, :, :, 0])))


def test_channels() -> None:
    colour = noise(5, 5, 3)
    grey = Preprocessing(height=5, width=5, channels=1).picture(Image.fromarray(colour))
    luma = colour.astype(np.float64) @ [0.299, 0.587, 0.114]
    assert np.abs(grey[:, :, 0] - luma).max() <= 0.51
    spread = Preprocessing(height=5, width=5, channels=3).picture(Image.fromarray(colour[:, :, 0]))
    assert np.array_equal(spread, np.repeat(colour[:, :, :1], 3, axis=2))


def test_invert_turns_the_picture_and_leaves_the_border() -> None:
    framed = Preprocessing(height=4, width=4, channels=1, invert=True, fill=10).picture(
        Image.new("L", (4, 2), 255)
    )
    assert framed[:, 0, 0].tolist() == [10, 0, 0, 10]


def test_picture_takes_any_mode() -> None:
    image = Image.new("RGBA", (3, 3), (10, 20, 30, 255))
    framed = Preprocessing(height=3, width=3, channels=3).picture(image)
    assert (framed == [10, 20, 30]).all()


def test_read_shrinks_a_large_jpeg_like_the_full_decode(tmp_path: Path) -> None:
    y, x = np.mgrid[0:600, 0:800]
    pixels = np.stack([x % 256, (x + y) // 6 % 256, 255 - y // 3], axis=2).astype(np.uint8)
    pixels[:, :, 0] = x * 255 // 800
    file = tmp_path / "large.jpg"
    Image.fromarray(pixels).save(file, quality=95)
    preprocessing = Preprocessing(height=64, width=64, channels=3)
    with Image.open(file) as image:
        full = preprocessing.picture(image.convert("RGB"))
    reduced = preprocessing.read(file)
    assert reduced.shape == full.shape
    assert np.abs(reduced.astype(int) - full).mean() < 2
    assert np.array_equal(reduced, preprocessing.read(file.read_bytes()))
    assert np.array_equal(reduced, preprocessing.read(io.BytesIO(file.read_bytes())))


def test_batch_without_statistics_is_one_multiplication() -> None:
    pictures = noise(3, 5, 4, 3)
    batch = Preprocessing(height=5, width=4, channels=3).batch(pictures)
    assert batch.dtype == np.float32
    assert batch.shape == (3, 3, 5, 4)
    assert np.array_equal(batch, pictures.transpose(0, 3, 1, 2).astype(np.float32) * np.float32(1 / 255))


@given(
    st.sampled_from([1, 3]),
    st.integers(0, 3),
    st.lists(st.floats(0, 1), min_size=3, max_size=3),
    st.lists(st.floats(0.05, 1), min_size=3, max_size=3),
)
def test_batch_equals_the_formula_in_float64(
    channels: int, count: int, mean: list[float], std: list[float]
) -> None:
    pictures = noise(count, 4, 6, channels)
    preprocessing = Preprocessing(
        height=4, width=6, channels=channels, mean=tuple(mean[:channels]), std=tuple(std[:channels])
    )
    expected = (pictures / 255 - np.array(mean[:channels])) / np.array(std[:channels])
    batch = preprocessing.batch(pictures)
    assert batch.shape == (count, *preprocessing.input_shape)
    assert np.allclose(batch, expected.transpose(0, 3, 1, 2), rtol=1e-6, atol=5e-6)


def test_batch_of_a_strided_array() -> None:
    pictures = noise(6, 5, 5, 3)
    preprocessing = Preprocessing(height=5, width=5, channels=3, mean=(0.1, 0.2, 0.3), std=(1, 2, 3))
    assert np.array_equal(
        preprocessing.batch(pictures[::2, :, ::-1]), preprocessing.batch(pictures)[::2, :, :, ::-1]
    )


def test_batch_refuses_what_is_no_batch() -> None:
    preprocessing = Preprocessing(height=5, width=5, channels=3)
    with pytest.raises(ValueError, match=r"uint8 \(N, H, W, 3\)"):
        preprocessing.batch(np.zeros((1, 5, 5, 3), np.float32))
    with pytest.raises(ValueError, match=r"\(1, 5, 5, 1\)"):
        preprocessing.batch(np.zeros((1, 5, 5, 1), np.uint8))


def test_statistics() -> None:
    images = noise(600, 4, 4, 3)
    images[..., 2] = 30  # a channel without variation
    measured = Preprocessing(height=4, width=4, channels=3).with_statistics(images)
    assert measured.mean == pytest.approx(images.mean(axis=(0, 1, 2)) / 255, abs=1e-6)
    assert measured.std == pytest.approx([*(images.std(axis=(0, 1, 2))[:2] / 255), 1.0], abs=1e-6)
    batch = measured.batch(images)
    assert batch.mean(axis=(0, 2, 3)) == pytest.approx([0, 0, 0], abs=1e-4)
    assert batch.std(axis=(0, 2, 3)) == pytest.approx([1, 1, 0], abs=1e-4)


@pytest.mark.parametrize(
    "fields",
    [
        {"height": 0},
        {"channels": 2},
        {"fill": 256},
        {"resize": "squash"},
        {"mean": (0.5,)},
        {"mean": (0.5, 0.5), "std": (1, 1)},
        {"mean": (0.5,), "std": (0,)},
        {"mean": (float("nan"),), "std": (1,)},
        {"sise": 3},
    ],
)
def test_impossible_settings_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Preprocessing(**{"height": 4, "width": 4, "channels": 1, **fields})


def test_json_round_trip_and_frozen() -> None:
    preprocessing = Preprocessing(height=4, width=5, channels=1, mean=(0.1,), std=(0.3,), invert=True)
    assert Preprocessing.model_validate_json(preprocessing.model_dump_json()) == preprocessing
    with pytest.raises(ValidationError):
        preprocessing.height = 3  # type: ignore[misc]
