"""Stages that take a row of numbers: linear and softmax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import ops
from ..errors import ShapeError
from ..ops.rendering.sentences import MOST_TERMS
from ..ops.steps import plain, spelled
from .stage import Position, Stage, ending


@dataclass(frozen=True, eq=False)
class Linear(Stage):
    """Each output is the sum of all numbers, each times a weight of its row, and of its bias."""

    written: str
    weight: np.ndarray  # (outputs, numbers)
    bias: np.ndarray | None = None  # (outputs,)
    name = "linear"

    def apply(self, given: np.ndarray) -> np.ndarray:
        _check_row(self, given)
        numbers = self.weight.shape[1]
        if numbers != len(given):
            raise ShapeError(
                f"the stage {_short(self.written)!r} has rows of {numbers} weights, and comes after "
                f"{len(given)} numbers; each row takes a weight for each number."
            )
        result = np.asarray(self.weight @ given)
        return result if self.bias is None else result + self.bias

    def settings(self, given: np.ndarray) -> dict[str, Any]:
        return {"weight": self.weight.tolist(), "bias": None if self.bias is None else self.bias.tolist()}

    def takers(self, given: np.ndarray, position: Position) -> list[Position]:
        return [(output,) for output in range(len(self.weight))]

    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        weights = self.weight[position[0]]
        if len(given) > MOST_TERMS:
            text = f"sum of {len(given)} products"
        else:
            text = " + ".join(f"{spelled(x)}·{spelled(w)}" for x, w in zip(given, weights, strict=True))
        if self.bias is not None:
            text += f" + {spelled(self.bias[position[0]])}"
        return f"{text} {ending(result, position)}"


@dataclass(frozen=True, eq=False)
class Softmax(Stage):
    """exp(x) / Σ exp(x): scores as probabilities that add up to 1."""

    written: str = "softmax"
    name = "softmax"

    def apply(self, given: np.ndarray) -> np.ndarray:
        _check_row(self, given)
        result: np.ndarray = ops.softmax(given)
        return result

    def takers(self, given: np.ndarray, position: Position) -> list[Position]:
        return [(output,) for output in range(len(given))]

    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        number = plain(given[position])
        below = " + ".join(f"exp({plain(x)})" for x in given) if len(given) <= MOST_TERMS // 2 else "Σ exp(x)"
        return f"exp({number}) / ({below}) {ending(result, position)}"


def _check_row(stage: Stage, given: np.ndarray) -> None:
    if given.ndim > 1:
        size = "×".join(map(str, given.shape))
        raise ShapeError(
            f"the stage {_short(stage.written)!r} takes a row of numbers, and there are maps of {size}; "
            "put flatten before it."
        )


def _short(written: str) -> str:
    return written if len(written) <= 40 else f"{written[:39]}…"
