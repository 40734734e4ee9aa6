"""After training: the predictions table and the report of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import report
from ..calibration import Calibration, calibration
from ..data import Dataset, Split
from ..errors import DataError
from ..graph import summarize
from ..runs.directory import RunDirectory
from ..runs.run import Run

WORST_MISTAKES = 12
CLASSES_SAID = 3  # of each, the most probable ones


def write_outcome(
    directory: RunDirectory, run: Run, dataset: Dataset, logits: np.ndarray, *, with_report: bool = True
) -> None:
    """Write `predictions.csv`, and with the report `report.html` and `figures/`, from the final outputs.

    `logits` is float32 (N, classes), a row per picture of `dataset.evaluation`.
    """
    bundle = run.bundle
    _, split = dataset.evaluation
    probabilities = bundle.to_probabilities(logits)
    directory.write_predictions(split.names, split.labels, probabilities, bundle.classes)
    if with_report:
        report.write(_content(run, dataset, probabilities), directory.path)


def _content(run: Run, dataset: Dataset, probabilities: np.ndarray) -> report.Report:
    bundle = run.bundle
    _, split = dataset.evaluation
    splits = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    shown = _first_right(split, probabilities)
    return report.Report(
        title=f"{bundle.net} on {dataset.name}",
        net=bundle.net,
        data=dataset.name,
        engine=run.engine,
        parameters=run.parameters,
        seconds=run.seconds,
        epochs=run.epochs,
        best_epoch=run.best_epoch if dataset.validation is not None else None,
        evaluation=run.evaluation,
        classes=bundle.classes,
        summary_text=(
            str(summarize(bundle.graph)) if bundle.graph else f"{bundle.net}: not in convscope's graph."
        ),
        calibration=_calibration(probabilities, split.labels),
        filters=report.first_filters(bundle.graph, bundle.weights),
        feature_maps=report.feature_maps(
            bundle.graph,
            bundle.weights,
            bundle.preprocessing.batch(split.images[shown : shown + 1]),
            _answer(split, shown, probabilities, bundle.classes),
        ),
        recipe=run.recipe.model_dump(),
        versions=bundle.info["versions"],
        machine=bundle.info["machine"],
        counts={
            name: np.bincount(part.labels, minlength=len(bundle.classes)).tolist()
            for name, part in splits.items()
            if part is not None
        },
        checksum=dataset.checksum,
        records=f"{bundle.preprocessing.noun}s",
        loss="train: the program's own" if bundle.info.get("by_hand") else "cross-entropy",
        notes=run.notes,
        mistakes=_mistakes(split, probabilities, bundle.classes),
    )


def _calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration | report.Absent:
    try:
        return calibration(probabilities, labels)
    except DataError as error:
        return report.Absent(f"There is no calibration: {error}")


def _mistakes(split: Split, probabilities: np.ndarray, classes: Sequence[str]) -> list[report.Answer]:
    """The wrong answers that the network was surest of, the surest first."""
    best = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(best != split.labels)
    surest = wrong[np.argsort(-probabilities[wrong, best[wrong]], kind="stable")][:WORST_MISTAKES]
    return [_answer(split, int(i), probabilities, classes) for i in surest]


def _first_right(split: Split, probabilities: np.ndarray) -> int:
    """The first record that was classified right; the first of all where none was."""
    return int((probabilities.argmax(axis=1) == split.labels).argmax())


def _answer(split: Split, i: int, probabilities: np.ndarray, classes: Sequence[str]) -> report.Answer:
    row = probabilities[i]
    return report.Answer(
        record=split.images[i],
        name="/".join(Path(split.names[i]).parts[-2:]),
        truth=classes[split.labels[i]],
        said=[(classes[k], float(row[k])) for k in np.argsort(-row, kind="stable")[:CLASSES_SAID]],
        truth_probability=float(row[split.labels[i]]),
    )
