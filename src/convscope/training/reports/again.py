"""The report of a finished run made again, with what has been measured of it since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ... import report
from ...data import Dataset
from ...errors import ConvscopeError
from ...metrics import evaluate
from ...runs.reopened import open_run
from ...runs.run import Run
from ..evaluation import dataset_of
from ..progress import Progress, Silent
from .content import report_content
from .measured import Measured


def report_again(
    path: Path, *, out: Path | None = None, progress: Progress | None = None, **settings: Any
) -> Path:
    """Write the report of a run again, into its folder or `out`, and return the page's path.

    `settings` replace fields of its recipe, such as `data_dir`. The figures are those of the data as they
    are now; where these have changed, a note says so. Raises `ConvscopeError` where the data cannot be
    opened: the old report, which has more than could be said without them, is left as it is.
    """
    listener = progress or Silent()
    run, dataset = run_with_data(path, listener, **settings)
    _, split = dataset.evaluation
    listener.waiting("computing what the network says")
    logits = run.bundle.logits(split.images)
    run = replace(
        run, evaluation=evaluate(logits, split.labels, run.bundle.classes, split=dataset.evaluation[0])
    )
    probabilities = run.bundle.to_probabilities(logits)
    measured = Measured.of(run.path, run.bundle, dataset, probabilities, listener)
    listener.waiting("writing the report")
    return report.write(report_content(run, dataset, probabilities, measured), out or run.path)


def run_with_data(path: Path, progress: Progress, **settings: Any) -> tuple[Run, Dataset]:
    """A run and the data it was trained on, split the same way; its notes are those of both, each once."""
    run = open_run(path)
    try:
        dataset, notes = dataset_of(run.bundle, progress=progress, **settings)
    except ConvscopeError as error:
        error.add_note(f"The report of {run.path} is left as it is.")
        raise
    return replace(run, notes=tuple(dict.fromkeys([*run.notes, *notes]))), dataset
