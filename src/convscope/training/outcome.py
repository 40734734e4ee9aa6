"""After training: the predictions table and the report of a run."""

from __future__ import annotations

import numpy as np

from .. import report
from ..data import Dataset
from ..runs.directory import RunDirectory
from ..runs.run import Run
from .reports.content import report_content
from .reports.measured import Measured


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
        measured = Measured.not_yet(run.path, bundle.preprocessing.noun)
        report.write(report_content(run, dataset, probabilities, measured), directory.path)
