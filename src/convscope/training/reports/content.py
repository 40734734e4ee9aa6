"""What a report says, put together: from a run, its data, its outputs, and what was measured of it since."""

from __future__ import annotations

import numpy as np

from ... import report
from ...calibration import Calibration, calibration
from ...data import Dataset
from ...errors import DataError
from ...graph import summarize
from ...runs.run import Run
from .answers import answer, first_right, shown_answers
from .measured import Measured


def report_content(
    run: Run, dataset: Dataset, probabilities: np.ndarray, measured: Measured
) -> report.Report:
    """The report of a run; `probabilities` are (N, classes), a row per picture of `dataset.evaluation`."""
    bundle = run.bundle
    _, split = dataset.evaluation
    shown = first_right(split, probabilities)
    last = run.recipe.keep == "last"  # then the epoch of the weights is not chosen by its figures
    return report.Report(
        title=f"{bundle.net} on {dataset.name}",
        net=bundle.net,
        data=dataset.name,
        engine=run.engine,
        parameters=run.parameters,
        seconds=run.seconds,
        epochs=run.epochs,
        best_epoch=run.best_epoch if dataset.validation is not None and not last else None,
        kept_epoch=run.best_epoch if last else None,
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
            answer(split, shown, probabilities, bundle.classes),
        ),
        recipe=run.recipe.model_dump(),
        versions=bundle.info["versions"],
        machine=bundle.info["machine"],
        counts=dataset.counts,
        checksum=dataset.checksum,
        records=f"{bundle.preprocessing.noun}s",
        loss="train: the program's own" if bundle.info.get("by_hand") else "cross-entropy",
        notes=run.notes,
        answers=shown_answers(split, probabilities, bundle.classes),
        patches=measured.patches,
        attributions=measured.attributions,
        robustness=measured.robustness,
        suspects=measured.suspects,
    )


def _calibration(probabilities: np.ndarray, labels: np.ndarray) -> Calibration | report.Absent:
    try:
        return calibration(probabilities, labels)
    except DataError as error:
        return report.Absent(f"There is no calibration: {error}")
