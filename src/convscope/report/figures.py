"""The figures of a report, drawn with matplotlib's objects: no pyplot, no state outside the figure.

They are dark ink on white, with type large enough to be read on a telephone; the page turns them
over in dark mode.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..calibration import Calibration
from ..look import Curve, Robustness
from ..look.breaking.attack import ATTACKS
from ..metrics import EpochFigures, Evaluation, wilson_interval

INK, MUTED, GRID = "#1f2933", "#52606d", "#e4e7eb"
BAR = "#c3d9f7"
BLUE, ORANGE = "#2563c9", "#d9730d"  # told apart by every common kind of colour vision
SHADES = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#c3d9f7", "#5b95e0", "#1d4fa3", "#0b2a63"])

WIDTH = 5.6  # inches; at this width 11 points are readable in a column of 340 pixels
DPI = 160
MOST_NUMBERS = 30  # classes up to which a confusion matrix carries its counts
MOST_BARS = 30  # classes up to which all are drawn in `per_class`
MOST_LETTERS = 16
MOST_PANELS = 3  # beside each other
_PERCENT = FuncFormatter(lambda share, _: f"{100 * share:.4g} %")


def curves(
    epochs: Sequence[EpochFigures],
    best_epoch: int | None = None,
    loss: str = "cross-entropy",
    *,
    kept_epoch: int | None = None,
) -> Figure:
    """Loss, accuracy and, where it changes, the learning rate over the epochs.

    The best epoch is marked, or the one whose weights were kept for another reason. Needs at least one epoch.
    """
    word, marked = ("best", best_epoch) if kept_epoch is None else ("kept", kept_epoch)
    rates = [figures.learning_rate for figures in epochs]
    with_rates = len(set(rates)) > 1 and None not in rates
    figure = Figure(figsize=(WIDTH, WIDTH), layout="constrained", facecolor="white")
    ratios = (5, 5, 2) if with_rates else (1, 1)
    panels = figure.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
    upper, lower, lowest = panels[0], panels[1], panels[-1]
    numbers = [figures.epoch for figures in epochs]
    _lines(
        upper,
        numbers,
        [figures.train_loss for figures in epochs],
        [figures.validation_loss for figures in epochs],
        marked,
        word,
    )
    _lines(
        lower,
        numbers,
        [figures.train_accuracy for figures in epochs],
        [figures.validation_accuracy for figures in epochs],
        marked,
        word,
    )
    _style(upper, title=f"Loss ({loss})")
    _style(lower, title="Accuracy")
    lower.yaxis.set_major_formatter(_PERCENT)
    if with_rates:
        lowest.plot(numbers, rates, color=MUTED, linewidth=2)
        lowest.set_ylim(0, 1.15 * max(rate for rate in rates if rate is not None))
        lowest.yaxis.set_major_locator(MaxNLocator(nbins=2))
        _style(lowest, title="Learning rate at the end of the epoch")
    lowest.set_xlabel("epoch", fontsize=11, color=MUTED)
    lowest.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    room = 0.5 if len(epochs) == 1 else min(0.5, 0.03 * (numbers[-1] - numbers[0]))
    lowest.set_xlim(numbers[0] - room, numbers[-1] + room)
    if len(epochs) == 1:  # with nothing to compare, a full scale says more than an enlarged one
        upper.set_ylim(0, 1.1 * upper.get_ylim()[1])
        lower.set_ylim(0, 1.05)
    _legend(figure, upper, handlelength=1.6)
    return figure


def curves_of_two(a: Sequence[EpochFigures], b: Sequence[EpochFigures]) -> Figure:
    """Loss and accuracy of two runs over each other: of validation, and thin and broken of training.

    Needs at least one epoch of one of them.
    """
    figure = Figure(figsize=(WIDTH, WIDTH * 0.9), layout="constrained", facecolor="white")
    panels = figure.subplots(2, 1, sharex=True)
    for axes, what in zip(panels, ("loss", "accuracy"), strict=True):
        for name, colour, epochs in (("A", BLUE, a), ("B", ORANGE, b)):
            _line_of_two(axes, epochs, f"validation_{what}", colour, name, linewidth=2)
            _line_of_two(axes, epochs, f"train_{what}", colour, f"{name}, train", linewidth=1, linestyle="--")
        _style(axes, title=what.capitalize())
    panels[1].yaxis.set_major_formatter(_PERCENT)
    panels[1].set_xlabel("epoch", fontsize=11, color=MUTED)
    panels[1].xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))
    _legend(figure, panels[0], handlelength=1.6)
    return figure


def _line_of_two(
    axes: Axes, epochs: Sequence[EpochFigures], figure: str, colour: str, name: str, **style: Any
) -> None:
    values = [(of.epoch, getattr(of, figure)) for of in epochs]
    points = [(epoch, value) for epoch, value in values if value is not None and math.isfinite(value)]
    if points:
        mark = "o" if len(points) <= 20 else ""
        axes.plot(*zip(*points, strict=True), color=colour, label=name, marker=mark, markersize=4, **style)


def confusion(evaluation: Evaluation) -> Figure:
    """Rows are the truth, columns the predictions; the shade is the share of the row."""
    matrix = evaluation.confusion
    size = len(matrix)
    side = WIDTH if size <= 10 else min(9.5, WIDTH + 0.3 * (size - 10))
    figure = Figure(figsize=(side, side), layout="constrained", facecolor="white")
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=SHADES, norm=PowerNorm(0.5, 0, 1), interpolation="nearest", aspect="equal")

    if size <= MOST_NUMBERS:
        digits = len(str(matrix.max()))
        points = min(16.0, 0.8 * side * 72 / size / max(digits, 2))
        for row, column in np.argwhere(matrix > 0):
            share, count = shares[row, column], matrix[row, column]
            ink = "white" if share > 0.3 else INK
            axes.text(column, row, str(count), ha="center", va="center", fontsize=points, color=ink)
    edges = np.arange(0, size + 1, 1 if size <= MOST_NUMBERS else 10) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color=GRID, linewidth=0.8)

    shown = np.arange(0, size, math.ceil(size / 50))
    names = axis_labels([figures.name for figures in evaluation.per_class])
    points = 11.0 if size <= 12 else 9.0 if size <= MOST_NUMBERS else 7.5
    upright = size > MOST_NUMBERS or max(len(name) for name in names) * size > 48
    axes.set_xticks(shown, [names[i] for i in shown], rotation=90 if upright else 0)
    axes.set_yticks(shown, [names[i] for i in shown])
    for label in axes.get_xticklabels() + axes.get_yticklabels():
        label.set(fontsize=points, color=INK, parse_math=False)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("predicted", fontsize=11, color=MUTED)
    axes.set_ylabel("truth", fontsize=11, color=MUTED)
    return figure


def per_class(evaluation: Evaluation) -> Figure:
    """Precision and recall of each class with their 95 % intervals; of very many classes the lowest F1.

    A class without a figure, because there is nothing to divide by, has no mark.
    """
    chosen = list(range(len(evaluation.per_class)))
    if len(chosen) > MOST_BARS:
        chosen = sorted(chosen, key=lambda i: evaluation.per_class[i].f1)[:MOST_BARS]
    names = axis_labels([figures.name for figures in evaluation.per_class])
    figure = Figure(figsize=(WIDTH, 1.3 + 0.3 * len(chosen)), layout="constrained", facecolor="white")
    axes = figure.subplots()
    intervals = evaluation.intervals
    low = 1.0
    for kind, colour, mark, shift in (("precision", BLUE, "o", -0.17), ("recall", ORANGE, "D", 0.17)):
        marks = [
            (row + shift, getattr(evaluation.per_class[i], kind), interval)
            for row, i in enumerate(chosen)
            if (interval := getattr(intervals[i], kind)) is not None
        ]
        rows, shares = [row for row, _, _ in marks], [share for _, share, _ in marks]
        below, above = [interval[0] for *_, interval in marks], [interval[1] for *_, interval in marks]
        axes.hlines(rows, below, above, color=colour, linewidth=1.6, alpha=0.6)
        axes.plot(shares, rows, mark, color=colour, label=kind, markersize=5.5, clip_on=False, zorder=3)
        low = min([low, *below])
    _style(axes)
    axes.grid(axis="y", visible=False)
    axes.set_yticks(range(len(chosen)), [names[i] for i in chosen], fontsize=11, color=INK, parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    left = min(0.9, math.floor(low * 10) / 10)
    axes.set_xlim(left - 0.03 * (1 - left), 1)  # no mark lies on a name
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(_PERCENT)
    _legend(figure, axes, handlelength=1.2)
    return figure


def calibration(result: Calibration) -> Figure:
    """Above, the share that was right over the confidence, with its 95 % interval; below, how many."""
    figure = Figure(figsize=(WIDTH, WIDTH), layout="constrained", facecolor="white")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(5, 2))
    confidence = [bin_.confidence for bin_ in result.filled]
    ranges = [wilson_interval(bin_.right, bin_.count) for bin_ in result.filled]
    upper.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), label="as sure as right")
    upper.vlines(confidence, *zip(*ranges, strict=True), color=BLUE, linewidth=1.6, alpha=0.6)
    accuracy = [bin_.accuracy for bin_ in result.filled]
    upper.plot(
        confidence, accuracy, "o", color=BLUE, markersize=6, label="share right", clip_on=False, zorder=3
    )
    upper.set_ylim(0, 1)
    _style(upper, title="Share right")
    upper.yaxis.set_major_formatter(_PERCENT)

    width = 1 / len(result.bins)
    middles, counts = [bin_.low + width / 2 for bin_ in result.filled], [b.count for b in result.filled]
    bars = lower.bar(middles, counts, width=0.9 * width, color=BAR)
    lower.bar_label(bars, [f"{count:,}" for count in counts], fontsize=8, color=MUTED, padding=1)
    lower.set_ylim(0, 1.25 * max(counts))
    _style(lower, title="How many")
    lower.yaxis.set_major_locator(MaxNLocator(nbins=2, integer=True))
    lower.set_xlim(0, 1)
    lower.xaxis.set_major_formatter(_PERCENT)
    lower.set_xlabel("confidence: probability of the predicted class", fontsize=11, color=MUTED)
    _legend(figure, upper, handlelength=1.6)
    return figure


def robustness(measured: Robustness) -> Figure:
    """The share right over the level of each attack and change, with 95 % intervals.

    Attacks share a panel, each change has its own; one without a measure, on or off, has bars. However many
    there are the figure is as wide, so that its letters are of one size. Needs at least one curve.
    """
    panels: dict[str, list[Curve]] = {}
    for curve in measured.curves:
        title = f"{curve.name}, {curve.unit}" if curve.unit else curve.name
        panels.setdefault(f"epsilon, {curve.unit}" if curve.name in ATTACKS else title, []).append(curve)
    columns = min(max(len(panels), 2), MOST_PANELS)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(1.85 * WIDTH, 0.5 + 2.4 * rows), layout="constrained", facecolor="white")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (title, curves) in zip(grid.flat, panels.items(), strict=False):
        for curve, colour in zip(curves, (BLUE, ORANGE, MUTED, INK) * len(curves), strict=False):
            shares = [right / measured.count for right in curve.correct]
            ranges = [wilson_interval(right, measured.count) for right in curve.correct]
            if curve.unit:
                axes.plot(
                    curve.levels, shares, "o-", color=colour, label=curve.name, markersize=4.5, linewidth=2
                )
            else:
                axes.bar(curve.levels, shares, width=0.5, color=BAR)
            axes.vlines(curve.levels, *zip(*ranges, strict=True), color=colour, linewidth=1.6, alpha=0.6)
        axes.set_ylim(0, 1.02)
        _style(axes, title=title)
        axes.yaxis.set_major_formatter(_PERCENT)
        levels = sorted({level for curve in curves for level in curve.levels})
        if curves[0].unit:
            axes.set_xticks(levels, _level_labels(levels))
        else:
            axes.set_xticks(levels, ["no" if level == 0 else "yes" for level in levels])
            axes.set_xlim(levels[0] - 0.75, levels[-1] + 0.75)
            axes.grid(axis="x", visible=False)
        if len(curves) > 1:
            axes.legend(frameon=False, fontsize=11, labelcolor=INK)
    for axes in list(grid.flat)[len(panels) :]:
        axes.set_visible(False)
    return figure


def _level_labels(levels: Sequence[float]) -> list[str]:
    """The levels of an axis in order, but nothing where there is no room for a number.

    >>> _level_labels([0, 2, 4, 8, 16, 32, 76.5])
    ['0', '', '', '8', '16', '32', '76.5']
    """
    texts = [f"{level:g}" for level in levels]
    span = (levels[-1] - levels[0]) or 1.0
    kept: list[int] = []
    for i in dict.fromkeys([0, *range(len(levels) - 1, -1, -1)]):  # both ends, then from the largest down
        room = ((abs(levels[i] - levels[k]) / span, len(texts[i]) + len(texts[k])) for k in kept)
        if all(gap >= 0.02 + 0.02 * letters for gap, letters in room):
            kept.append(i)
    return [text if i in kept else "" for i, text in enumerate(texts)]


def to_png(figure: Figure) -> bytes:
    """The figure as PNG bytes; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # `axis_labels` asks for each character alone; shaping can still need a glyph the font does not have.
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)
        figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _legend(figure: Figure, axes: Axes, *, handlelength: float) -> None:
    """What `axes` shows, in one row above everything."""
    handles, names = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside upper right",
        ncols=len(names),
        frameon=False,
        fontsize=11,
        labelcolor=INK,
        handlelength=handlelength,
        columnspacing=1.4,
    )


