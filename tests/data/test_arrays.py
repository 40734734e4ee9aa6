"""Arrays of any numbers, against scikit-learn's scaler and NumPy."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.preprocessing import StandardScaler

from convscope.data import ArrayPreprocessing, Preprocessing, preprocessing_of
from convscope.data.arrays import as_float32
from convscope.errors import DataError

SHAPES = [(1, 5), (3, 4), (1, 1, 7), (2, 3, 4)]


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


@pytest.mark.parametrize("shape", SHAPES)
def test_it_is_kept_as_json(shape: Any) -> None:
    preprocessing = ArrayPreprocessing(shape=shape, repeat=2).with_statistics(draw(shape))
    record = json.loads(json.dumps(preprocessing.model_dump()))
    assert preprocessing_of(record) == preprocessing
    pictures = Preprocessing(height=3, width=4, channels=1)
    assert preprocessing_of(json.loads(json.dumps(pictures.model_dump()))) == pictures


@given(st.sampled_from(SHAPES), st.integers(1, 4), st.booleans())
def test_arrays_in_every_form_are_told_apart(shape: Any, count: int, rows: bool) -> None:
    preprocessing, stored = ArrayPreprocessing(shape=shape), draw(shape, count)
    given = stored.reshape(count, -1) if rows else stored
    apart = preprocessing.apart(given)
    np.testing.assert_array_equal(np.stack([preprocessing.one(one) for one in apart]), stored)
    assert len(preprocessing.apart(given[0])) == 1
    if shape[0] == 1:
        np.testing.assert_array_equal(preprocessing.one(stored[0, 0]), stored[0])


def test_a_channel_without_variation_is_not_divided() -> None:
    stored = np.full((4, 2, 3), 1e6, np.float32)
    stored[:, 1] = draw((1, 3), 4)[:, 0]
    preprocessing = ArrayPreprocessing(shape=(2, 3)).with_statistics(stored)
    assert preprocessing.std is not None
    assert preprocessing.std[0] == 1
    assert not preprocessing.batch(stored)[:, 0].any()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("a.png", "takes an array of 1×2×3 real numbers, and no files"),
        ([1, 2], "takes an array of 1×2×3 real numbers, not list"),
        (np.zeros((1, 2, 3), complex), "real numbers, not complex128"),
        (np.zeros((3, 2)), "the array is 3×2, and the network takes 1×2×3"),
        (np.array(1.0), "the array is a single number"),
        (np.full((1, 2, 3), 1e39), r"1e\+39 at \(0, 0, 0\) is not finite in float32"),
        (np.array([[1, 2, 3], [4, np.nan, 6]]), r"nan at \(0, 1, 1\)"),
    ],
)
def test_what_is_no_such_array(given: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        ArrayPreprocessing(shape=(1, 2, 3)).one(given)


@pytest.mark.parametrize(
    "fields",
    [
        {"shape": (0, 3)},
        {"shape": (3,)},
        {"shape": (1, 2, 3, 4)},
        {"shape": (1, 3), "mean": (1.0,)},
        {"shape": (1, 3), "mean": (1.0, 2.0), "std": (1.0, 1.0)},
        {"shape": (1, 3), "mean": (1.0,), "std": (0.0,)},
        {"shape": (1, 3), "mean": (1.0,), "std": (1e-50,)},
        {"shape": (1, 3), "mean": (float("nan"),), "std": (1.0,)},
        {"shape": (1, 3), "repeat": 0},
        {"shape": (1, 3), "length": 3},
    ],
)
def test_a_damaged_record_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ArrayPreprocessing(**fields)


def test_batches_of_other_arrays_are_refused() -> None:
    preprocessing = ArrayPreprocessing(shape=(1, 2, 3))
    for stored in (
        np.zeros((4, 1, 2, 3)),
        np.zeros((4, 1, 3, 2), np.float32),
        np.zeros((1, 2, 3), np.float32),
    ):
        with pytest.raises(ValueError, match=r"a batch is float32 \(N, 1, 2, 3\)"):
            preprocessing.batch(stored)


def test_float32_is_not_copied() -> None:
    stored = draw((1, 3))
    assert as_float32(stored) is stored
