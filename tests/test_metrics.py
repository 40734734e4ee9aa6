"""Metrics against scikit-learn, torch and scipy."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from convscope.errors import DataError, ShapeError
from convscope.metrics import (
    ClassFigures,
    EpochFigures,
    Evaluation,
    cross_entropy,
    evaluate,
    probabilities,
    wilson_interval,
)


@st.composite
def classified(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, classes) and labels (N,); few records, so classes without any are common."""
    count, classes = draw(st.integers(1, 30)), draw(st.integers(2, 7))
    values = st.floats(-50, 50, width=32)
    logits = draw(npst.arrays(np.float32, (count, classes), elements=values))
    labels = draw(npst.arrays(np.int64, (count,), elements=st.integers(0, classes - 1)))
    return logits, labels


@given(classified())
@settings(max_examples=150, deadline=None)
def test_evaluation_agrees_with_sklearn_and_torch(case: tuple[np.ndarray, np.ndarray]) -> None:
    logits, labels = case
    numbers = list(range(logits.shape[1]))
    result = evaluate(logits, labels, [f"class {n}" for n in numbers], split="validation")

    predicted = logits.argmax(axis=1)
    np.testing.assert_array_equal(result.confusion, confusion_matrix(labels, predicted, labels=numbers))
    assert result.confusion.dtype == np.int64
    expected = precision_recall_fscore_support(labels, predicted, labels=numbers, zero_division=0.0)
    ours = [[f.precision, f.recall, f.f1, f.support] for f in result.per_class]
    np.testing.assert_allclose(np.array(ours).T, np.array(expected), rtol=1e-12)
    assert result.accuracy == np.mean(predicted == labels)
    assert (result.count, result.split) == (len(labels), "validation")
    assert result.correct == (predicted == labels).sum()

    oracle = torch.nn.functional.cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels))
    assert result.loss == pytest.approx(oracle.item(), rel=1e-12, abs=1e-12)


@given(classified())
@settings(max_examples=100, deadline=None)
def test_probabilities_are_torch_softmax(case: tuple[np.ndarray, np.ndarray]) -> None:
    logits, _ = case
    ours = probabilities(logits)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, torch.from_numpy(logits).double().softmax(1).float(), rtol=1e-6, atol=0)


def test_cross_entropy_is_log_loss() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(200, 5))
    labels = rng.integers(0, 5, 200)
    exact = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert cross_entropy(logits, labels) == pytest.approx(log_loss(labels, exact), rel=1e-12)


def test_softmax_has_any_number_of_leading_axes() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    np.testing.assert_array_equal(probabilities(logits)[1, 2], probabilities(logits[1, 2]))


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[3e38, -3e38], [-3e38, 3e38]], dtype=np.float32)
    assert probabilities(logits).tolist() == [[1, 0], [0, 1]]
    assert cross_entropy(logits, np.array([0, 1])) == 0
    assert cross_entropy(logits[:1], np.array([1])) == pytest.approx(6e38, rel=1e-6)


@pytest.mark.parametrize("logits", [[[math.nan, 0.0]], [[math.inf, math.inf]], [[-math.inf, -math.inf]]])
def test_a_diverged_network_has_a_loss_of_nan_and_figures_that_are_numbers(logits: list[Any]) -> None:
    result = evaluate(np.array(logits, dtype=np.float32), np.array([1]), ["a", "b"])
    assert math.isnan(result.loss)
    assert all(math.isfinite(value) for f in result.per_class for value in (f.precision, f.recall, f.f1))
    record = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert record["loss"] is None
    assert math.isnan(Evaluation.from_dict(record).loss)


def test_figures_without_a_denominator_are_zero() -> None:
    result = evaluate(np.eye(3, dtype=np.float32)[[0, 0]], np.array([0, 1]), ["right", "missed", "absent"])
    assert result.per_class[1] == ClassFigures("missed", 0.0, 0.0, 0.0, 1)
    assert result.per_class[2] == ClassFigures("absent", 0.0, 0.0, 0.0, 0)


def test_the_first_of_equal_logits_is_the_prediction() -> None:
    assert evaluate(np.zeros((1, 3), dtype=np.float32), np.array([0]), "abc").accuracy == 1.0


