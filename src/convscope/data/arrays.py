"""Arrays of any numbers, signals or pictures of many channels, and how each becomes a network's input."""

from __future__ import annotations

import io
import math
import os
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import DataError
from .npy import read_header, read_values

_BLOCK = 1 << 20  # values that are looked at in float64 at a time

LARGEST = 1 << 28  # values of one array, 1 GiB

ArrayFile = str | os.PathLike[str] | bytes


class ArrayPreprocessing(BaseModel):
    """How arrays become a network's input; frozen, and kept in the bundle as JSON.

    They are stored as they were measured, float32 (N, *shape): (C, L) is a signal, (C, H, W) an array in the
    plane. One of another shape is refused: what a cut or a padding does to its meaning is not for a reader
    to choose. `batch` subtracts the mean of each channel and divides by its deviation, so that their scale
    does not matter, and repeats each value `repeat` times along each axis where the network needs more.

    >>> preprocessing = ArrayPreprocessing(shape=(1, 3), mean=(2.0,), std=(0.5,), repeat=2)
    >>> preprocessing.batch(preprocessing.one(np.array([1, 2, 3]))[None])
    array([[[-2., -2.,  0.,  0.,  2.,  2.]]], dtype=float32)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["arrays"] = "arrays"
    #: (channels, length), or (channels, height, width), as they are stored
    shape: tuple[int, int, int] | tuple[int, int]
    repeat: int = Field(default=1, ge=1, le=1024)
    #: per channel, in the array's own units; both or neither
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if min(self.shape) < 1 or math.prod(self.shape) > LARGEST:
            raise ValueError(f"a shape of {_times(self.shape)} holds nothing, or too much")
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std go together: give both or neither")
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values is not None and len(values) != self.channels:
                raise ValueError(f"{name} has {len(values)} values for {self.channels} channels")
        if self.mean is not None and self.std is not None:
            with np.errstate(over="ignore"):
                mean, std = np.array(self.mean, dtype=np.float32), np.array(self.std, dtype=np.float32)
            if not np.isfinite([mean, std]).all() or std.min() <= 0:
                raise ValueError("mean and std must be finite in float32, and std above 0")
        return self

    @property
    def noun(self) -> str:
        """What one is called in sentences: a signal, or an array."""
        return "signal" if len(self.shape) == 2 else "array"

    @property
    def example(self) -> str:
        """The name of a file that holds one."""
        return f"{self.noun}.npy"

    @property
    def channels(self) -> int:
        """How many there are."""
        return self.shape[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """(channels, length) or (channels, height, width), the shape of one input in a batch."""
        return self.channels, *(size * self.repeat for size in self.shape[1:])

    @property
    def changes_nothing(self) -> bool:
        """Whether a batch has the numbers that are stored."""
        return self.mean is None and self.repeat == 1

    def blank(self, count: int) -> np.ndarray:
        """Zeros in the shape of `count` arrays: float32 (count, *shape)."""
        return np.zeros((count, *self.shape), dtype=np.float32)

    def one(self, given: ArrayFile | np.ndarray) -> np.ndarray:
        """An array as a person gives it, in a `.npy` file or in memory, as float32 `shape`.

        It may be in a row of as many numbers, and one channel needs no axis. Raises `DataError` for what is
        no such array.
        """
        if isinstance(given, np.ndarray):
            return self._checked(given, f"the {self.noun}")
        if isinstance(given, str | os.PathLike | bytes):
            return self.read(given)
        raise DataError(
            f"the network takes {self._wanted}: an array, or a path or the bytes of a .npy file, "
            f"not a {type(given).__name__}."
        )

    def apart(self, given: Any) -> np.ndarray | tuple[Any, ...]:
        """The arrays in what a person gives: the rows of one that has an axis more, else the one that it is.

        >>> preprocessing = ArrayPreprocessing(shape=(1, 8, 8))
        >>> [len(preprocessing.apart(np.zeros(shape))) for shape in ((8, 8), (3, 8, 8), (3, 64))]
        [1, 3, 3]
        """
        if not isinstance(given, np.ndarray) or self.takes(given.shape):
            return (given,)
        axes = len(self.shape) + (self.channels > 1)
        return given if given.ndim >= axes or self.takes(given.shape[1:]) else (given,)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether one array may be given in this shape."""
        return shape in self._forms

    def read(self, file: ArrayFile, *, name: str | None = None) -> np.ndarray:
        """The array in a `.npy` file, a path or its bytes, as float32 `shape`.

        The head is checked before a value is read. `name` stands for the file in messages. Raises `DataError`
        for a file that is missing, damaged or no `.npy`, and for an array that the network does not take.
        """
        name = name or (f"the {self.noun}" if isinstance(file, bytes) else os.fspath(file))
        try:
            with io.BytesIO(file) if isinstance(file, bytes) else Path(file).open("rb") as stream:
                header = read_header(stream, name)
                self.check_shape(header.shape, name)
                values = read_values(stream, header, name)
        except OSError as error:
            raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
        return self._checked(values, name)

    def batch(self, stored: np.ndarray) -> np.ndarray:
        """float32 (N, *shape) to the network's input, a new float32 (N, *input_shape): (x - mean) / std."""
        if stored.dtype != np.float32 or stored.shape[1:] != self.shape:
            wanted = ", ".join(map(str, self.shape))
            raise ValueError(f"a batch is float32 (N, {wanted}), not {stored.dtype} {stored.shape}")
        values = stored.copy()
        if self.mean is not None and self.std is not None:
            column = (self.channels, *(1 for _ in self.shape[1:]))
            # the mean before the division, which would round a large mean's difference
            values -= np.array(self.mean, dtype=np.float32).reshape(column)
            values /= np.array(self.std, dtype=np.float32).reshape(column)
        for axis in range(2, 1 + len(self.shape)) if self.repeat > 1 else ():
            values = values.repeat(self.repeat, axis)
        return values

    def with_statistics(self, stored: np.ndarray) -> ArrayPreprocessing:
        """A copy with the mean and standard deviation of float32 (N, *shape), per channel.

        Give it the training arrays. A channel without any variation gets std 1. Two passes in float64, some
        arrays at a time: √(Σ (x - mean)² / n).

        >>> stored = np.array([[[0, 4]], [[0, 4]]], dtype=np.float32)
        >>> measured = ArrayPreprocessing(shape=(1, 2)).with_statistics(stored)
        >>> measured.mean, measured.std
        ((2.0,), (2.0,))
        """
        if len(stored) == 0:
            raise ValueError(f"no {self.noun}s to measure")
        rows = stored.reshape(len(stored), self.channels, -1)
        step = max(1, _BLOCK // rows[0].size)
        blocks = [rows[start : start + step] for start in range(0, len(rows), step)]
        count = len(rows) * rows.shape[2]
        mean = sum(block.sum(axis=(0, 2), dtype=np.float64) for block in blocks) / count
        squares = np.zeros(self.channels)
        for block in blocks:
            centred = block - mean[:, None]  # float64
            squares += np.einsum("ncl,ncl->c", centred, centred)
        std = np.sqrt(squares / count)
        std[std < np.maximum(1e-9 * np.abs(mean), np.finfo(np.float32).tiny)] = 1.0
        fields = {**self.model_dump(), "mean": tuple(mean.tolist()), "std": tuple(std.tolist())}
        return ArrayPreprocessing(**fields)

    @property
    def _wanted(self) -> str:
        axes = "channels × length" if len(self.shape) == 2 else "channels × height × width"
        return f"{_times(self.shape)} ({axes})"

    @property
    def _forms(self) -> tuple[tuple[int, ...], ...]:
        """The shapes in which one array may be given."""
        without_channel = self.shape[1:] if self.channels == 1 else self.shape
        return self.shape, without_channel, (math.prod(self.shape),)

    def _checked(self, values: np.ndarray, name: str) -> np.ndarray:
        self.check_shape(values.shape, name)
        if values.dtype.kind not in "biuf":
            raise DataError(f"{name} is an array of {values.dtype}; the network takes real numbers.")
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused
            array = values.reshape(self.shape).astype(np.float32)
        if reason := not_finite(array):
            raise DataError(f"{name} {reason}.")
        return array

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        """Raises `DataError` where none may be given in this shape; `name` is what messages call it."""
        if shape in self._forms:
            return
        advice = ""
        another_length = shape[:-1] == (self.channels,) or (self.channels == 1 and len(shape) == 1)
        if self.noun == "signal" and another_length:
            advice = f"; cut or pad its {shape[-1]:,} values per channel to {self.shape[1]:,}"
        elif shape == (*self.shape[1:], self.channels):
            advice = "; transpose it, channels first"
        elif shape[1:] == self.shape:
            advice = "; it holds several, give one at a time"
        found = _times(shape) or "a single number"
        raise DataError(f"{name} is {found}, and the network takes {self._wanted}{advice}.")


def off_scale(measured: ArrayPreprocessing) -> str | None:
    """A note on the first channel that is far from mean 0 and deviation 1, None where none is.

    `measured` has the statistics of what a network gets as it is.

    >>> off_scale(ArrayPreprocessing(shape=(1, 9), mean=(1013.0,), std=(5.0,)))
    'channel 0 of the signals has mean 1013 and deviation 5; networks learn best around 0 and 1: --normalize.'
    """
    for channel, (mean, std) in enumerate(zip(measured.mean or (), measured.std or (), strict=True)):
        if abs(mean) > 3 * std or not 0.03 <= std <= 30:
            return (
                f"channel {channel} of the {measured.noun}s has mean {mean:.4g} and deviation {std:.3g}; "
                "networks learn best around 0 and 1: --normalize."
            )
    return None


def not_finite(array: np.ndarray) -> str | None:
    """What is wrong with an array (C, ...) that holds a NaN or an infinite number, None where none does.

    >>> not_finite(np.array([[0, 1, np.nan]], dtype=np.float32))
    'holds nan at position 2 of channel 0; fill or leave out what was not measured'
    """
    finite = np.isfinite(array)
    if finite.all():
        return None
    at = np.argwhere(~finite)[0].tolist()
    place = f"position {at[1]}" if len(at) == 2 else f"row {at[1]}, column {at[2]}"
    return f"holds {array[tuple(at)]} at {place} of channel {at[0]}; fill or leave out what was not measured"


def as_float32(values: np.ndarray) -> np.ndarray:
    """Real numbers as float32; raises `DataError` where one is not finite then."""
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
        stored = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(stored).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(stored))[0])
        raise DataError(f"the number {values[at]} at {at} is not finite in float32.")
    return stored


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
