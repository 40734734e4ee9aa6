"""The page: a report and its figures put into the words and the template of `report.html`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..metrics import Evaluation, wilson_interval
from ..page_template import page_template
from . import pictures, wording
from .content import Mistake, Report
from .figures import MOST_BARS, MOST_NUMBERS

MOST_MISTAKES = 12
MOST_CONFUSIONS = 10
MOST_NARROW = 10  # classes up to which the confusion matrix fits beside the curves


@dataclass(frozen=True)
class Headline:
    """One of the large numbers at the top: what it is, the number, and what to know about it."""

    name: str
    value: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Confusion:
    """`count` records of class `truth` were taken for `predicted`; `share` of that class, as text."""

    truth: str
    predicted: str
    count: int
    share: str


@dataclass(frozen=True)
class MistakeView:
    """A mistake as the page shows it: `source` is a data URI, `truth` is not what was `predicted`."""

    source: str
    truth: str
    predicted: str
    probability: str
    name: str


def render(report: Report, figures: Mapping[str, bytes]) -> str:
    """The HTML of the report; `figures` are PNG bytes by name: curves (where there are epochs),
    confusion, per-class."""
    template = page_template(
        __package__, percent=wording.percent, loss=wording.loss, duration=wording.duration
    )
    classes = len(report.evaluation.per_class)
    return template.render(
        report=report,
        evaluation=report.evaluation,
        headlines=list(_headlines(report)),
        figures={name: pictures.data_uri(png) for name, png in figures.items()},
        confusions=_confusions(report.evaluation),
        show_matrix=classes <= MOST_NUMBERS,
        many_classes=classes > MOST_NARROW,
        bars=min(classes, MOST_BARS),
        mistakes=_mistakes(report),
        settings=list(wording.settings(report.recipe)),
    )


def _headlines(report: Report) -> Iterator[Headline]:
    evaluation = report.evaluation
    split, right, count = evaluation.split, evaluation.correct, evaluation.count
    low, high = (wording.percent(bound) for bound in wilson_interval(right, count))
    interval = (f"95 % interval: {low} to {high}", f"{right:,} of {count:,} right")
    yield Headline(f"{split.capitalize()} accuracy", wording.percent(evaluation.accuracy), interval)
    yield Headline(f"{split.capitalize()} loss", wording.loss(evaluation.loss), ("cross-entropy",))
    yield Headline("Parameters", f"{report.parameters:,}", (report.net,))
    yield Headline("Training time", wording.duration(report.seconds), (f"{report.engine} engine",))
    best = () if report.best_epoch is None else (f"best: epoch {report.best_epoch}",)
    yield Headline("Epochs", f"{len(report.epochs):,}", best)


def _confusions(evaluation: Evaluation) -> list[Confusion]:
    """The most frequent mistakes, as pairs of classes."""
    wrong = evaluation.confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_CONFUSIONS]
    names = [figures.name for figures in evaluation.per_class]
    support = [figures.support for figures in evaluation.per_class]
    pairs = [(int(cell) // len(names), int(cell) % len(names)) for cell in order]
    return [
        Confusion(
            names[truth],
            names[predicted],
            int(wrong[truth, predicted]),
            wording.percent(wrong[truth, predicted] / support[truth]),
        )
        for truth, predicted in pairs
        if wrong[truth, predicted] > 0
    ]


def _mistakes(report: Report) -> list[MistakeView]:
    """The mistakes the network was surest of."""

    def view(mistake: Mistake) -> MistakeView:
        source = pictures.data_uri(pictures.to_png(mistake.picture))
        probability = wording.percent(float(mistake.probability))
        return MistakeView(source, mistake.truth, mistake.predicted, probability, mistake.name)

    worst = sorted(report.mistakes, key=lambda mistake: -mistake.probability)
    return [view(mistake) for mistake in worst[:MOST_MISTAKES]]
