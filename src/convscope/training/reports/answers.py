"""What the network said of single records, as a report has it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ... import report
from ...data import Split

CLASSES_SAID = 3  # of each picture, the most probable ones


def first_right(split: Split, probabilities: np.ndarray) -> int:
    """The first record that was classified right; the first of all where none was."""
    return int((probabilities.argmax(axis=1) == split.labels).argmax())


def answer(split: Split, i: int, probabilities: np.ndarray, classes: Sequence[str]) -> report.Answer:
    """What was said of record `i`."""
    row = probabilities[i]
    return report.Answer(
        record=split.images[i],
        name="/".join(Path(split.names[i]).parts[-2:]),
        truth=classes[split.labels[i]],
        said=[(classes[k], float(row[k])) for k in np.argsort(-row, kind="stable")[:CLASSES_SAID]],
        truth_probability=float(row[split.labels[i]]),
    )


def shown_answers(split: Split, probabilities: np.ndarray, classes: Sequence[str]) -> list[report.Answer]:
    """Those that the page has room for."""
    chosen = report.select(probabilities, split.labels, report.room(split.images[0]))
    return [answer(split, int(i), probabilities, classes) for i in chosen]
