"""What a network does between its windows: activations, normalisation, and laying out in a row."""

from __future__ import annotations

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import (
    Array,
    as_floats,
    as_kernel,
    as_numbers,
    computing_type,
    is_number,
    is_whole,
    takes_tensors,
)


@takes_tensors
def relu(x: Array) -> np.ndarray:
    """max(x, 0), any shape; a NaN stays one. The type is kept; truth values become 0 and 1 in uint8.

    >>> relu([-2, 0, 3])
    array([0, 0, 3])
    """
    return np.asarray(np.maximum(as_numbers(x, "the input"), 0))


@takes_tensors
def softmax(x: Array, *, axis: int = -1) -> np.ndarray:
    """exp(x) / Σ exp(x) along `axis`: scores as probabilities that add up to 1.

    The largest score is subtracted first, which changes nothing but keeps exp from overflowing (Goodfellow,
    Bengio & Courville 2016, section 4.1).

    >>> softmax([1000.0, 1000.0])
    array([0.5, 0.5])
    """
    values = as_floats(as_numbers(x, "the input"))
    if not is_whole(axis, -values.ndim) or axis >= values.ndim:
        raise ShapeError(f"axis={axis} is not one of an input of shape {values.shape}.")
    exact = values.astype(computing_type(values.dtype), copy=False)
    powers = np.exp(exact - exact.max(axis=axis, keepdims=True))
    return np.asarray((powers / powers.sum(axis=axis, keepdims=True)).astype(values.dtype, copy=False))


@takes_tensors
def batch_norm(
    x: Array,
    *,
    mean: Array | None = None,
    variance: Array | None = None,
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> np.ndarray:
    """weight · (x - mean) / √(variance + eps) + bias, channel by channel (Ioffe & Szegedy 2015, algorithm 1).

    x: (N, C), (N, C, L) or (N, C, H, W). mean, variance: (C,), those of training; without them, those of this
    batch (the variance of all its numbers, not the sample's). weight, bias: (C,), else 1 and 0. Integers give
    float64.

    >>> batch_norm([[1.0], [3.0]], eps=0.0)
    array([[-1.],
           [ 1.]])
    """
    values = as_floats(as_numbers(x, "the input"))
    if values.ndim < 2:
        raise ShapeError(f"the input should be (batch, channels, ...), not {values.shape}.")
    if (mean is None) != (variance is None):
        raise UsageError("mean and variance go together: give both, or neither for those of the batch.")
    others = tuple(axis for axis in range(values.ndim) if axis != 1)

    def per_channel(numbers: Array, what: str) -> np.ndarray:
        array = as_kernel(numbers, what)
        if array.shape != (values.shape[1],):
            raise ShapeError(
                f"{what} should have one number per channel, ({values.shape[1]},), not {array.shape}."
            )
        return array.reshape(-1, *[1] * (values.ndim - 2))

    exact = values.astype(np.float64)
    middle = exact.mean(axis=others, keepdims=True) if mean is None else per_channel(mean, "the mean")
    spread = (
        exact.var(axis=others, keepdims=True) if variance is None else per_channel(variance, "the variance")
    )
    if not is_number(eps) or eps < 0 or (spread < 0).any():
        raise UsageError(f"a variance and eps={eps!r} should not be below 0.")
    result = (exact - middle) / np.sqrt(spread + eps)
    if weight is not None:
        result = result * per_channel(weight, "the weight")
    if bias is not None:
        result = result + per_channel(bias, "the bias")
    return np.asarray(result.astype(values.dtype))


@takes_tensors
def flatten(x: Array, *, start: int = 1) -> np.ndarray:
    """(N, C, H, W) to (N, C·H·W), channel by channel, row by row; the axes before `start` are kept.

    The type is kept; truth values become 0 and 1 in uint8.

    >>> flatten([[[[1, 2], [3, 4]]]])
    array([[1, 2, 3, 4]])
    """
    values = as_numbers(x, "the input")
    if not is_whole(start, 0) or start > values.ndim:
        raise ShapeError(f"start={start} is not an axis of an input of shape {values.shape}.")
    return values.reshape(*values.shape[:start], -1)
