"""What of X and y is trained on: the numbers, where each label stands among the classes, and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import _check_sample_weight

from ...errors import DataError, UsageError


@dataclass(frozen=True, eq=False)
class Samples:
    """All but what weighs nothing."""

    values: np.ndarray
    positions: np.ndarray  # int64 (N,), of the labels among the classes
    weights: np.ndarray | None  # float32 (N,); None where all are alike

    @classmethod
    def of(
        cls,
        values: np.ndarray,
        labels: np.ndarray,
        classes: np.ndarray,
        class_weight: Any,
        sample_weight: Any,
    ) -> Samples:
        """Those of N inputs and labels; a weight is the product of the sample's and of its class's.

        `class_weight` is a dictionary by label; of "balanced" the recipe takes care. Raises `DataError` or
        `UsageError` for labels that are no classes, and weights that no training could use.

        >>> samples = Samples.of(np.zeros((3, 2)), np.array([7, 5, 7]), np.array([5, 7]), {7: 2}, [1, 0, 3])
        >>> samples.positions, samples.weights
        (array([1, 1]), array([2., 6.], dtype=float32))
        """
        check_consistent_length(values, labels)
        unknown = np.setdiff1d(labels, classes).tolist()
        if unknown:
            raise DataError(f"y has {unknown[0]!r}, which is not among the classes of the first call.")
        positions = np.searchsorted(classes, labels).astype(np.int64)
        weights = np.ones(len(values))
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, values, dtype=np.float64)
            if weights.min() < 0:
                raise DataError(f"sample_weight has {weights.min()}; weights are 0 or more.")
        if isinstance(class_weight, Mapping):
            weights = weights * compute_class_weight(class_weight, classes=classes, y=labels)[positions]
            if weights.min() < 0:
                raise DataError(
                    f"class_weight={class_weight!r} has a negative weight; weights are 0 or more."
                )
        elif class_weight not in (None, "balanced"):
            raise UsageError(f'class_weight={class_weight!r} should be None, "balanced" or a dictionary.')
        if not weights.any():
            raise DataError("the weights are zero for every sample; one at least should not be.")
        if (weights == 1).all():
            return cls(values, positions, None)
        counts = weights > 0
        return cls(values[counts], positions[counts], weights[counts].astype(np.float32))
