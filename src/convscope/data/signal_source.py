"""A data set of signals: arrays at hand, or read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from ..errors import DataError, UsageError
from .arrays import LARGEST, ArrayPreprocessing, not_finite
from .labels import class_positions
from .layout import PARTS
from .memory import take
from .resizing import Resize
from .source import Names, Part, Progress, Reading, Source, checksum_of
from .subject import SIGNALS

_BLOCK = 1 << 20  # values that are looked at at a time

Given = np.ndarray | Mapping[str, np.ndarray]


class SignalSource(Source):
    """Signals (N, channels, length), or (N, length) where there is one channel, and their labels.

    Each is an array, or one for each of the parts "train", "validation" and "test". `labels` are whole
    numbers or names (`class_positions`); the classes are their values, unless `classes` names them. Any
    type of real numbers will do; they become float32. A signal with a NaN or an infinite number is skipped
    and named when a data set is loaded, or refused with `strict`.

    Raises `DataError` for arrays of other shapes or types, and for labels that do not fit.

    >>> source = SignalSource(np.zeros((6, 2, 100)), np.array([0, 1, 0, 1, 0, 1]), name="steps")
    >>> source.counts, source.classes, source.default_preprocessing().input_shape
    ({'train': 6}, ('0', '1'), (2, 100))
    """

    noun = "signal"

    def __init__(
        self,
        signals: Given,
        labels: Given,
        *,
        classes: Sequence[str] | Sequence[int] | None = None,
        name: str = "signals",
        strict: bool = False,
        notes: Sequence[str] = (),
    ) -> None:
        given = signals if isinstance(signals, Mapping) else {"train": signals}
        given_labels = labels if isinstance(labels, Mapping) else {"train": labels}
        if set(given) != set(given_labels) or "train" not in given:
            raise DataError(
                f"{name} has signals for {_listed(given)} and labels for {_listed(given_labels)}; both are "
                "needed of every part, and a part to train on."
            )
        if unknown := [part for part in given if part not in PARTS]:
            raise DataError(f"{name} has a part {unknown[0]!r}; the parts are {', '.join(PARTS)}.")
        self._signals = {
            part: _as_signals(array, f"the {part} signals of {name}") for part, array in given.items()
        }
        shapes = {part: array.shape[1:] for part, array in self._signals.items()}
        if len(set(shapes.values())) > 1:
            found = ", ".join(f"{part} {channels}×{length}" for part, (channels, length) in shapes.items())
            raise DataError(f"the signals of {name} are not of one shape in all parts: {found}.")
        self.classes, numbers = class_positions(
            given_labels, classes, where={part: f"the {part} part of {name}" for part in given}
        )
        for part, array in self._signals.items():
            if len(array) != len(numbers[part]):
                raise DataError(
                    f"{name} has {len(array):,} {part} signals but {len(numbers[part]):,} labels for them; "
                    "there should be one each."
                )
        self.name, self.strict, self.notes = name, strict, tuple(notes)
        self.size, self.subject = None, SIGNALS
        self.channels, self.length = shapes["train"]
        self.parts = {
            part: Part(numbers[part], Names(f"{name}/{part}", np.arange(len(array))))
            for part, array in self._signals.items()
        }

    def default_preprocessing(
        self,
        size: int | tuple[int, int] | None = None,
        channels: Literal[1, 3] | None = None,
        resize: Resize | None = None,
        invert: bool = False,
    ) -> ArrayPreprocessing:
        """Signals as they are; raises `UsageError` for what is done to pictures alone."""
        given = {"--size": size, "--channels": channels, "--resize": resize, "--invert": invert or None}
        if wrong := [flag for flag, value in given.items() if value is not None]:
            raise UsageError(
                f"{' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} for pictures; {self.name} has "
                f"signals of {self.channels}×{self.length} (channels × length), which are taken as they are."
            )
        return ArrayPreprocessing(shape=(self.channels, self.length))

    def read(
        self, part: str, positions: np.ndarray, preprocessing: Any, progress: Progress | None = None
    ) -> Reading:
        if preprocessing.shape != (self.channels, self.length):
            channels, length = preprocessing.shape
            raise DataError(
                f"{self.name} has signals of {self.channels}×{self.length} (channels × length), and the "
                f"network takes {channels}×{length}."
            )
        signals, names = self._signals[part], self.parts[part].names
        sound = np.zeros(len(positions), dtype=bool)
        rows = max(1, _BLOCK // (self.channels * self.length))
        for start in range(0, len(positions), rows):
            block = positions[start : start + rows]
            sound[start : start + rows] = np.isfinite(signals[block]).all(axis=(1, 2))
        broken = tuple(
            (int(position), f"{names[position]} {not_finite(signals[position])}.")
            for position in positions[~sound]
        )
        if broken and self.strict:
            raise DataError(broken[0][1])
        kept = positions[sound]
        return Reading(take(signals, kept), kept, broken)

    def checksum(self, digests: Mapping[str, str]) -> str:
        return checksum_of(self, self._signals)


def _as_signals(array: np.ndarray, what: str) -> np.ndarray:
    """float32 (N, C, L), contiguous; the array itself where it is that."""
    if not isinstance(array, np.ndarray):
        array = np.asarray(array)
    if array.dtype.kind not in "iuf":
        raise DataError(f"{what} are an array of {array.dtype}, not of real numbers.")
    if array.ndim == 2:
        array = array[:, None]  # (N, 1, L)
    if array.ndim != 3:
        raise DataError(
            f"{what} are an array {array.shape}; it should be (N, channels, length) or (N, length)."
        )
    if array.size == 0:
        raise DataError(f"{what} are empty: {array.shape}.")
    if array[0].size > LARGEST:
        raise DataError(f"{what} have {array[0].size:,} values each; a signal has up to {LARGEST:,}.")
    with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is told of
        return np.ascontiguousarray(array, dtype=np.float32)


def _listed(parts: Mapping[str, Any]) -> str:
    return " and ".join(parts) or "nothing"
