"""Arrays of any numbers, such as floats or pictures of many channels, and how they reach a network."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import DataError

_BLOCK = 1 << 20  # values that are looked at in float64 at a time


class ArrayPreprocessing(BaseModel):
    """How arrays in memory become a network's input; frozen, and kept in the bundle as JSON.

    They are stored as they are given, float32 (N, *shape), where `shape` is (C, H, W) or (C, L). `batch`
    subtracts the mean of each channel and divides by its deviation, so that their scale does not matter,
    and repeats each value `repeat` times along each axis where the network needs larger inputs.

    >>> preprocessing = ArrayPreprocessing(shape=(1, 1, 2), mean=(2.0,), std=(0.5,), repeat=2)
    >>> preprocessing.batch(preprocessing.one(np.array([1, 2]))[None])
    array([[[[-2., -2.,  0.,  0.],
             [-2., -2.,  0.,  0.]]]], dtype=float32)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    noun: ClassVar[str] = "array"
    example: ClassVar[str] = "array.npy"

    kind: Literal["arrays"] = "arrays"
    #: (channels, height, width), or (channels, length), as they are stored
    shape: tuple[int, int, int] | tuple[int, int]
    repeat: int = Field(default=1, ge=1, le=1024)
    #: per channel, in the array's own units; both or neither
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if min(self.shape) < 1:
            raise ValueError(f"a shape of {self.shape} holds nothing")
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std go together: give both or neither")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and len(values) != self.shape[0]:
                raise ValueError(f"{name} has {len(values)} values for {self.shape[0]} channels")
        if self.std is not None and not np.array(self.std, dtype=np.float32).min() > 0:
            raise ValueError("std must be above 0 in float32")
        return self

    @property
    def channels(self) -> int:
        """How many there are."""
        return self.shape[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, height, width) or (channels, length), the shape of one input in a batch."""
        return self.channels, *(size * self.repeat for size in self.shape[1:])

    def blank(self, count: int) -> np.ndarray:
        """Zeros in the shape of `count` arrays: float32 (count, *shape)."""
        return np.zeros((count, *self.shape), dtype=np.float32)

    def batch(self, stored: np.ndarray) -> np.ndarray:
        """float32 (N, *shape) to the network's input, a new float32 (N, *input_shape): (x - mean) / std."""
        if stored.dtype != np.float32 or stored.shape[1:] != self.shape:
            wanted = ", ".join(map(str, self.shape))
            raise ValueError(f"a batch is float32 (N, {wanted}), not {stored.dtype} {stored.shape}")
        values = stored.copy()
        if self.mean is not None and self.std is not None:
            column = (self.channels, *(1 for _ in self.shape[1:]))
            values -= np.array(self.mean, dtype=np.float32).reshape(column)
            values /= np.array(self.std, dtype=np.float32).reshape(column)
        for axis in range(2, 1 + len(self.shape)) if self.repeat > 1 else ():
            values = values.repeat(self.repeat, axis)
        return values

    def with_statistics(self, stored: np.ndarray) -> ArrayPreprocessing:
        """A copy with the mean and standard deviation of float32 (N, *shape), per channel.

        Give it the training arrays. A channel without any variation gets std 1. Two passes in float64:
        √(Σ (x - mean)² / n).

        >>> stored = np.array([[[[0.0, 4.0]]], [[[0.0, 4.0]]]], dtype=np.float32)
        >>> measured = ArrayPreprocessing(shape=(1, 1, 2)).with_statistics(stored)
        >>> measured.mean, measured.std
        ((2.0,), (2.0,))
        """
        rows = stored.reshape(len(stored), self.channels, -1)
        step = max(1, _BLOCK // rows[:1].size)
        blocks = [rows[start : start + step] for start in range(0, len(rows), step)]
        count = len(rows) * rows.shape[2]
        mean = sum((block.sum(axis=(0, 2), dtype=np.float64) for block in blocks), np.zeros(len(rows[0])))
        mean /= count
        squares = np.zeros(self.channels)
        for block in blocks:
            centred = block - mean[:, None]  # float64
            squares += np.einsum("ncl,ncl->c", centred, centred)
        std = np.sqrt(squares / count)
        std[std < np.maximum(1e-9 * np.abs(mean), np.finfo(np.float32).tiny)] = 1.0
        fields = {**self.model_dump(), "mean": tuple(mean.tolist()), "std": tuple(std.tolist())}
        return ArrayPreprocessing(**fields)

    def one(self, given: Any) -> np.ndarray:
        """One array of numbers, of `shape` or in a row of as many, as float32 `shape`.

        Raises `DataError` for anything else, and for numbers that are not finite in float32.
        """
        wanted = "×".join(map(str, self.shape))
        if isinstance(given, str | os.PathLike):
            raise DataError(f"the network takes an array of {wanted} real numbers, and no files.")
        if not isinstance(given, np.ndarray) or given.dtype.kind not in "biuf":
            kind = given.dtype if isinstance(given, np.ndarray) else type(given).__name__
            raise DataError(f"the network takes an array of {wanted} real numbers, not {kind}.")
        if given.shape not in self._forms:
            found = "×".join(map(str, given.shape)) or "a single number"
            raise DataError(f"the array is {found}, and the network takes {wanted}.")
        return as_float32(given.reshape(self.shape))

    def apart(self, given: Any) -> list[Any]:
        """The arrays in what a person gives: rows of one that has an axis more, else the one that it is.

        >>> preprocessing = ArrayPreprocessing(shape=(1, 8, 8))
        >>> [len(preprocessing.apart(np.zeros(shape))) for shape in ((8, 8), (3, 8, 8), (3, 64))]
        [1, 3, 3]
        """
        several = isinstance(given, np.ndarray) and given.shape not in self._forms
        return list(given) if several and given.shape[1:] in self._forms else [given]

    @property
    def _forms(self) -> tuple[tuple[int, ...], ...]:
        """The shapes in which one array may be given."""
        without_channel = self.shape[1:] if self.channels == 1 else self.shape
        return self.shape, without_channel, (int(np.prod(self.shape)),)


def as_float32(values: np.ndarray) -> np.ndarray:
    """Real numbers as float32; raises `DataError` where one is not finite then."""
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        stored = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(stored).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(stored))[0])
        raise DataError(f"the number {values[at]} at {at} is not finite in float32.")
    return stored
