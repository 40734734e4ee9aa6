"""How good a classifier is: the figures of an epoch, and the evaluation of its logits. Only numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DataError, ShapeError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class EpochFigures:
    """What one epoch gave: mean losses (cross-entropy, nats), accuracies in 0..1, seconds of wall time.

    `epoch` counts from 1. The validation figures are None where nothing was validated.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float
    learning_rate: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The line of `metrics.jsonl`, without the learning rate; a loss that is not finite becomes None.

        >>> EpochFigures(1, 0.5, 0.75, None, None, 2.0).to_dict()
        {'epoch': 1, 'train_loss': 0.5, 'train_accuracy': 0.75, 'validation_loss': None,
         'validation_accuracy': None, 'seconds': 2.0}
        """
        return {
            "epoch": self.epoch,
            "train_loss": _finite(self.train_loss),
            "train_accuracy": self.train_accuracy,
            "validation_loss": _finite(self.validation_loss),
            "validation_accuracy": self.validation_accuracy,
            "seconds": self.seconds,
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> EpochFigures:
        """The inverse of `to_dict`: a loss of None where there is an accuracy was not finite, so it is NaN.

        Raises `DataError` when a figure is missing.
        """
        try:
            accuracy = record["validation_accuracy"]
            return cls(
                epoch=int(record["epoch"]),
                train_loss=_number(record["train_loss"]),
                train_accuracy=float(record["train_accuracy"]),
                validation_loss=None if accuracy is None else _number(record["validation_loss"]),
                validation_accuracy=None if accuracy is None else float(accuracy),
                seconds=float(record["seconds"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is not the record of an epoch: {_reason(error)}.") from error


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 (0..1) of one class, and how many records truly belong to it.

    A figure without a denominator is 0.0, never NaN: the precision of a class that was never predicted,
    the recall of a class with no records, and the F1 of a class with neither.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class ClassIntervals:
    """95 % intervals (Wilson) of a class's precision and recall; None where there is nothing to divide by.

    F1 has none: it is not a share of counted records.
    """

    precision: tuple[float, float] | None
    recall: tuple[float, float] | None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The figures of a classifier on one split ("test", "validation" or "train").

    `loss` is the mean cross-entropy in nats; `confusion` is int64 (classes, classes), rows are the truth.
    """

    accuracy: float
    loss: float
    per_class: tuple[ClassFigures, ...]
    confusion: npt.NDArray[np.int64]
    split: str = "test"

    @property
    def count(self) -> int:
        """How many records were evaluated."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """How many of them were predicted right."""
        return int(np.trace(self.confusion))

    @property
    def intervals(self) -> tuple[ClassIntervals, ...]:
        """What the precision and the recall of each class may truly be.

        >>> evaluate(np.eye(2, dtype=np.float32)[[0, 0]], np.array([0, 0]), ["cat", "dog"]).intervals
        (ClassIntervals(precision=(0.342..., 1.0), recall=(0.342..., 1.0)),
         ClassIntervals(precision=None, recall=None))
        """
        hits, predicted = self.confusion.diagonal(), self.confusion.sum(axis=0)
        support = self.confusion.sum(axis=1)

        def interval(right: int, count: int) -> tuple[float, float] | None:
            return wilson_interval(right, count) if count else None

        counts = zip(hits.tolist(), predicted.tolist(), support.tolist(), strict=True)
        return tuple(ClassIntervals(interval(hit, of), interval(hit, true)) for hit, of, true in counts)

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON: Python numbers and lists only; a loss that is not finite becomes None.

        >>> record = evaluate(np.eye(2, dtype=np.float32), np.array([0, 1]), ["cat", "dog"]).to_dict()
        >>> record["split"], record["accuracy"], record["count"], record["confusion"]
        ('test', 1.0, 2, [[1, 0], [0, 1]])
        >>> record["per_class"][0]
        {'class': 'cat', 'precision': 1.0, 'recall': 1.0, 'f1': 1.0, 'support': 1}
        """
        classes = [asdict(figures) for figures in self.per_class]
        return {
            "split": self.split,
            "accuracy": self.accuracy,
            "loss": _finite(self.loss),
            "count": self.count,
            "per_class": [{"class": figures.pop("name"), **figures} for figures in classes],
            "confusion": self.confusion.tolist(),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Evaluation:
        """The inverse of `to_dict`; a loss of None becomes NaN. Raises `DataError` when a part is missing."""
        try:
            per_class = tuple(
                ClassFigures(
                    name=str(figures["class"]),
                    precision=float(figures["precision"]),
                    recall=float(figures["recall"]),
                    f1=float(figures["f1"]),
                    support=int(figures["support"]),
                )
                for figures in record["per_class"]
            )
            confusion = np.array(record["confusion"], dtype=np.int64)
            if confusion.shape != (len(per_class), len(per_class)):
                raise ValueError(
                    f"a confusion matrix of shape {confusion.shape} for {len(per_class)} classes"
                )
            return cls(
                accuracy=float(record["accuracy"]),
                loss=_number(record["loss"]),
                per_class=per_class,
                confusion=confusion,
                split=str(record["split"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is not the record of an evaluation: {_reason(error)}.") from error


def evaluate(
    logits: FloatArray, labels: IntArray, classes: Sequence[str], *, split: str = "test"
) -> Evaluation:
    """Compare logits (N, classes) with the true labels (N,), each in 0..classes-1.

    The prediction is the largest logit, the first of equals. Raises `ShapeError` when the shapes do not
    fit each other, `DataError` when there are no records or a label is out of range.

    >>> logits = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]], dtype=np.float32)
    >>> result = evaluate(logits, np.array([0, 1, 1]), ["cat", "dog"])
    >>> round(result.accuracy, 3), round(result.loss, 3)
    (0.667, 0.794)
    >>> result.confusion  # the second row: of two dogs, one was taken for a cat
    array([[1, 0],
           [1, 1]])
    >>> result.per_class[1]
    ClassFigures(name='dog', precision=1.0, recall=0.5, f1=0.666..., support=2)
    """
    _check(logits, labels)
    size = len(classes)
    if logits.shape[1] != size:
        raise ShapeError(f"the logits have {logits.shape[1]} columns for {size} class names.")

    cells = labels.astype(np.int64) * size + logits.argmax(axis=1)
    confusion = np.bincount(cells, minlength=size * size).reshape(size, size).astype(np.int64)
    hits, support, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _ratio(hits, predicted), _ratio(hits, support)
    f1 = _ratio(2 * hits, support + predicted)  # the harmonic mean of precision and recall

    per_class = tuple(
        ClassFigures(str(name), float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
        for i, name in enumerate(classes)
    )
    return Evaluation(
        accuracy=int(hits.sum()) / len(labels),
        loss=cross_entropy(logits, labels),
        per_class=per_class,
        confusion=confusion,
        split=split,
    )


def probabilities(logits: FloatArray) -> npt.NDArray[np.float32]:
    """Softmax over the last axis: logits (..., classes) to float32 of the same shape; never overflows.

    >>> probabilities(np.array([[0.0, 0.0], [1000.0, -1000.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    return np.exp(_log_softmax(logits)).astype(np.float32)


def cross_entropy(logits: FloatArray, labels: IntArray) -> float:
    """Mean of -log softmax(logits)[label] in nats, computed in float64; logits (N, classes), labels (N,).

    NaN when a logit is NaN. Raises as `evaluate` does.

    >>> cross_entropy(np.array([[0.0, 0.0]]), np.array([1])) == math.log(2)
    True
    """
    _check(logits, labels)
    return float(-_log_softmax(logits)[np.arange(len(labels)), labels].mean())


def wilson_interval(correct: int, count: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """The range that the true accuracy lies in, from `correct` of `count` records (Wilson 1927).

    Unlike the textbook interval it stays within 0..1 and is not empty at 0 or 100 %. Raises `DataError`
    unless 0 <= correct <= count and count > 0.

    >>> low, high = wilson_interval(90, 100)
    >>> round(low, 4), round(high, 4)
    (0.8256, 0.9448)
    """
    if not 0 <= correct <= count or count == 0:
        raise DataError(
            f"{correct} correct of {count} is no accuracy: need 0 <= correct <= count, count > 0."
        )
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = correct / count
    centre = share + z * z / (2 * count)
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    low = 0.0 if correct == 0 else (centre - reach) / scale
    high = 1.0 if correct == count else (centre + reach) / scale
    return low, high


def _check(logits: FloatArray, labels: IntArray) -> None:
    if logits.ndim != 2 or logits.shape[1] == 0 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            f"need logits of shape (N, classes) and labels of shape (N,), "
            f"got {logits.shape} and {labels.shape}."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"the labels are {labels.dtype}; they must be class numbers, as integers.")
    if len(labels) == 0:
        raise DataError("there is nothing to evaluate: 0 records.")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= logits.shape[1]:
        raise DataError(
            f"the labels range from {low} to {high}, but {logits.shape[1]} classes have labels 0 to "
            f"{logits.shape[1] - 1}."
        )


def _log_softmax(logits: FloatArray) -> npt.NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # inf - inf: NaN is the right answer, and no news
        shifted = logits - logits.max(axis=-1, keepdims=True).astype(np.float64)
        result: npt.NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _reason(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