def _lines(
    axes: Axes,
    epochs: Sequence[int],
    train: Sequence[float],
    validation: Sequence[float | None],
    marked: int | None,
    word: str,
) -> None:
    mark = "o" if len(epochs) <= 20 else ""
    series = [("train", BLUE, train), ("validation", ORANGE, validation)]
    for name, colour, values in series:
        points = [(epoch, value) for epoch, value in zip(epochs, values, strict=True) if value is not None]
        if points:
            x, y = zip(*points, strict=True)
            y = tuple(value if math.isfinite(value) else math.nan for value in y)
            axes.plot(x, y, color=colour, label=name, linewidth=2, marker=mark, markersize=4.5)
            if marked is not None and marked in x and name == "validation":
                value = y[x.index(marked)]
                axes.plot(
                    [marked], [value], "o", color=colour, markersize=9, markeredgecolor="white", zorder=4
                )
    if marked is not None and len(epochs) > 1:
        label = f"{word} epoch: {marked}"
        axes.axvline(marked, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1, label=label)


def _style(axes: Axes, title: str = "") -> None:
    if title:
        axes.set_title(title, fontsize=12, color=INK, loc="left", fontweight="bold")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color("#9aa5b1")
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=11, labelcolor=MUTED, color="#9aa5b1", length=3)


def axis_labels(names: Sequence[str]) -> list[str]:
    """Names short enough for an axis; one that the font cannot write becomes its number in the table."""
    known = get_font(findfont(FontProperties())).get_charmap()
    labels = []
    for number, name in enumerate(names):
        words = " ".join(name.split())
        writable = words and all(ord(character) in known for character in words)
        text = words if writable else f"#{number}"
        if len(text) > MOST_LETTERS:  # the end stays: it is where "…_left" and "…_right" differ
            text = f"{text[: MOST_LETTERS - 7].rstrip()}…{text[-6:].lstrip()}"
        labels.append(text)
    return labels
