"""Labels that are probably wrong: what networks say of pictures they have not seen, beside the labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import DataError, ShapeError


@dataclass(frozen=True, eq=False)
class LabelErrors:
    """For each picture how probably its label is wrong, and which class is more probable.

    `scores` (N,) are from 0 to 1, above 0.5 where another class is more probable than the label, measured
    against the `thresholds` (classes,); `suggested` (N,) is the most probable of the other classes.
    `expected` is about how many labels are wrong.
    """

    scores: np.ndarray
    suggested: np.ndarray
    thresholds: np.ndarray
    expected: int

    @property
    def ranked(self) -> np.ndarray:
        """The pictures whose label is probably wrong, the most suspect first."""
        order = np.argsort(-self.scores, kind="stable")
        return order[self.scores[order] > 0.5]


def label_errors(probabilities: np.ndarray, labels: np.ndarray) -> LabelErrors:
    """Compare labels (N,) with out-of-fold probabilities (N, classes).

    Confident learning (Northcutt, Jiang & Chuang 2021): the threshold t of a class is the mean
    probability that pictures with its label have for it, so that a class of which the networks are never
    sure is not suspect for that. The score is the normalised margin m = (p_k - t_k) - (p_y - t_y) of the
    label y against the best other class k, brought to 0..1. `expected` sums the confident joint beside its
    diagonal, each row scaled to the number of pictures with that label.

    Raises `ShapeError` where the two do not fit, `DataError` for fewer than two classes or a class without
    a picture.

    >>> says = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.9, 0.1]])
    >>> found = label_errors(says, np.array([0, 0, 1, 1]))
    >>> found.ranked, found.suggested[3], found.expected
    (array([3]), np.int64(0), 1)
    """
    if probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ShapeError(
            f"the probabilities are {probabilities.shape} and the labels {labels.shape}; they should be "
            "(N, classes) and (N,)."
        )
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    if classes < 2 or not counts.all():
        raise DataError("labels are compared with others: of two classes or more, each with pictures.")
    given = probabilities.astype(np.float64)
    own = given[np.arange(len(labels)), labels]
    thresholds = np.bincount(labels, own, minlength=classes) / counts
    margins = given - thresholds
    of_label = margins[np.arange(len(labels)), labels].copy()
    margins[np.arange(len(labels)), labels] = -np.inf
    suggested = margins.argmax(axis=1)
    of_other = margins[np.arange(len(labels)), suggested]
    largest = 1 + thresholds.max() - thresholds.min()  # that the difference can be
    return LabelErrors(
        scores=(1 + (of_other - of_label) / largest) / 2,
        suggested=suggested,
        thresholds=thresholds,
        expected=_expected(given, labels, thresholds, counts),
    )


def _expected(
    probabilities: np.ndarray, labels: np.ndarray, thresholds: np.ndarray, counts: np.ndarray
) -> int:
    confident = np.where(probabilities >= thresholds, probabilities, -1.0)
    sure = confident.max(axis=1) >= 0
    joint = np.zeros((len(counts), len(counts)))
    np.add.at(joint, (labels[sure], confident.argmax(axis=1)[sure]), 1)
    sums = joint.sum(axis=1)
    wrong = (sums - joint.diagonal()) / np.maximum(sums, 1)
    return round(float((wrong * counts).sum()))
