"""Stages that keep every number at its place, and the one that lays them out in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import ops
from ..errors import ShapeError
from ..ops.steps import plain, spelled
from .stage import Position, Stage, ending

EPS = 1e-5


@dataclass(frozen=True, eq=False)
class Relu(Stage):
    """max(x, 0)."""

    written: str = "relu"
    name = "ReLU"

    def apply(self, given: np.ndarray) -> np.ndarray:
        result: np.ndarray = ops.relu(given)
        return result

    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        return f"max({plain(given[position])}, 0) {ending(result, position)}"


@dataclass(frozen=True, eq=False)
class BatchNorm(Stage):
    """weight · (x - mean) / √(variance + eps) + bias, map by map; of a row number by number.

    `parameters` are weight, bias, mean and variance, each one number or one per map; None: 1, 0, and mean and
    variance of each map itself.
    """

    written: str
    parameters: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None = None
    name = "batch norm"

    def apply(self, given: np.ndarray) -> np.ndarray:
        weight, bias, mean, variance = self._of(given) if self.parameters else (None,) * 4
        result: np.ndarray = ops.batch_norm(
            given[None], mean=mean, variance=variance, weight=weight, bias=bias, eps=EPS
        )
        return np.asarray(result[0])

    def settings(self, given: np.ndarray) -> dict[str, Any]:
        names = ("weight", "bias", "mean", "variance")
        numbers = zip(names, self._of(given), strict=True)
        return {**{name: values.tolist() for name, values in numbers}, "eps": EPS}

    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        weight, bias, mean, variance = (numbers[position[0]] for numbers in self._of(given))
        text = f"({plain(given[position])} - {spelled(mean)}) / √({plain(variance)} + {EPS:g})"
        if weight != 1 or bias != 0:
            text = f"{plain(weight)}·{text} + {spelled(bias)}"
        return f"{text} {ending(result, position)}"

    def _of(self, given: np.ndarray) -> tuple[np.ndarray, ...]:
        """Weight, bias, mean and variance of each map."""
        count = len(given)
        if self.parameters is None:
            exact = given.reshape(count, -1).astype(np.float64)
            return np.ones(count), np.zeros(count), exact.mean(axis=1), exact.var(axis=1)
        wrong = [len(numbers) for numbers in self.parameters if len(numbers) not in (1, count)]
        if wrong:
            raise ShapeError(
                f"{self.written!r} has {wrong[0]} numbers for {count} maps; give one, or one for each map."
            )
        return tuple(np.broadcast_to(numbers, count) for numbers in self.parameters)


@dataclass(frozen=True, eq=False)
class Flatten(Stage):
    """All numbers in a row: map by map, row by row."""

    written: str = "flatten"
    name = "flatten"

    def apply(self, given: np.ndarray) -> np.ndarray:
        result: np.ndarray = ops.flatten(given, start=0)
        return result

    def takers(self, given: np.ndarray, position: Position) -> list[Position]:
        return [(int(np.ravel_multi_index(position, given.shape)),)]

    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        return f"number {position[0]} of the row {ending(result, position)}"