def test_small_integer_labels_do_not_overflow() -> None:
    labels = np.arange(100, dtype=np.uint8)
    result = evaluate(np.eye(100, dtype=np.float32), labels, [str(n) for n in range(100)])
    np.testing.assert_array_equal(result.confusion, np.eye(100))


@pytest.mark.parametrize(
    ("logits", "labels", "classes", "error", "words"),
    [
        (np.zeros((2, 3)), np.array([0, 1]), "ab", ShapeError, "3 columns for 2 class names"),
        (np.zeros((2, 2)), np.array([0]), "ab", ShapeError, r"\(2, 2\) and \(1,\)"),
        (np.zeros(2), np.array([0, 1]), "ab", ShapeError, "shape"),
        (np.zeros((1, 0)), np.array([0]), "", ShapeError, "shape"),
        (np.zeros((0, 2)), np.array([], dtype=np.int64), "ab", DataError, "nothing to evaluate"),
        (np.zeros((1, 2)), np.array([2]), "ab", DataError, "2 classes have labels 0 to 1"),
        (np.zeros((1, 2)), np.array([-1]), "ab", DataError, "from -1"),
        (np.zeros((1, 2)), np.array([0.0]), "ab", DataError, "float64"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    logits: np.ndarray, labels: np.ndarray, classes: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        evaluate(logits, labels, classes)


def test_an_evaluation_survives_json() -> None:
    rng = np.random.default_rng(1)
    result = evaluate(rng.normal(size=(50, 4)), rng.integers(0, 4, 50), "abcd", split="train")
    record = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert list(record) == ["split", "accuracy", "loss", "count", "per_class", "confusion"]
    again = Evaluation.from_dict(record)
    assert again.to_dict() == result.to_dict()
    assert again.confusion.dtype == np.int64


@pytest.mark.parametrize("part", ["split", "accuracy", "loss", "per_class", "confusion"])
def test_an_incomplete_record_of_an_evaluation_is_refused(part: str) -> None:
    record = evaluate(np.eye(2), np.array([0, 1]), "ab").to_dict()
    del record[part]
    with pytest.raises(DataError, match=f"'{part}' is missing"):
        Evaluation.from_dict(record)


def test_a_record_with_a_matrix_of_another_size_is_refused() -> None:
    record = evaluate(np.eye(2), np.array([0, 1]), "ab").to_dict() | {"confusion": [[1]]}
    with pytest.raises(DataError, match=r"\(1, 1\) for 2 classes"):
        Evaluation.from_dict(record)


@pytest.mark.parametrize(
    "figures",
    [EpochFigures(3, 0.5, 0.75, 0.25, 0.875, 1.5), EpochFigures(1, 0.5, 0.75, None, None, 1.5)],
)
def test_the_figures_of_an_epoch_survive_json(figures: EpochFigures) -> None:
    line = json.dumps(figures.to_dict(), allow_nan=False)
    assert EpochFigures.from_dict(json.loads(line)) == figures


def test_losses_that_are_not_finite_come_back_as_nan() -> None:
    record = EpochFigures(1, math.inf, 0.1, math.nan, 0.1, 1.0).to_dict()
    json.dumps(record, allow_nan=False)
    again = EpochFigures.from_dict(record)
    assert math.isnan(again.train_loss)
    assert again.validation_loss is not None
    assert math.isnan(again.validation_loss)


def test_an_incomplete_record_of_an_epoch_is_refused() -> None:
    with pytest.raises(DataError, match="'validation_accuracy' is missing"):
        EpochFigures.from_dict({"epoch": 1})


@given(
    st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999)
)
@settings(deadline=None)
def test_wilson_interval_agrees_with_scipy(case: tuple[int, int], confidence: float) -> None:
    expected = binomtest(*case).proportion_ci(confidence, method="wilson")
    ours = wilson_interval(*case, confidence=confidence)
    np.testing.assert_allclose(ours, (expected.low, expected.high), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("correct", "count"), [(0, 0), (3, 2), (-1, 2)])
def test_an_impossible_accuracy_has_no_interval(correct: int, count: int) -> None:
    with pytest.raises(DataError, match="no accuracy"):
        wilson_interval(correct, count)


def test_importing_metrics_imports_neither_torch_nor_sklearn() -> None:
    code = "import sys, convscope.metrics; print({'torch', 'sklearn', 'scipy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
