"""Every window of an array as a view: nothing is copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(
    padded: np.ndarray, kernel_size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> np.ndarray:
    """(..., n, m) to (..., positions, positions, kernel, kernel) over the last axes, as a read-only view.

    >>> windows(np.arange(5), (2,), (1,), (2,))
    array([[0, 2],
           [1, 3],
           [2, 4]])
    """
    rank = len(kernel_size)
    extents = tuple(d * (k - 1) + 1 for k, d in zip(kernel_size, dilation, strict=True))
    axes = tuple(range(padded.ndim - rank, padded.ndim))
    seen = sliding_window_view(padded, extents, axis=axes)
    steps: tuple[Any, ...] = (..., *(slice(None, None, step) for step in (*stride, *dilation)))
    return np.asarray(seen[steps])
