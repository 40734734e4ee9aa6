"""A stage of a chain: what it makes of maps, and how one number of its result comes about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ops.steps import plain

Position = tuple[int, ...]  # (map, row, column), (map, place), or (number,) of a row


@dataclass(frozen=True)
class Number:
    """A number of a stage's result: where, how it comes about, and what it is."""

    position: Position
    equation: str
    result: Any


class Stage(ABC):
    """One operation, as it was written. Maps are (maps, height, width) or (maps, length), a row (n,)."""

    written: str
    name: str  # as it is called in sentences

    @abstractmethod
    def apply(self, given: np.ndarray) -> np.ndarray:
        """Its result. Raises `ShapeError` where it does not fit."""

    def settings(self, given: np.ndarray) -> dict[str, Any]:
        """The numbers that it works with, by their names, as JSON values."""
        return {}

    def takers(self, given: np.ndarray, position: Position) -> list[Position]:
        """The positions of its result that the number at `position` goes into."""
        return [position]

    @abstractmethod
    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        """How the number of the result at `position` comes about."""

    def number(self, given: np.ndarray, result: np.ndarray, position: Position) -> Number:
        """The number of the result at `position`."""
        return Number(position, self.equation(given, result, position), result[position].item())


def ending(result: np.ndarray, position: Position) -> str:
    """How each equation ends."""
    return f"= {plain(result[position])}"
