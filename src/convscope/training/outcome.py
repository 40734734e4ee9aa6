"""After training: the predictions table and the report of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import report
from ..data import Dataset, Split
from ..graph import summarize
from .run import Run
from .run_directory import RunDirectory

WORST_MISTAKES = 12


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
    if not with_report:
        return
    content = report.Report(
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
        recipe=run.recipe.model_dump(),
        versions={**bundle.info["versions"], **bundle.info["machine"]},
        notes=run.notes,
        mistakes=_mistakes(split, probabilities, bundle.classes) if split.images.dtype == np.uint8 else [],
    )
    report.write(content, directory.path)


def _mistakes(split: Split, probabilities: np.ndarray, classes: Sequence[str]) -> list[report.Mistake]:
    """The wrong answers that the network was surest of, the surest first."""
    best = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(best != split.labels)
    surest = wrong[np.argsort(-probabilities[wrong, best[wrong]], kind="stable")][:WORST_MISTAKES]
    return [
        report.Mistake(
            picture=split.images[i],
            truth=classes[split.labels[i]],
            predicted=classes[best[i]],
            probability=float(probabilities[i, best[i]]),
            name="/".join(Path(split.names[int(i)]).parts[-2:]),
        )
        for i in surest
    ]
