"""The confusion matrix as a table: what stands in each cell, and how strong its colour is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..metrics import Evaluation
from .figures import MOST_NUMBERS

MOST_CELLS = 120  # classes up to which the matrix is a table; beyond it is a picture
DEEP = 0.46  # the strength from which white is read better than black (in dark mode the other way around)
WIDEST = 48  # letters of all names up to which they stand upright above their columns


@dataclass(frozen=True)
class Cell:
    """A number, and how its ground is coloured: nothing where `style` is empty."""

    text: str
    style: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Matrix:
    """Rows are the truth, columns the predictions; `dense` has no room for numbers, `upright` for names."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    dense: bool
    upright: bool

    @property
    def longest_name(self) -> int:
        """Letters of the longest name."""
        return max(map(len, self.names))

    @property
    def longest_number(self) -> int:
        """Digits and signs of the longest number of a cell."""
        return max((len(cell.text) for _, cells in self.rows for cell in cells), default=0) or 1


def of_counts(evaluation: Evaluation) -> Matrix | None:
    """Counts, coloured by the share of the row; None for very many classes.

    >>> from convscope.metrics import evaluate
    >>> two = evaluate(np.eye(2, dtype=np.float32)[[0, 1, 0]], np.array([0, 0, 0]), ["cat", "dog"])
    >>> of_counts(two).rows[0]
    ('cat', (Cell(text='2', style='--s:.816', kind='deep'), Cell(text='1', style='--s:.577', kind='deep')))
    """
    counts = evaluation.confusion
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return _matrix([figures.name for figures in evaluation.per_class], counts, shares, signed=False)


def of_differences(names: Sequence[str], a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> Matrix | None:
    """What B has more than A (below 0: less), coloured by the difference of the shares of the row.

    >>> of_differences(["x"], np.array([[4]]), np.array([[3]])).rows[0][1][0].text
    '−1'
    """
    parts = [counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) for counts in (a, b)]
    return _matrix(names, b - a, parts[1] - parts[0], signed=True)


def _matrix(
    names: Sequence[str], counts: npt.NDArray[np.int64], shares: npt.NDArray[np.float64], *, signed: bool
) -> Matrix | None:
    size = len(names)
    if size > MOST_CELLS:
        return None
    dense = size > MOST_NUMBERS
    strengths = np.sqrt(np.abs(shares))  # a colour that a share of 1 % can be seen by

    def cell(row: int, column: int) -> Cell:
        count, strength = int(counts[row, column]), float(strengths[row, column])
        if count == 0:
            return Cell("" if dense or signed else "0")
        text = f"{'−' if count < 0 else '+'}{abs(count)}" if signed else str(count)
        kind = " ".join(["deep"] * (strength >= DEEP) + ["less"] * (count < 0))
        return Cell(text, f"--s:{f'{strength:.3f}'.lstrip('0')}", kind)

    rows = tuple((name, tuple(cell(i, j) for j in range(size))) for i, name in enumerate(names))
    return Matrix(tuple(names), rows, dense, dense or max(map(len, names)) * size > WIDEST)
