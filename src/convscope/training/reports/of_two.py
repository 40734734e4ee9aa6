"""Two finished runs put together for one page: figures, tests, and the pictures on which they disagree."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import ConvscopeError, DataError, UsageError
from ...report import ComparedRun, Disagreement, Disagreements, ReportOfTwo, in_order_of, write_two
from ...runs.comparison import Comparison, compare
from ...runs.recorded import Predictions, read_predictions
from ...runs.reopened import open_run
from ...runs.run import Run
from ...runs.side_by_side import difference_rows, figure_rows, what_is_same
from ...runs.verdict import sentences
from ..evaluation import dataset_of
from ..progress import Progress, Silent

MOST_SHOWN = 24  # pictures of each direction


@dataclass(frozen=True)
class Written:
    """The page, what it compares, and its notes."""

    path: Path
    comparison: Comparison
    notes: tuple[str, ...]


def report_of_two(
    a: Path, b: Path, *, out: Path, data_dir: str | None = None, progress: Progress | None = None
) -> Written:
    """Write a page that compares two runs, and return where.

    Pictures on which they disagree are there where both were measured on the same ones; they are shown where
    A's data can be opened. Raises `UsageError` for a series of seeds, `DataError` for other classes.
    """
    listener = progress or Silent()
    comparison = compare(a, b)
    for side in (comparison.a, comparison.b):
        if side.is_series:
            raise UsageError(
                f"{side.path} is a series of seeds; `convscope runs compare` compares it, "
                "a report compares two runs."
            )
    runs = open_run(a), open_run(b)
    _check_classes(*runs)
    notes: list[str] = []
    only_a = only_b = None
    if comparison.same_pictures:
        said = [read_predictions(run.path) for run in runs]
        images = _images(runs[0], said[0], notes, listener, data_dir)
        only_a = _only(said[0], said[1], images, swapped=False)
        only_b = _only(said[1], said[0], images, swapped=True)
    page = ReportOfTwo(
        _compared(runs[0], runs[0].bundle.classes),
        _compared(runs[1], runs[0].bundle.classes),
        sentences=sentences(comparison),
        figures=figure_rows(comparison),
        differences=difference_rows(comparison),
        same=what_is_same(comparison),
        only_a=only_a,
        only_b=only_b,
        records=f"{runs[0].bundle.preprocessing.noun}s",
        notes=notes,
    )
    listener.waiting("writing the report")
    return Written(write_two(page, out), comparison, tuple(notes))


def _check_classes(a: Run, b: Run) -> None:
    first, second = set(a.bundle.classes), set(b.bundle.classes)
    if first != second:
        raise DataError(
            f"A and B do not have the same classes: only A knows {_some(first - second)}, "
            f"only B {_some(second - first)}. `convscope runs compare` says what else differs."
        )


def _some(names: set[str]) -> str:
    shown = sorted(names)[:5]
    return (", ".join(shown) + (f" and {len(names) - 5} more" if len(names) > 5 else "")) or "none"


def _compared(run: Run, classes: Sequence[str]) -> ComparedRun:
    return ComparedRun(
        path=str(run.path),
        title=f"{run.bundle.net} on {run.bundle.info['data']['name']}",
        epochs=run.epochs,
        evaluation=in_order_of(run.evaluation, classes),
    )


def _images(
    run: Run, said: Predictions, notes: list[str], progress: Progress, data_dir: str | None
) -> np.ndarray | None:
    """The pictures that the rows of `said` are of; None, and a note why, where they are not at hand."""
    settings = {} if data_dir is None else {"data_dir": data_dir}
    try:
        dataset, _ = dataset_of(run.bundle, progress=progress, **settings)
    except ConvscopeError as error:
        again = f"convscope report {shlex.quote(str(run.path))} ... --data-dir DIR"
        notes.append(f"Pictures are not shown, their names are: {error} `{again}` says where the data are.")
        return None
    _, split = dataset.evaluation
    labels = tuple(dataset.classes[label] for label in split.labels)
    if dataset.checksum != run.bundle.info["data"]["checksum"] or labels != said.truths:
        notes.append(
            f"Pictures are not shown, their names are: {dataset.name} has changed since A was trained."
        )
        return None
    return split.images


def _only(
    right: Predictions, wrong: Predictions, images: np.ndarray | None, *, swapped: bool
) -> Disagreements:
    """What one run gets right and the other wrong, first where that one is surest; `swapped`: B is right."""
    found = np.flatnonzero(right.right & ~wrong.right)
    surest = found[np.argsort(-wrong.shares[found], kind="stable")][:MOST_SHOWN]

    def one(i: int) -> Disagreement:
        good, bad = ((said.predicted[i], float(said.shares[i])) for said in (right, wrong))
        return Disagreement(
            record=None if images is None else images[i],
            name="/".join(Path(right.names[i]).parts[-2:]),
            truth=right.truths[i],
            a=bad if swapped else good,
            b=good if swapped else bad,
        )

    return Disagreements(len(found), [one(int(i)) for i in surest])
