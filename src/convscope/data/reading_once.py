"""A source whose inputs are read once and handed out many times: for one data set under many seeds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .input_preprocessing import InputPreprocessing
from .memory import take
from .source import Progress, Reading, Source


class ReadOnce(Source):
    """`source`, with every part read whole at its first reading and kept as it came out of `preprocessing`.

    What it hands out is what `source` would: the same pictures, broken ones, digests and checksum. It
    keeps the pictures of one preprocessing; another one reads anew.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.noun = source.noun
        self.name, self.classes, self.size = source.name, source.classes, source.size
        self.channels, self.subject = source.channels, source.subject
        self.parts, self.notes = source.parts, source.notes
        self._preprocessing: InputPreprocessing | None = None
        self._readings: dict[str, Reading] = {}
        self._checksum: tuple[dict[str, str], str] | None = None

    def default_preprocessing(self, *given: Any, **named: Any) -> InputPreprocessing:
        return self.source.default_preprocessing(*given, **named)

    def read(
        self, part: str, positions: np.ndarray, preprocessing: Any, progress: Progress | None = None
    ) -> Reading:
        if preprocessing != self._preprocessing:
            self._preprocessing, self._readings = preprocessing, {}
        if part not in self._readings:
            everything = np.arange(len(self.parts[part]), dtype=np.int64)
            self._readings[part] = self.source.read(part, everything, preprocessing, progress)
        return _pick(self._readings[part], positions, len(self.parts[part]))

    def checksum(self, digests: Mapping[str, str]) -> str:
        if self._checksum is None or self._checksum[0] != digests:
            self._checksum = (dict(digests), self.source.checksum(digests))
        return self._checksum[1]


def _pick(whole: Reading, positions: np.ndarray, count: int) -> Reading:
    """The part of a whole reading that reading `positions` alone would have given."""
    rows = np.full(count, -1, dtype=np.int64)  # where the picture at a position lies; -1: it is broken
    rows[whole.kept] = np.arange(len(whole.kept))
    kept = positions[rows[positions] >= 0]
    chosen = rows[kept]
    asked = set(positions.tolist())
    return Reading(
        take(whole.images, chosen),
        kept,
        tuple((position, reason) for position, reason in whole.broken if position in asked),
        # digests, where there are any, are one per kept picture in the order of `kept`
        tuple(whole.digests[row] for row in chosen) if whole.digests else (),
    )
