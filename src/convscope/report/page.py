"""The page: a report and its figures put into the words and the template of `report.html`."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

import numpy as np
from markupsafe import Markup

from ..drawing import wording
from ..drawing.tiles import limit_of
from ..graph.operation import spell
from ..look.inside.layers import label_of
from ..metrics import Evaluation, wilson_interval
from ..page_template import page_template
from . import matrix, measured, pictures
from .answers import answers_json
from .cards import answer_view
from .content import Absent, FeatureMaps, Report
from .drawing import feature_map_name, shows_colours
from .figures import MOST_BARS, axis_labels
from .selection import SUREST
from .sheets import make_sheets

MOST_CONFUSIONS = 10
MOST_NARROW = 10  # classes up to which the confusion matrix fits beside the curves
SCRIPTS = ("answers", "pager", "mistakes", "confusion")  # a later one uses the ones before it
SECTIONS = (  # of those that are measured later, the ones that are there
    *("curves", "confusion", "classes", "mistakes", "calibration", "filters", "maps", "patches"),
    *("attributions", "robustness", "suspects", "unmeasured"),
    *("network", "data", "versions", "recipe"),
)


@dataclass(frozen=True)
class Headline:
    """One of the large numbers at the top: what it is, the number, and what to know about it."""

    name: str
    value: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Confusion:
    """`count` records of class `truth` were taken for `predicted`; `share` of that class, as text.

    `cell` is its row and column in the confusion matrix, for the page's script.
    """

    truth: str
    predicted: str
    count: int
    share: str
    cell: str


@dataclass(frozen=True)
class ClassRow:
    """A class in numbers, as text; "–" where there is nothing to divide by, and then no interval."""

    name: str
    precision: str
    precision_interval: str
    recall: str
    recall_interval: str
    f1: str
    support: str


@dataclass(frozen=True)
class LayerView:
    """The maps of a layer: `figure` is the name of its figure."""

    figure: str
    label: str
    shape: str
    shown: str
    limit: str


def render(report: Report, figures: Mapping[str, bytes]) -> str:
    """The HTML of the report; `figures` are PNG bytes by name, as `drawing.draw` makes them."""
    template = page_template(
        __package__,
        "templates/report.html",
        percent=wording.percent,
        loss=wording.loss,
        duration=wording.duration,
        significant=wording.significant,
    )
    evaluation, classes = report.evaluation, len(report.evaluation.per_class)
    maps, filters, mistakes = report.feature_maps, report.filters, report.mistakes
    later = {
        "patches": measured.patches(report.patches),
        "attributions": measured.attributions(report.attributions),
        "robustness": measured.robustness(report.robustness),
        "suspects": measured.suspects(report.suspects),
        "unmeasured": measured.unmeasured(report),
    }
    sheets = make_sheets(report.answers)
    script, script_hash = _script() if report.answers else (Markup(), "none")
    return template.render(
        report=report,
        evaluation=evaluation,
        sections=[name for name in SECTIONS if later.get(name, True)],
        script=script,
        script_hash=script_hash,
        answers_json=answers_json(report.answers, sheets, evaluation) if report.answers else "",
        headlines=list(_headlines(report)),
        figures={name: pictures.data_uri(png) for name, png in figures.items()},
        confusions=_confusions(evaluation),
        matrix=matrix.of_counts(evaluation),
        many_classes=classes > MOST_NARROW,
        bars=min(classes, MOST_BARS),
        numbered=any(label.startswith("#") for label in axis_labels(report.classes)),
        class_rows=list(_class_rows(evaluation)),
        mistakes=[answer_view(mistake) for mistake in mistakes[:SUREST]],
        wrong=evaluation.count - evaluation.correct,
        listed=sum(not answer.right for answer in report.answers[: sheets.count]),
        calibration=None if isinstance(report.calibration, Absent) else report.calibration,
        filters=None if isinstance(filters, Absent) else filters,
        filters_limit="" if isinstance(filters, Absent) else wording.significant(limit_of(filters.values)),
        filters_colours=not isinstance(filters, Absent) and shows_colours(filters),
        maps=None if isinstance(maps, Absent) else maps,
        maps_answer=None if isinstance(maps, Absent) else answer_view(maps.answer),
        layers=[] if isinstance(maps, Absent) else list(_layers(maps)),
        **later,
        counts=_counts(report),
        settings=list(wording.settings(report.recipe)),
    )


def _script() -> tuple[Markup, str]:
    """The page's script, and the source that a Content-Security-Policy knows it by: no other may run."""
    folder = resources.files(__package__) / "scripts"
    text = "\n" + "\n".join((folder / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"sha256-{digest}"


def _headlines(report: Report) -> Iterator[Headline]:
    evaluation = report.evaluation
    split, right, count = evaluation.split, evaluation.correct, evaluation.count
    low, high = (wording.percent(bound) for bound in wilson_interval(right, count))
    interval = (f"95 % interval: {low} to {high}", f"{right:,} of {count:,} right")
    yield Headline(f"{split.capitalize()} accuracy", wording.percent(evaluation.accuracy), interval)
    yield Headline(f"{split.capitalize()} loss", wording.loss(evaluation.loss), ("cross-entropy",))
    yield Headline("Parameters", f"{report.parameters:,}", (report.net,))
    yield Headline("Training time", wording.duration(report.seconds), (f"{report.engine} engine",))
    marked = (("best", report.best_epoch), ("kept", report.kept_epoch))
    remarks = tuple(f"{word}: epoch {epoch}" for word, epoch in marked if epoch is not None)
    yield Headline("Epochs", f"{len(report.epochs):,}", remarks)


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
            f"{truth} {predicted}",
        )
        for truth, predicted in pairs
        if wrong[truth, predicted] > 0
    ]


def _class_rows(evaluation: Evaluation) -> Iterator[ClassRow]:
    def texts(share: float, interval: tuple[float, float] | None) -> tuple[str, str]:
        return ("–", "") if interval is None else (f"{share:.3f}", f"{interval[0]:.3f}–{interval[1]:.3f}")

    for figures, intervals in zip(evaluation.per_class, evaluation.intervals, strict=True):
        yield ClassRow(
            figures.name,
            *texts(figures.precision, intervals.precision),
            *texts(figures.recall, intervals.recall),
            "–" if intervals.precision is None and intervals.recall is None else f"{figures.f1:.3f}",
            f"{figures.support:,}",
        )


def _layers(maps: FeatureMaps) -> Iterator[LayerView]:
    for number, layer in enumerate(maps.layers, start=1):
        shown, channels = len(layer.values), layer.shape[0]
        yield LayerView(
            figure=feature_map_name(number),
            label=label_of(layer.nodes),
            shape=spell(layer.shape),
            shown=f"the first {shown} of {channels} maps" if shown < channels else f"all {channels} maps",
            limit=wording.significant(limit_of(layer.values)),
        )


def _counts(report: Report) -> list[tuple[str, list[int]]]:
    """How many records of each class each split has, class by class, and the sums."""
    splits = [list(map(int, counts)) for counts in report.counts.values()]
    rows = [(name, list(row)) for name, row in zip(report.classes, zip(*splits, strict=True), strict=False)]
    return [*rows, ("all", [sum(counts) for counts in splits])] if splits else []
