"""The figures of a card: of the test pictures, over seeds, by class, of confidence, and under changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...calibration import expected_error
from ...look.breaking.robustness import Curve
from ...metrics import ClassFigures, ClassIntervals, Evaluation, wilson_interval
from ...spread import Spread
from ...training.reports.kept import Foreign
from .known import Known
from .markdown import bullets, code, interval, percent, table, text

LISTED = 30  # classes in the table; of more, the weakest
MISTAKES = 5
STARTER_SEEDS = (
    "The spread over ten seeds, of which this one is the best, is in convscope's `docs/results.md`; "
    "`convscope train --recipe starter --seeds 10` measures it again."
)
WITHOUT_RUN = "not known of a bundle without its run"


def results(known: Known) -> str:
    """Of the final evaluation."""
    evaluation = known.evaluation
    if evaluation is None:
        data = "" if known.recipe else " --data DATA"
        command = code(known.command("eval {}") + data)
        return f"Not measured in this bundle; {command} measures its accuracy."
    ends = wilson_interval(evaluation.correct, evaluation.count)
    rows = [("figure", "value", ""), (
        f"{evaluation.split} accuracy", percent(evaluation.accuracy),
        f"{evaluation.correct:,} of {evaluation.count:,} right; 95 % interval {interval(ends)}",
    ), (f"{evaluation.split} loss", f"{evaluation.loss:.4f}", "mean cross-entropy, nats")]  # fmt: skip
    if known.bins is not None:
        sure = sum(bin_.confidence * bin_.count for bin_ in known.bins if bin_.count) / evaluation.count
        what = f"mean confidence {percent(sure)} beside accuracy {percent(evaluation.accuracy)}"
        rows.append(("calibration error", percent(expected_error(known.bins)), f"{what}; ECE of 15 bins"))
    parts = [table(rows, right=[1])]
    if known.bins is None:
        why = WITHOUT_RUN if known.run is None else "not known: predictions.csv is not of these figures"
        parts.append(f"Calibration: {why}.")
    return "\n\n".join([*parts, "### Over seeds", seeds(known), "### By class", by_class(known, evaluation)])


def seeds(known: Known) -> str:
    """How the figures spread over runs that differ in their seed alone."""
    if known.comes_along:
        return STARTER_SEEDS
    if known.series is None and known.run is None:
        return f"The spread is {WITHOUT_RUN}."
    if known.series is None:
        command = known.command("train --recipe {}/recipe.toml --seeds 30")
        return f"The spread was not measured; {code(command)} measures it."
    series, accuracy = known.series, known.series.spread("accuracy")
    loss = series.spread("loss")
    if accuracy is None:
        return "A run of the series has no figures, so there is no spread."
    rows = [("over seeds", "mean ± std", "95 % interval of the mean", "least to most"),
            _spread("accuracy", accuracy, 100, " %", 2)]  # fmt: skip
    rows += [_spread("loss", loss, 1, "", 4)] if loss is not None else []
    return f"{len(series.runs)} runs that differ in their seed alone, of which this is one:\n\n{table(rows)}"


def _spread(name: str, of: Spread, unit: float, sign: str, digits: int) -> tuple[str, ...]:
    mean, std, low, high, least, most = (
        f"{value * unit:.{digits}f}" for value in (of.mean, of.std, of.low, of.high, of.least, of.most)
    )
    return name, f"{mean}{sign} ± {std}{sign}", f"{low} to {high}{sign}", f"{least} to {most}{sign}"


def by_class(known: Known, evaluation: Evaluation) -> str:
    """Precision and recall of each class, the weakest, and what is taken for what."""
    figures = list(zip(evaluation.per_class, evaluation.intervals, strict=True))
    parts = []
    if len(figures) > LISTED:
        figures = sorted(figures, key=lambda pair: pair[0].recall)[:LISTED]
        parts.append(f"The {LISTED} of {len(evaluation.per_class):,} classes with the least recall:")
    rows = [("class", "precision", "recall", "F1", f"{known.noun}s", "95 % interval of recall")]
    parts.append(table([*rows, *(_class(*pair) for pair in figures)], right=[1, 2, 3, 4]))
    there = [figures for figures in evaluation.per_class if figures.support]
    weakest = min(there, key=lambda figures: figures.recall)
    mistakes = list(_mistakes(evaluation))
    said = [
        f"Weakest: {text(weakest.name)}, {percent(weakest.recall, 1)} of {weakest.support:,} found.",
        f"Most mistaken: {', '.join(mistakes)}.",
    ]
    return "\n\n".join([*parts, bullets(said) if mistakes else f"All {known.noun}s are right."])


def _class(figures: ClassFigures, intervals: ClassIntervals) -> tuple[str, ...]:
    shares = (percent(share, 1) for share in (figures.precision, figures.recall, figures.f1))
    ends = interval(intervals.recall) if intervals.recall else "none to measure"
    return text(figures.name), *shares, f"{figures.support:,}", ends


def _mistakes(evaluation: Evaluation) -> Iterator[str]:
    """The pairs of classes that are mixed up most often."""
    names, confusion = [text(figures.name) for figures in evaluation.per_class], evaluation.confusion
    pairs = [(-int(confusion[i, j]), i, j) for i, j in zip(*confusion.nonzero(), strict=True) if i != j]
    for count, i, j in sorted(pairs)[:MISTAKES]:
        yield f"{names[i]} for {names[j]} ({-count:,})"


def robustness(known: Known) -> str:
    """Accuracy under attacks and changes, where it was measured."""
    if known.noun != "picture":
        return f"Attacks and changes are of pictures; this network takes {known.noun}s."
    measured = known.robustness
    if measured is None or isinstance(measured, Foreign):
        return _not_measured(known, measured, "attack {}", "Accuracy under attacks, noise and moves")
    rows = [("change", "unit", "right at each level")]
    rows += [
        (text(curve.name), text(_unit(curve)), _levels(curve, measured.count)) for curve in measured.curves
    ]
    ends = interval(wilson_interval(measured.clean, measured.count))
    what = (
        f"{measured.count:,} {measured.split} pictures, drawn by seed {measured.seed}, of which "
        f"{percent(measured.clean / measured.count)} are right as they are (95 % interval {ends})."
    )
    parts = [what, *([table(rows)] if measured.curves else [])]
    if measured.shifts:
        layers = [("layer", "distance after a shift by 1 pixel", "by a whole position")]
        for shift in measured.shifts:
            aligned = "" if shift.aligned is None else f"{shift.aligned:.3f} (by {shift.jump})"
            layers.append((text(shift.layer), f"{shift.distance:.3f}", aligned))
        parts += [
            "How far the maps of a shifted picture are from the shifted maps:",
            table(layers, right=[1, 2]),
        ]
    return "\n\n".join(parts)


def _unit(curve: Curve) -> str:
    return ", ".join(part for part in (curve.unit, curve.how) if part)


def _levels(curve: Curve, count: int) -> str:
    pairs = zip(curve.levels, curve.correct, strict=True)
    return ", ".join(f"{level:g}: {percent(right / count, 1)}" for level, right in pairs)


def suspects(known: Known) -> str:
    """What is doubtful in the data, where it was searched."""
    found = known.suspects
    if found is None or isinstance(found, Foreign):
        what = "Wrong labels, near-duplicates and outliers in the data"
        return _not_measured(known, found, "data suspects --run {}", what)
    method, noun = found.method, known.noun
    counts: dict[str, Any] = dict(method.get("found") or {})
    words = {
        "label": "labels that are probably wrong",
        "duplicate": "near-duplicates in two parts or classes",
        "outlier": f"{noun}s like no other",
    }
    said = ", ".join(f"{counts[kind]:,} {what}" for kind, what in words.items() if kind in counts)
    sentences = [f"Of {found.count:,} {noun}s: {said or 'none was found'}. Nothing was changed."]
    if "agreement" in method:
        agree = percent(method["agreement"], 1)
        sentences.append(f"Networks of {method.get('folds')} folds agree with {agree} of all labels.")
    if method.get("trust") in ("doubtful", "too weak"):
        sentences.append("That is too little to take their word for the number of wrong labels.")
    return " ".join(sentences)


def _not_measured(known: Known, foreign: Foreign | None, command: str, what: str) -> str:
    measures = f"{code(known.command(command))} measures it."
    if known.run is not None:
        return f"{what}: not measured; {measures}{f' {foreign}' if foreign is not None else ''}"
    return f"{what}: {WITHOUT_RUN}{'.' if '--run' in command else f'; {measures}'}"
