"""The nearest neighbours of many rows among many, some at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Told = Callable[[int, int], None]  # rows done, of how many
_BLOCK = 2048  # rows between two words of progress, and between two looks for Ctrl-C


def nearest(
    queries: np.ndarray, among: np.ndarray, count: int, told: Told | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distances (N, count) and positions of the nearest rows, nearest first.

    `queries` (N, F) and `among` (M, F) are float32; the search is exact (scikit-learn, blocks of products).

    >>> distances, positions = nearest(np.float32([[0, 0]]), np.float32([[3, 4], [0, 1]]), 2)
    >>> distances.tolist(), positions.tolist()
    ([[1.0, 5.0]], [[1, 0]])
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(count, len(among)), algorithm="brute").fit(among)
    parts = []
    for start in range(0, len(queries), _BLOCK):
        parts.append(search.kneighbors(queries[start : start + _BLOCK]))
        if told is not None:
            told(min(start + _BLOCK, len(queries)), len(queries))
    return np.concatenate([d for d, _ in parts]), np.concatenate([i for _, i in parts])
