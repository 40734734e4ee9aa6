"""A pool as a stage of a chain: one number for each window, map by map."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..ops.pool_steps import PoolSteps, pool_steps
from ..ops.rendering.sentences import equation
from ..written_pool import Pooling
from .stage import Position, Stage


@dataclass(frozen=True, eq=False)
class Pool(Stage):
    """As `--pool` has it, without padding."""

    written: str
    pool: Pooling

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.pool.name

    def apply(self, given: np.ndarray) -> np.ndarray:
        return np.stack([steps.output() for steps in self.steps(given)])

    def steps(self, given: np.ndarray) -> Sequence[PoolSteps]:
        """Those of each map."""
        if given.ndim == 1:
            raise ShapeError(
                f"the stage {self.written!r} takes maps, and there is a row of {len(given)} numbers."
            )
        size, stride = self.pool.fitted(given.shape[1:])
        return [pool_steps(one, size, kind=self.pool.kind, p=self.pool.p, stride=stride) for one in given]

    def settings(self, given: np.ndarray) -> dict[str, Any]:
        first = self.steps(given)[0]
        of_norm = {"p": self.pool.p} if self.pool.kind == "lp" else {}
        return {
            "kind": self.pool.kind,
            "size": list(first.kernel_size),
            "stride": list(first.stride),
            **of_norm,
        }

    def takers(self, given: np.ndarray, position: Position) -> list[Position]:
        """The windows that it lies in: several where they overlap, none where no window reaches it."""
        of, *places = position
        steps = self.steps(given)[of]
        axes = zip(places, steps.kernel_size, steps.stride, steps.shape, strict=True)
        windows = [[w for w in range(count) if w * s <= p < w * s + k] for p, k, s, count in axes]
        return [(of, *window) for window in itertools.product(*windows)]

    def equation(self, given: np.ndarray, result: np.ndarray, position: Position) -> str:
        of, *place = position
        return equation(self.steps(given)[of].at(*place))
