"""The page of two runs: put into the words and the template of `two.html`."""

from __future__ import annotations

from dataclasses import dataclass

from ..drawing import wording
from ..page_template import page_template
from . import figures, matrix, pictures
from .two import Disagreement, ReportOfTwo


@dataclass(frozen=True)
class ClassOfTwo:
    """A class: recall and precision of A and of B with their differences, as text, and its records."""

    name: str
    recall: tuple[str, str, str]
    precision: tuple[str, str, str]
    support: str


@dataclass(frozen=True)
class DisagreementView:
    """`source` is a data URI, or empty; A and B said what, with which probability."""

    source: str
    signal: bool
    name: str
    truth: str
    a: tuple[str, str]
    b: tuple[str, str]


def render_two(report: ReportOfTwo) -> str:
    """The HTML of the page."""
    a, b = report.a, report.b
    epochs = [*a.epochs, *b.epochs]
    curves = pictures.data_uri(figures.to_png(figures.curves_of_two(a.epochs, b.epochs))) if epochs else ""
    evaluations = a.evaluation, b.evaluation
    counts = [evaluation.confusion for evaluation in evaluations]
    comparable = report.only_a is not None
    return page_template(__package__, "templates/two.html").render(
        report=report,
        script_hash="none",
        curves=curves,
        matrix=matrix.of_differences(report.classes, *counts) if comparable else None,
        comparable=comparable,
        classes=_classes(report),
        directions=[
            (f"Only {name} gets right", found.count, [_view(one) for one in found.shown])
            for name, found in (("A", report.only_a), ("B", report.only_b))
            if found is not None
        ],
    )


def _classes(report: ReportOfTwo) -> list[ClassOfTwo]:
    rows = []
    parts = [
        zip(run.evaluation.per_class, run.evaluation.intervals, strict=True) for run in (report.a, report.b)
    ]
    for (a, known_a), (b, known_b) in zip(*parts, strict=True):
        pairs = [
            _pair(a.recall if known_a.recall else None, b.recall if known_b.recall else None),
            _pair(a.precision if known_a.precision else None, b.precision if known_b.precision else None),
        ]
        support = f"{a.support:,}" if a.support == b.support else f"{a.support:,}, {b.support:,}"
        rows.append(ClassOfTwo(a.name, pairs[0], pairs[1], support))
    return rows


def _pair(a: float | None, b: float | None) -> tuple[str, str, str]:
    texts = ["–" if share is None else wording.percent(share) for share in (a, b)]
    change = "" if a is None or b is None else wording.points(b - a)
    return texts[0], texts[1], change


def _view(one: Disagreement) -> DisagreementView:
    return DisagreementView(
        "" if one.record is None else pictures.data_uri(pictures.of_record(one.record)),
        one.record is not None and one.record.dtype.kind == "f",
        one.name,
        one.truth,
        (one.a[0], wording.percent(one.a[1])),
        (one.b[0], wording.percent(one.b[1])),
    )
