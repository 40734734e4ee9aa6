"""Figures of pictures against NumPy's own formulas, and boxes that were drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.measures import measures

shapes = st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]))
pictures = shapes.flatmap(lambda shape: arrays(np.uint8, shape))


def frame(stored: np.ndarray, **settings: object) -> Preprocessing:
    _, height, width, channels = stored.shape
    return Preprocessing(height=height, width=width, channels=channels, **settings)


@given(pictures)
def test_levels_are_numpys(stored: np.ndarray) -> None:
    found = measures(frame(stored), stored)
    rows = stored.reshape(len(stored), -1).astype(np.float64)
    np.testing.assert_allclose(found["mean"], rows.mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(found["deviation"], rows.std(axis=1), rtol=1e-9, atol=1e-9)
    if stored.shape[3] == 3:
        colour = np.ptp(stored.astype(np.float64), axis=3).mean(axis=(1, 2))
        np.testing.assert_allclose(found["colour"], colour, rtol=1e-12)


@given(pictures)
def test_ground_and_ink_pixel_by_pixel(stored: np.ndarray) -> None:
    found = measures(frame(stored), stored)
    for at, picture in enumerate(stored):
        image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).convert("L")
        grey = np.asarray(image).astype(int)
        height, width = grey.shape
        border = sorted(
            grey[y, x]
            for y in range(height)
            for x in range(width)
            if y in (0, height - 1) or x in (0, width - 1)
        )
        if height > 1 and width > 1:  # in one row or column each of its pixels counts twice
            assert found["ground"][at] == border[len(border) // 2]
        apart = np.abs(grey - found["ground"][at])
        if apart.max() == 0:
            assert np.isnan(found["extent"][at])
            continue
        inked = grey[apart >= apart.max() / 2]
        assert found["ink"][at] == pytest.approx(inked.mean() - found["ground"][at])
        ys, xs = np.nonzero(apart >= apart.max() / 2)
        sides = (np.ptp(ys) + 1) / height, (np.ptp(xs) + 1) / width
        assert found["extent"][at] == pytest.approx(max(sides))
        assert found["down"][at] == pytest.approx((ys.min() + ys.max() + 1) / 2 / height)
        assert found["across"][at] == pytest.approx((xs.min() + xs.max() + 1) / 2 / width)


def test_large_bright_pictures_do_not_overflow() -> None:
    stored = np.full((2, 300, 300, 3), 255, np.uint8)  # squares that 32 bits do not hold the sum of
    stored[1, :150] = 0
    found = measures(frame(stored), stored)
    np.testing.assert_allclose(found["mean"], [255, 127.5])
    np.testing.assert_allclose(found["deviation"], [0, 127.5])


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60)), min_size=1, max_size=9))
def test_borders_that_fit_fills_do_not_count(sizes: list[tuple[int, int]]) -> None:
    preprocessing = Preprocessing(height=12, width=20, channels=1, fill=9)
    pixels = [np.full(size, 100 + 10 * at, np.uint8) for at, size in enumerate(sizes)]
    stored = np.stack([preprocessing.one(picture) for picture in pixels])
    found = measures(preprocessing, stored, np.array(sizes))
    np.testing.assert_array_equal(found["mean"], [100 + 10 * at for at in range(len(sizes))])
    np.testing.assert_array_equal(found["deviation"], 0)
    for at, (height, width) in enumerate(sizes):
        assert found["aspect"][at] == pytest.approx(width / height)
        assert found["enlarged"][at] == pytest.approx(min(12 / height, 20 / width))


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=9),
    st.sampled_from(["fit", "crop", "stretch"]),
    st.integers(0, 99),
)
def test_a_batch_of_mixed_sizes_is_measured_one_by_one(
    sizes: list[tuple[int, int]], resize: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    preprocessing = Preprocessing(height=12, width=9, channels=1, resize=resize)
    stored = np.stack([preprocessing.one(random.integers(0, 256, size).astype(np.uint8)) for size in sizes])
    together = measures(preprocessing, stored, np.array(sizes))
    for at, size in enumerate(sizes):
        for name, value in measures(preprocessing, stored[at : at + 1], np.array([size])).items():
            np.testing.assert_array_equal(together[name][at], value[0], err_msg=name)


@pytest.mark.parametrize("resize", ["crop", "stretch"])
def test_a_filled_frame_is_enlarged_by_its_longer_way(resize: str) -> None:
    preprocessing = Preprocessing(height=10, width=10, channels=1, resize=resize)
    found = measures(preprocessing, preprocessing.one(np.zeros((2, 5), np.uint8))[None], np.array([[2, 5]]))
    assert found["enlarged"] == [5]


def test_signals_have_mean_and_deviation() -> None:
    signals = np.random.default_rng(0).normal(1e6, 0.5, (5, 2, 100)).astype(np.float32)
    found = measures(ArrayPreprocessing(shape=(2, 100)), signals)
    rows = signals.reshape(5, -1).astype(np.float64)
    np.testing.assert_allclose(found["mean"], rows.mean(axis=1))
    np.testing.assert_allclose(found["deviation"], rows.std(axis=1))
    assert set(found) == {"mean", "deviation"}


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one(count: int) -> None:
    stored = np.zeros((count, 4, 4, 3), np.uint8)
    found = measures(frame(stored), stored, np.zeros((count, 2), np.int64) + 4)
    assert {len(values) for values in found.values()} == ({count} if count else {0})
