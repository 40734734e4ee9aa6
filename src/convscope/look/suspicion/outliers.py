"""Pictures that are like no other: how far the nearest ones are, in a network's features and in pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .neighbours import nearest
from .thumbnails import thumbnails, unit_rows

NEIGHBOURS = 10
THRESHOLD = 3.5  # robust deviations from the median (Iglewicz & Hoaglin 1993); score 0.5
SIDE = 16  # of the thumbnails
LITTLE = 1.0  # a deviation of pixels that is no picture
FEWEST = 2 * NEIGHBOURS  # pictures of a class: half of them are neighbours enough for the others


def distances(queries: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The mean distance (N,) of each query to the nearest 10 of other pictures, all rows of length 1.

    Deep nearest neighbours (Sun et al. 2022) where the rows are the features before a network's last layer,
    which the queries were not in the training of.

    >>> distances(np.float32([[2, 0]]), np.float32([[1, 0], [0, 1]])).round(3)
    array([0.707])
    """
    mean: np.ndarray = nearest(_unit(queries), _unit(among), NEIGHBOURS)[0].mean(axis=1)
    return mean


def pixel_rows(images: np.ndarray) -> np.ndarray:
    """Pictures (or signals) as rows that do not depend on brightness and contrast, for `distances`."""
    return unit_rows(thumbnails(images, SIDE), floor=LITTLE if images.dtype == np.uint8 else 0.0)


def outlier_scores(spaces: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """Scores (N,) from 0 to 1 of distances (N,) in one or several spaces; 0.5 and above are outliers.

    A label of fewer than 20 pictures is not judged, 0: its pictures have neighbours of other labels alone.
    In each space the logarithm of the distance is compared with its median among the pictures of the same
    label, in robust standard deviations (1.4826 MAD): some classes are more varied than others. The space in
    which a picture is farthest counts; z becomes z / (z + 3.5).

    >>> usual = np.array([1.0, 1.1, 0.9, 1.0, 1.05, 0.95, 1.0, 1.1, 0.9, 4.0] * 2)
    >>> outlier_scores([usual], np.zeros(20, int)).round(2)[[0, 9]]
    array([0.  , 0.78])
    >>> outlier_scores([usual], np.repeat([0, 1], 10)).any()
    np.False_
    """
    farthest = np.max([_deviations(space, labels) for space in spaces], axis=0).clip(min=0)
    scores: np.ndarray = farthest / (farthest + THRESHOLD)
    return scores


def _deviations(space: np.ndarray, labels: np.ndarray) -> np.ndarray:
    far = np.log(space + 1e-6)
    deviations = np.zeros(len(far))
    for label in np.unique(labels):
        of_class = labels == label
        if of_class.sum() >= FEWEST:
            deviations[of_class] = _robust(far[of_class])
    return deviations


def _robust(values: np.ndarray) -> np.ndarray:
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    deviations: np.ndarray = (values - middle) / max(spread, 1e-3)
    return deviations


def _unit(rows: np.ndarray) -> np.ndarray:
    rows = rows.reshape(len(rows), -1).astype(np.float32)
    lengths = np.sqrt(np.einsum("nf,nf->n", rows, rows))
    unit: np.ndarray = rows / np.maximum(lengths, 1e-12)[:, None]
    return unit
