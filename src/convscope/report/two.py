"""What a page says of two runs side by side, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import atomic
from ..errors import ConvscopeError
from ..metrics import EpochFigures, Evaluation


@dataclass(frozen=True, eq=False)
class Disagreement:
    """A record that one run classifies right and the other wrong: what each said, and how sure it was.

    `record` is None where the data are not at hand.
    """

    record: npt.NDArray[Any] | None
    name: str
    truth: str
    a: tuple[str, float]
    b: tuple[str, float]


@dataclass(frozen=True, eq=False)
class Disagreements:
    """Those of one direction: how many there are, and the ones that are shown."""

    count: int
    shown: Sequence[Disagreement]


@dataclass(frozen=True, eq=False)
class ComparedRun:
    """One of the two: where it is, what it is of, its epochs and its figures, classes in the page's order."""

    path: str
    title: str
    epochs: Sequence[EpochFigures]
    evaluation: Evaluation


@dataclass(frozen=True, eq=False)
class ReportOfTwo:
    """Two runs that know the same classes.

    `sentences` are the verdicts; `figures` are rows of a name, A's, B's and the difference, `differences` of
    what differs, A's and B's; `same` says what does not. `only_a` are the records that only A gets right;
    both directions are None where the two were not measured on the same ones.
    """

    a: ComparedRun
    b: ComparedRun
    sentences: Sequence[str]
    figures: Sequence[tuple[str, str, str, str]]
    differences: Sequence[tuple[str, str, str]]
    same: Sequence[str]
    only_a: Disagreements | None
    only_b: Disagreements | None
    records: str = "pictures"
    notes: Sequence[str] = ()

    @property
    def classes(self) -> list[str]:
        return [figures.name for figures in self.a.evaluation.per_class]


def write_two(report: ReportOfTwo, file: Path) -> Path:
    """Write the page; its folder is made. Raises `ConvscopeError` where it cannot be written."""
    from .page_of_two import render_two

    page = render_two(report)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConvscopeError(f"cannot make the folder {file.parent}: {error.strerror or error}.") from error
    atomic.write_bytes(file, page.encode("utf-8", errors="backslashreplace"))
    return file


def in_order_of(evaluation: Evaluation, classes: Sequence[str]) -> Evaluation:
    """The same figures with their classes in another order."""
    names = [figures.name for figures in evaluation.per_class]
    order = [names.index(name) for name in classes]
    return Evaluation(
        evaluation.accuracy,
        evaluation.loss,
        tuple(evaluation.per_class[i] for i in order),
        evaluation.confusion[np.ix_(order, order)],
        evaluation.split,
    )
