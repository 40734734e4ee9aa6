"""Signals and arrays: how one is read, what is refused, and what a network gets of it."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from pydantic import ValidationError
from sklearn.preprocessing import StandardScaler

from convscope.data import ArrayPreprocessing, Preprocessing, preprocessing_of
from convscope.data.arrays import as_float32, off_scale
from convscope.errors import DataError

TWO = ArrayPreprocessing(shape=(2, 5))
ONE = ArrayPreprocessing(shape=(1, 5))
PLANE = ArrayPreprocessing(shape=(1, 2, 3))
SHAPES = [(1, 5), (3, 4), (1, 1, 7), (2, 3, 4)]

shapes = st.tuples(st.integers(1, 6), st.integers(1, 4), st.integers(1, 33))


def npy(array: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


# --- what a network gets


def draw(shape: tuple[int, ...], count: int = 20) -> np.ndarray:
    random = np.random.default_rng(0)
    scale = 10.0 ** np.arange(shape[0]).reshape(-1, *(1 for _ in shape[1:]))
    return (random.normal(size=(count, *shape)) * scale + 3).astype(np.float32)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("repeat", [1, 3])
def test_a_batch_is_scaled_as_scikit_learn_scales(shape: Any, repeat: int) -> None:
    stored = draw(shape)
    preprocessing = ArrayPreprocessing(shape=shape, repeat=repeat).with_statistics(stored)
    columns = np.moveaxis(stored, 1, -1).reshape(-1, shape[0])
    scaler = StandardScaler().fit(columns.astype(np.float64))
    np.testing.assert_allclose(preprocessing.mean, scaler.mean_, rtol=1e-9)
    np.testing.assert_allclose(preprocessing.std, scaler.scale_, rtol=1e-9)
    scaled = np.moveaxis(stored, 1, -1).astype(np.float64)
    scaled = np.moveaxis((scaled - scaler.mean_) / scaler.scale_, -1, 1)
    expected = np.kron(scaled, np.ones((1, 1, *(repeat for _ in shape[1:]))))
    batch = preprocessing.batch(stored)
    assert batch.dtype == np.float32
    assert batch.shape == (20, *preprocessing.input_shape)
    np.testing.assert_allclose(batch, expected, atol=1e-5)
    np.testing.assert_array_equal(stored, draw(shape))  # as it was


@given(data=st.data(), shape=shapes)
def test_a_batch_is_the_formula_in_float32(data: st.DataObject, shape: tuple[int, int, int]) -> None:
    channels = shape[1]
    within = st.floats(-1e4, 1e4, width=32)
    signals = data.draw(hnp.arrays(np.float32, shape, elements=within))
    mean = data.draw(hnp.arrays(np.float32, channels, elements=within))
    std = data.draw(hnp.arrays(np.float32, channels, elements=st.floats(2**-10, 1e4, width=32)))
    preprocessing = ArrayPreprocessing(shape=shape[1:], mean=tuple(mean.tolist()), std=tuple(std.tolist()))
    batch = preprocessing.batch(signals)
    assert (batch.dtype, batch.shape) == (np.float32, shape)
    np.testing.assert_array_equal(batch, (signals - mean[:, None]) / std[:, None])


def test_without_statistics_the_values_stay_and_are_copied() -> None:
    signals = np.arange(10, dtype=np.float32).reshape(1, 2, 5)
    batch = TWO.batch(signals)
    np.testing.assert_array_equal(batch, signals)
    assert not np.shares_memory(batch, signals)  # a network of one's own may write into its input


@pytest.mark.parametrize(
    "signals", [np.zeros((1, 2, 5)), np.zeros((2, 5), np.float32), np.zeros((1, 5, 2), np.float32)]
)
def test_another_batch_is_refused(signals: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"a batch is float32 \(N, 2, 5\)"):
        TWO.batch(signals)
    with pytest.raises(ValueError, match=r"a batch is float32 \(N, 1, 2, 3\)"):
        PLANE.batch(signals)


@given(data=st.data(), shape=shapes, scale=st.sampled_from([1e-30, 1e-3, 1.0, 1e5]))
def test_statistics_are_numpys(data: st.DataObject, shape: tuple[int, int, int], scale: float) -> None:
    values = data.draw(hnp.arrays(np.float64, shape, elements=st.floats(-1, 1))) + 3.0
    signals = (values * scale).astype(np.float32)
    measured = ArrayPreprocessing(shape=shape[1:]).with_statistics(signals)
    exact = signals.astype(np.float64)
    np.testing.assert_allclose(measured.mean, exact.mean(axis=(0, 2)), rtol=1e-12)
    std = exact.std(axis=(0, 2))
    varies = std > 1e-9 * np.abs(exact).max(axis=(0, 2))
    np.testing.assert_allclose(np.array(measured.std)[varies], std[varies], rtol=1e-9)
    assert (np.array(measured.std)[~varies] == 1).all()


def test_statistics_of_more_than_one_block_and_around_a_large_mean() -> None:
    random = np.random.default_rng(3)
    signals = (101_325 + random.normal(0, 0.5, (900, 2, 700))).astype(np.float32)  # pressure in pascal
    measured = ArrayPreprocessing(shape=(2, 700)).with_statistics(signals)
    exact = signals.astype(np.float64)
    np.testing.assert_allclose(measured.mean, exact.mean(axis=(0, 2)), rtol=1e-13)
    np.testing.assert_allclose(measured.std, exact.std(axis=(0, 2)), rtol=1e-10)
    batch = measured.batch(signals).astype(np.float64)
    assert abs(batch.mean()) < 0.01  # half a float32 step of the mean, 0.004 Pa, is 0.008 deviations
    np.testing.assert_allclose(batch.std(axis=(0, 2)), 1, rtol=1e-4)


def test_no_signals_have_no_statistics() -> None:
    with pytest.raises(ValueError, match="no signals"):
        TWO.with_statistics(TWO.blank(0))


@pytest.mark.parametrize(
    ("mean", "std", "noted"),
    [(0, 1, False), (2, 1, False), (4, 1, True), (0, 0.01, True), (0, 100, True), (-900, 30, True)],
)
def test_signals_far_from_standard_are_noted(mean: float, std: float, noted: bool) -> None:
    measured = ArrayPreprocessing(shape=(2, 5), mean=(0, mean), std=(1, std))
    note = off_scale(measured)
    assert (note is not None and "channel 1" in note and "--normalize" in note) is noted
    assert off_scale(ONE) is None


# --- one signal


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i2", ">i4", "u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_real_numbers_become_float32(dtype: str, order: str, tmp_path: Path) -> None:
    array = np.array([[1, 2, 3, 4, 5], [9, 8, 7, 6, 5]], dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "a.npy", array)
    for given_ in (array, npy(array), tmp_path / "a.npy", str(tmp_path / "a.npy")):
        signal = TWO.one(given_)
        assert (signal.dtype, signal.shape) == (np.float32, (2, 5))
        np.testing.assert_array_equal(signal, array.astype(np.float32))


def test_one_channel_may_have_no_axis() -> None:
    for shape in ((5,), (1, 5)):
        np.testing.assert_array_equal(ONE.one(np.arange(5).reshape(shape)), [[0, 1, 2, 3, 4]])


@pytest.mark.parametrize(
    ("preprocessing", "array", "words"),
    [
        (ONE, np.zeros(4), "the signal is 4, and the network takes 1×5.*cut or pad its 4 values"),
        (TWO, np.zeros((2, 7)), "cut or pad its 7 values per channel to 5"),
        (TWO, np.zeros((5, 2)), "5×2, and the network takes 2×5.*transpose"),
        (TWO, np.zeros((3, 5)), "the signal is 3×5, and the network takes 2×5"),
        (TWO, np.zeros(5), "the signal is 5, and the network takes 2×5"),
        (TWO, np.zeros((7, 2, 5)), "several"),
        (ONE, np.array(3.0), "a single number"),
        (ONE, np.zeros((1, 0)), "cut or pad its 0 values"),
        (ONE, np.array([1, 2, np.nan, 4, 5]), "nan at position 2 of channel 0"),
        (TWO, np.array([[1] * 5, [1, 1, 1, 1, -np.inf]]), "-inf at position 4 of channel 1"),
        (ONE, np.array([0, 0, 0, 0, 1e300]), "inf at position 4"),  # too large for float32
        (ONE, np.zeros(5, complex), "complex128.*real numbers"),
        (ONE, np.array(list("abcde")), "<U1.*real numbers"),
        (PLANE, np.zeros((3, 2)), r"3×2, and the network takes 1×2×3 \(channels × height × width\)\.$"),
        (PLANE, np.zeros((2, 3, 1)), "transpose it, channels first"),
        (PLANE, np.zeros((7, 1, 2, 3)), "several"),
        (PLANE, np.array(1.0), "a single number"),
        (PLANE, np.full((1, 2, 3), 1e39), "the array holds inf at row 0, column 0 of channel 0; fill"),
        (PLANE, np.array([[1, 2, 3], [4, np.nan, 6]]), "nan at row 1, column 1 of channel 0"),
    ],
)
def test_what_is_no_such_array_is_refused(
    preprocessing: ArrayPreprocessing, array: np.ndarray, words: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=words):
        preprocessing.one(array)
    np.save(tmp_path / "bad.npy", array)
    with pytest.raises(DataError, match=re.sub("the (signal|array)", "bad.npy", words)):
        preprocessing.one(tmp_path / "bad.npy")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "no .npy file"),
        (b"1.0,2.0\n", "no .npy file"),
        (b"\x93NUMPY", "damaged head"),
        (b"\x93NUMPY\x09\x00", "damaged head"),
        (npy(np.zeros(5))[:20], "damaged head"),
        (npy(np.zeros(5)).replace(b"(5,)", b"(-5,"), "damaged head"),
        (npy(np.zeros((2, 128))).replace(b"(2, 128)", b"(True,9)"), "damaged head"),
        (npy(np.zeros(5)).replace(b"(5,), ", b"(-5,),"), "shape is"),
        (npy(np.zeros(5))[:-1], "ends early: 39 of 40 bytes"),
        (npy(np.zeros(5)).replace(b"(5,)", b"(9**9,)"), "damaged head"),
        (npy(np.array([1, None], dtype=object), allow_pickle=True), "Python objects"),
        (pickle.dumps([1.0]), "no .npy file"),
    ],
)
def test_damaged_files_are_named(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        ONE.read(tmp_path / "a.npy")
    assert "a.npy" in str(caught.value)
    with pytest.raises(DataError, match=words):
        ONE.read(content)


def test_a_head_that_promises_too_much_costs_nothing() -> None:
    content = npy(np.zeros(5)).replace(b"(5,), }", b"(5000000000000,), }")
    with pytest.raises(DataError, match="5,000,000,000,000 values"):
        ONE.read(content)


def test_missing_files_and_other_things(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.npy cannot be read: No such file"):
        ONE.one(tmp_path / "gone.npy")
    with pytest.raises(DataError, match="cannot be read"):
        ONE.one(tmp_path)
    for thing in (Image.new("L", (5, 1)), 3.5, None, [1, 2, 3, 4, 5]):
        with pytest.raises(DataError, match=rf"not a {type(thing).__name__}\."):
            ONE.one(thing)  # type: ignore[arg-type]


@given(count=st.integers(0, 4), channels=st.integers(1, 3), length=st.integers(1, 9))
def test_a_batch_comes_apart_and_one_signal_does_not(count: int, channels: int, length: int) -> None:
    preprocessing = ArrayPreprocessing(shape=(channels, length))
    many = np.arange(count * channels * length, dtype=np.float32).reshape(count, channels, length)
    apart = preprocessing.apart(many)
    assert len(apart) == count
    for signal, row in zip(apart, many, strict=True):
        np.testing.assert_array_equal(preprocessing.one(signal), row)
        assert len(preprocessing.apart(row)) == 1
    if channels == 1:
        assert len(preprocessing.apart(many[:, 0])) == count
    assert preprocessing.apart("a.npy") == ("a.npy",)


@given(st.sampled_from(SHAPES), st.integers(1, 4), st.booleans())
def test_arrays_in_every_form_are_told_apart(shape: Any, count: int, rows: bool) -> None:
    preprocessing, stored = ArrayPreprocessing(shape=shape), draw(shape, count)
    several = stored.reshape(count, -1) if rows else stored
    apart = preprocessing.apart(several)
    np.testing.assert_array_equal(np.stack([preprocessing.one(one) for one in apart]), stored)
    assert len(preprocessing.apart(several[0])) == 1
    if shape[0] == 1:
        np.testing.assert_array_equal(preprocessing.one(stored[0, 0]), stored[0])


def test_truth_values_are_numbers() -> None:
    np.testing.assert_array_equal(ONE.one(np.array([True, False, True, True, False])), [[1, 0, 1, 1, 0]])


def test_float32_is_not_copied() -> None:
    stored = draw((1, 3))
    assert as_float32(stored) is stored


# --- as JSON


@given(
    shape=st.one_of(st.tuples(st.integers(1, 3), st.integers(1, 10**6)), st.sampled_from(SHAPES)),
    repeat=st.integers(1, 4),
    scale=st.floats(1e-30, 1e30),
    measured=st.booleans(),
)
def test_json_brings_back_every_bit(shape: Any, repeat: int, scale: float, measured: bool) -> None:
    statistics = {"mean": (scale / 3,) * shape[0], "std": (scale,) * shape[0]} if measured else {}
    preprocessing = ArrayPreprocessing(shape=shape, repeat=repeat, **statistics)
    record = json.loads(json.dumps(preprocessing.model_dump()))
    assert record["kind"] == "arrays"
    assert preprocessing_of(record) == preprocessing
    assert preprocessing.example == ("signal.npy" if len(shape) == 2 else "array.npy")


def test_pictures_keep_their_json() -> None:
    preprocessing = Preprocessing(height=4, width=6, channels=3, mean=(0.1, 0.2, 0.3), std=(1, 1, 1))
    record = {
        "height": 4,
        "width": 6,
        "channels": 3,
        "resize": "fit",
        "fill": 0,
        "invert": False,
        "mean": [0.1, 0.2, 0.3],
        "std": [1, 1, 1],
    }
    assert json.loads(json.dumps(preprocessing.model_dump())) == record  # as bundles before signals have it
    assert preprocessing_of(record) == preprocessing


def test_another_kind_is_named() -> None:
    with pytest.raises(ValueError, match="'sounds', which this convscope does not know"):
        preprocessing_of({"kind": "sounds", "shape": (1, 5)})


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": (0, 5)},
        {"shape": (1, 0)},
        {"shape": (5,)},
        {"shape": (1, 2, 3, 4)},
        {"shape": (1, (1 << 28) + 1)},
        {"shape": (1 << 14, 1 << 15)},
        {"repeat": 0},
        {"height": 5},
        {"mean": (0.0,)},
        {"std": (1.0,)},
        {"mean": (0.0, 0.0), "std": (1.0, 1.0)},
        {"mean": (0.0,), "std": (0.0,)},
        {"mean": (0.0,), "std": (-1.0,)},
        {"mean": (0.0,), "std": (1e-60,)},
        {"mean": (1e60,), "std": (1.0,)},
        {"mean": (float("nan"),), "std": (1.0,)},
        {"mean": (0.0,), "std": (float("inf"),)},
    ],
)
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        preprocessing_of({"kind": "arrays", "shape": (1, 5), **wrong})


@settings(max_examples=200)
@given(content=st.binary(max_size=200), at=st.integers(0, 130))
def test_no_bytes_bring_more_than_a_sentence(content: bytes, at: int) -> None:
    whole = npy(np.zeros(5))
    for damaged in (content, whole[:at] + content, whole[:at] + content + whole[at + len(content) :]):
        with contextlib.suppress(DataError):  # and nothing else
            assert np.isfinite(ONE.read(damaged)).all()
