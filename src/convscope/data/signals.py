"""Signals, such as sound or an electrocardiogram, and how each becomes a network's input."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import DataError
from .npy import read_header, read_values

_BLOCK = 1 << 20  # values that are looked at in float64 at a time

LARGEST = 1 << 28  # values of one signal, 1 GiB

SignalFile = str | os.PathLike[str] | bytes


class SignalPreprocessing(BaseModel):
    """How signals become a network's input; frozen, and kept in the bundle as JSON.

    Signals are stored as they were measured, float32 (channels, length). A signal of another length is
    refused: what a cut or a padding does to its meaning is not for a reader to choose.

    >>> preprocessing = SignalPreprocessing(channels=1, length=3, mean=(2.0,), std=(0.5,))
    >>> preprocessing.batch(preprocessing.one(np.array([1, 2, 3]))[None])
    array([[[-2.,  0.,  2.]]], dtype=float32)
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    noun: ClassVar[str] = "signal"
    example: ClassVar[str] = "signal.npy"

    kind: Literal["signals"] = "signals"
    channels: int = Field(ge=1)
    length: int = Field(ge=1)
    #: per channel, in the signal's own units; both or neither
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.channels * self.length > LARGEST:
            raise ValueError(f"a signal of {self.channels}×{self.length} is too large")
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
    def input_shape(self) -> tuple[int, int]:
        """(channels, length), the shape of one signal in a batch."""
        return self.channels, self.length

    def blank(self, count: int) -> np.ndarray:
        """Zeros in the shape of `count` signals: float32 (count, channels, length)."""
        return np.zeros((count, *self.input_shape), dtype=np.float32)

    def one(self, given: SignalFile | np.ndarray) -> np.ndarray:
        """A signal as a person gives it, a `.npy` file or an array, as float32 (channels, length).

        An array of one channel may be (length,). Raises `DataError` for what is no such signal.
        """
        if isinstance(given, np.ndarray):
            return self._signal(given, "the signal")
        if isinstance(given, str | os.PathLike | bytes):
            return self.read(given)
        raise DataError(
            f"a signal is an array, or a path or the bytes of a .npy file, not a {type(given).__name__}."
        )

    def apart(self, given: Any) -> list[Any]:
        """The signals in what a person gives: rows of an array (N, C, L), or (N, L) where C is 1.

        >>> one, two = SignalPreprocessing(channels=1, length=8), SignalPreprocessing(channels=2, length=8)
        >>> len(one.apart(np.zeros((3, 8)))), len(two.apart(np.zeros((2, 8))))
        (3, 1)
        """
        axes = 2 if self.channels == 1 else 3
        return list(given) if isinstance(given, np.ndarray) and given.ndim >= axes else [given]

    def read(self, file: SignalFile, *, name: str | None = None) -> np.ndarray:
        """One signal of a `.npy` file, a path or its bytes, as float32 (channels, length).

        The head is checked before a value is read. `name` stands for the file in messages. Raises `DataError`
        for a file that is missing, damaged or no `.npy`, and for a signal that the network does not take.
        """
        name = name or ("the signal" if isinstance(file, bytes) else os.fspath(file))
        try:
            with io.BytesIO(file) if isinstance(file, bytes) else Path(file).open("rb") as stream:
                header = read_header(stream, name)
                self._check_shape(header.shape, name)
                values = read_values(stream, header, name)
        except OSError as error:
            raise DataError(f"{name} cannot be read: {error.strerror or error}.") from error
        return self._signal(values, name)

    def batch(self, signals: np.ndarray) -> np.ndarray:
        """float32 (N, C, L) to the network's input, a new float32 (N, C, L): (x - mean) / std in float32.

        Without mean and std the values stay as they are.
        """
        if signals.dtype != np.float32 or signals.ndim != 3 or signals.shape[1:] != self.input_shape:
            raise ValueError(
                f"a batch is float32 (N, {self.channels}, {self.length}), not {signals.dtype} {signals.shape}"
            )
        if self.mean is None or self.std is None:
            return signals.copy()
        mean, std = (np.array(values, dtype=np.float32)[:, None] for values in (self.mean, self.std))
        values: np.ndarray = (
            signals - mean
        )  # before the division, which would round a large mean's difference
        values /= std
        return values

    def with_statistics(self, signals: np.ndarray) -> SignalPreprocessing:
        """A copy with the mean and standard deviation of float32 `signals` (N, C, L), per channel.

        Give it the training split. A channel without any variation gets std 1. Two passes in float64, some
        signals at a time: √(Σ (x - mean)² / n).

        >>> signals = np.array([[[0, 4]], [[0, 4]]], dtype=np.float32)
        >>> measured = SignalPreprocessing(channels=1, length=2).with_statistics(signals)
        >>> measured.mean, measured.std
        ((2.0,), (2.0,))
        """
        if len(signals) == 0:
            raise ValueError("no signals to measure")
        rows = max(1, _BLOCK // (self.channels * self.length))
        blocks = [slice(start, start + rows) for start in range(0, len(signals), rows)]
        count = len(signals) * self.length
        mean = sum(signals[block].sum(axis=(0, 2), dtype=np.float64) for block in blocks) / count
        squares = np.zeros(self.channels)
        for block in blocks:
            centred = signals[block] - mean[:, None]  # float64
            squares += np.einsum("ncl,ncl->c", centred, centred)
        std = np.sqrt(squares / count)
        std[std < np.maximum(1e-9 * np.abs(mean), np.finfo(np.float32).tiny)] = 1.0
        fields = {**self.model_dump(), "mean": tuple(mean.tolist()), "std": tuple(std.tolist())}
        return SignalPreprocessing(**fields)

    def _signal(self, values: np.ndarray, name: str) -> np.ndarray:
        self._check_shape(values.shape, name)
        if values.dtype.kind not in "iuf":
            raise DataError(f"{name} is an array of {values.dtype}; a signal has real numbers.")
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused
            signal = values.reshape(self.input_shape).astype(np.float32)
        if reason := not_finite(signal):
            raise DataError(f"{name} {reason}.")
        return signal

    def _check_shape(self, shape: tuple[int, ...], name: str) -> None:
        if shape == self.input_shape or (self.channels == 1 and shape == (self.length,)):
            return
        wanted = f"{self.channels}×{self.length} (channels × length)"
        found = "×".join(map(str, shape)) if shape else "a single number"
        advice = ""
        if shape[:-1] == (self.channels,) or (self.channels == 1 and len(shape) == 1):
            advice = f"; cut or pad its {shape[-1]:,} values per channel to {self.length:,}"
        elif shape == self.input_shape[::-1]:
            advice = "; transpose it"
        elif len(shape) == 3 and shape[1:] == self.input_shape:
            advice = "; it holds several, give one at a time"
        raise DataError(f"{name} is {found}, and the network takes {wanted}{advice}.")


def off_scale(measured: SignalPreprocessing) -> str | None:
    """A note on the first channel that is far from mean 0 and deviation 1, None where none is.

    `measured` has the statistics of signals that a network gets as they are.

    >>> off_scale(SignalPreprocessing(channels=1, length=9, mean=(1013.0,), std=(5.0,)))
    'channel 0 of the signals has mean 1013 and deviation 5; networks learn best around 0 and 1: --normalize.'
    """
    for channel, (mean, std) in enumerate(zip(measured.mean or (), measured.std or (), strict=True)):
        if abs(mean) > 3 * std or not 0.03 <= std <= 30:
            return (
                f"channel {channel} of the signals has mean {mean:.4g} and deviation {std:.3g}; "
                "networks learn best around 0 and 1: --normalize."
            )
    return None


def not_finite(signal: np.ndarray) -> str | None:
    """What is wrong with a signal (C, L) that holds a NaN or an infinite number, None where none does.

    >>> not_finite(np.array([[0, 1, np.nan]], dtype=np.float32))
    'holds nan at position 2 of channel 0; fill or leave out what was not measured'
    """
    finite = np.isfinite(signal)
    if finite.all():
        return None
    channel, position = np.argwhere(~finite)[0]
    value = signal[channel, position]
    return (
        f"holds {value} at position {position} of channel {channel}; fill or leave out what was not measured"
    )
