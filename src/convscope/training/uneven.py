"""Classes of which one has many more pictures than another: how much a picture counts, and what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..data import Dataset
from ..recipe import Recipe

UNEVEN = 3  # times as many pictures of one class as of another, from where on it is said


def balanced_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """float64 (classes,), n / (classes there are · pictures of the class): each class weighs as much in sum.

    The formula of scikit-learn's `compute_class_weight("balanced")` (King & Zeng 2001). A class without a
    picture weighs 0.

    >>> balanced_weights(np.array([0, 0, 0, 2]), 3)
    array([0.66666667, 0.        , 2.        ])
    """
    counts = np.bincount(labels, minlength=classes)
    whole = np.count_nonzero(counts) * counts
    weights: np.ndarray = np.divide(len(labels), whole, out=np.zeros(classes), where=counts > 0)
    return weights


def weighted(dataset: Dataset, recipe: Recipe) -> Dataset:
    """The data set with the weights that `recipe.class_weights` gives its training pictures.

    They are weights of pictures, and not of the terms of each picture's loss: with label smoothing PyTorch's
    class weights would also raise the rare classes' shares in the targets of all other pictures. Without it
    the two are the same.
    """
    if recipe.class_weights == "none":
        return dataset
    train = dataset.train
    weights = balanced_weights(train.labels, len(dataset.classes))[train.labels]
    if train.weights is not None:
        weights = weights * train.weights
    return replace(dataset, train=replace(train, weights=weights.astype(np.float32)))


def uneven_note(labels: np.ndarray, classes: Sequence[str], recipe: Recipe) -> str | None:
    """What a person should know of classes that are uneven, where nothing makes up for it; else None."""
    counts = np.bincount(labels, minlength=len(classes))
    most, least = int(counts.argmax()), int(np.where(counts > 0, counts, len(labels)).argmin())
    even = counts[most] < UNEVEN * counts[least]
    if even or recipe.class_weights == "balanced" or recipe.sampling == "balanced":
        return None
    return (
        f"classes are uneven: {counts[most]:,} training pictures of {classes[most]!r}, {counts[least]:,} of "
        f"{classes[least]!r}; --class-weights balanced or --sampling balanced makes up for that."
    )
