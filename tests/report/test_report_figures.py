"""The figures: what they hold, how large they are, and what they survive without a warning."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from convscope.calibration import calibration
from convscope.metrics import EpochFigures, evaluate, wilson_interval
from convscope.report import Report, figures

MakeReport = Callable[..., Report]
ODD_NAMES = [
    "猫",
    "हिन्दी",
    "العربية",
    "שלום",
    "$x_1$",
    r"\frac{",
    "a\x00b",
    "",
    " ",
    "\udcff",
    "🐈",
    "x" * 300,
]


def size(png: bytes) -> tuple[int, int]:
    image = Image.open(io.BytesIO(png))
    image.verify()
    assert image.format == "PNG"
    return image.size


@pytest.mark.parametrize("classes", [1, 2, 10, 26, 30, 31, 100, 300])
def test_every_number_of_classes_has_a_readable_matrix(make_report: MakeReport, classes: int) -> None:
    evaluation = make_report([f"class number {i}" for i in range(classes)], count=1000).evaluation
    figure = figures.confusion(evaluation)
    width, height = size(figures.to_png(figure))
    assert 800 <= width <= 1600
    assert width == height

    (axes,) = figure.axes
    counts = sorted(text.get_text() for text in axes.texts)
    if classes <= 30:
        assert counts == sorted(str(n) for n in evaluation.confusion.ravel() if n)
    else:
        assert counts == []
    assert 1 <= len(axes.get_xticklabels()) <= 50


def test_a_matrix_shades_the_share_of_the_row_and_survives_an_empty_one(make_report: MakeReport) -> None:
    evaluation = make_report(["a", "b", "c"], count=2, skill=9.0).evaluation
    assert 0 in evaluation.confusion.sum(axis=1)
    figure = figures.confusion(evaluation)
    shades = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_allclose(shades.sum(axis=1), evaluation.confusion.sum(axis=1) > 0)
    figures.to_png(figure)


@pytest.mark.parametrize("classes", [1, 2, 30, 31, 100])
def test_the_bars_are_all_classes_or_those_with_the_lowest_f1(make_report: MakeReport, classes: int) -> None:
    evaluation = make_report([f"c{i}" for i in range(classes)], count=500).evaluation
    figure = figures.per_class(evaluation)
    width, height = size(figures.to_png(figure))
    assert width == round(figures.WIDTH * figures.DPI)
    assert 200 < height <= 1700

    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    lowest = sorted(range(classes), key=lambda i: evaluation.per_class[i].f1)[:30]
    assert names == [f"c{i}" for i in (range(classes) if classes <= 30 else lowest)]


def test_the_marks_are_precision_and_recall_and_the_lines_their_intervals(make_report: MakeReport) -> None:
    evaluation = make_report(["a", "b", "c"], count=90).evaluation
    (axes,) = figures.per_class(evaluation).axes
    precision, recall = axes.lines
    np.testing.assert_allclose(precision.get_xdata(), [row.precision for row in evaluation.per_class])
    np.testing.assert_allclose(recall.get_xdata(), [row.recall for row in evaluation.per_class])
    for lines, counts in zip(axes.collections, (0, 1), strict=True):
        drawn = [segment[:, 0] for segment in lines.get_segments()]
        hits = evaluation.confusion.diagonal()
        expected = [
            wilson_interval(*pair) for pair in zip(hits, evaluation.confusion.sum(counts), strict=True)
        ]
        np.testing.assert_allclose(drawn, expected)
        assert axes.get_xlim()[0] <= min(low for low, _ in expected)


def test_a_class_that_was_never_predicted_has_no_precision_to_draw(make_report: MakeReport) -> None:
    evaluation = make_report(["a", "b", "c"], count=2, skill=9.0).evaluation
    (axes,) = figures.per_class(evaluation).axes
    predicted = np.count_nonzero(evaluation.confusion.sum(axis=0))
    assert predicted < 3
    assert len(axes.lines[0].get_xdata()) == predicted
    figures.to_png(figures.per_class(evaluation))


def test_a_mark_at_nothing_does_not_lie_on_the_name_of_its_class() -> None:
    evaluation = evaluate(np.eye(2, dtype=np.float32)[[1, 1]], np.array([0, 1]), ["cat", "dog"])
    assert evaluation.per_class[0].recall == 0
    (axes,) = figures.per_class(evaluation).axes
    left, right = axes.get_xlim()
    assert left <= -0.02
    assert right == 1
    assert [tick for tick in axes.get_xticks() if left <= tick < 0] == []


def test_curves_hold_the_figures_of_the_epochs_and_mark_the_best(make_report: MakeReport) -> None:
    report = make_report(epochs=4)
    figure = figures.curves(report.epochs, best_epoch=3)
    loss, accuracy, rate = figure.axes
    np.testing.assert_allclose(rate.lines[0].get_ydata(), [e.learning_rate for e in report.epochs])
    np.testing.assert_allclose(loss.lines[0].get_ydata(), [e.train_loss for e in report.epochs])
    np.testing.assert_allclose(loss.lines[1].get_ydata(), [e.validation_loss for e in report.epochs])
    np.testing.assert_allclose(accuracy.lines[0].get_ydata(), [e.train_accuracy for e in report.epochs])
    np.testing.assert_allclose(accuracy.lines[1].get_ydata(), [e.validation_accuracy for e in report.epochs])
    train, validation, mark, line = loss.lines
    assert [train.get_label(), validation.get_label(), line.get_label()] == [
        "train",
        "validation",
        "best epoch: 3",
    ]
    assert (list(mark.get_xdata()), list(mark.get_ydata())) == ([3], [report.epochs[2].validation_loss])
    assert list(line.get_xdata()) == [3, 3]
    assert size(figures.to_png(figure)) == (896, 896)


def test_without_validation_there_is_only_the_training_curve(make_report: MakeReport) -> None:
    figure = figures.curves(make_report(validation=False).epochs)
    assert [line.get_label() for line in figure.axes[0].lines] == ["train"]
    figures.to_png(figure)


def test_a_learning_rate_that_stays_is_not_drawn() -> None:
    for rate in (0.01, None):
        epochs = [EpochFigures(n, 1.0, 0.5, None, None, 1.0, rate) for n in (1, 2, 3)]
        assert len(figures.curves(epochs).axes) == 2


def test_one_epoch_is_a_mark_at_a_whole_number(make_report: MakeReport) -> None:
    figure = figures.curves(make_report(epochs=1).epochs, best_epoch=1)
    figures.to_png(figure)
    for axes in figure.axes:
        assert {line.get_marker() for line in axes.lines} == {"o"}
        bottom, top = axes.get_ylim()
        assert all(bottom < value < top for line in axes.lines for value in np.asarray(line.get_ydata()))
    assert [tick for tick in figure.axes[1].get_xticks() if 0.5 <= tick <= 1.5] == [1]


def test_losses_that_are_not_finite_are_gaps() -> None:
    nan, inf = float("nan"), float("inf")
    epochs = [EpochFigures(1, 1.0, 0.5, inf, 0.5, 1.0), EpochFigures(2, inf, 0.5, nan, 0.5, 1.0)]
    figure = figures.curves(epochs, best_epoch=1)
    figures.to_png(figure)
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).tolist() == [False, True]


def test_an_epoch_without_validation_among_others_is_left_out() -> None:
    epochs = [EpochFigures(n, 1.0, 0.5, *((0.5, 0.5) if n % 2 else (None, None)), 1.0) for n in range(1, 6)]
    figure = figures.curves(epochs)
    assert list(figure.axes[0].lines[1].get_xdata()) == [1, 3, 5]


def test_names_that_no_font_or_formula_can_take_are_drawn(make_report: MakeReport) -> None:
    evaluation = make_report(ODD_NAMES, count=200).evaluation
    for figure in (figures.confusion(evaluation), figures.per_class(evaluation)):
        size(figures.to_png(figure))
    labels = [text.get_text() for text in figures.confusion(evaluation).axes[0].get_yticklabels()]
    assert labels[0] == "#0"
    assert labels[4] == "$x_1$"
    assert labels[7] == "#7"
    assert labels[-1] == "xxxxxxxxx…xxxxxx"


def test_the_reliability_diagram_holds_the_bins() -> None:
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.ones(4), 500)
    result = calibration(probabilities, rng.integers(0, 4, 500))
    figure = figures.calibration(result)
    shares, counts = figure.axes
    confidence, accuracy = shares.lines[1].get_data()
    np.testing.assert_allclose(confidence, [b.confidence for b in result.filled])
    np.testing.assert_allclose(accuracy, [b.right / b.count for b in result.filled])
    drawn = [segment[:, 1] for segment in shares.collections[0].get_segments()]
    np.testing.assert_allclose(drawn, [wilson_interval(b.right, b.count) for b in result.filled])
    assert [bar.get_height() for bar in counts.patches] == [b.count for b in result.filled]
    assert [text.get_text() for text in counts.texts] == [str(b.count) for b in result.filled]
    assert size(figures.to_png(figure)) == (896, 896)


def test_the_same_figure_gives_the_same_bytes(make_report: MakeReport) -> None:
    evaluation = make_report().evaluation
    once, again = (figures.to_png(figures.confusion(evaluation)) for _ in range(2))
    assert once == again


def test_the_kept_epoch_is_not_called_best(make_report: MakeReport) -> None:
    (upper, *_) = figures.curves(make_report(epochs=3).epochs, kept_epoch=3).axes
    labels = [line.get_label() for line in upper.lines]
    assert "kept epoch: 3" in labels
    assert not [label for label in labels if "best" in str(label)]
