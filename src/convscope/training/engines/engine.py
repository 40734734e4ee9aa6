"""What computes the steps of a training run: the interface every engine fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Some consecutive steps: the mean loss of each batch (float64), and the pictures classified right.

    A loss that is not finite says that the training has gone wrong by then.
    """

    losses: np.ndarray
    pictures: int
    correct: int


class Engine(Protocol):
    """Holds a network, its optimiser and the training pictures or signals (as they are stored).

    Weights and state are dictionaries of arrays by the graph's parameter names, so that a run can be
    saved, resumed and moved between engines at any step.
    """

    name: str

    def train(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], *, epoch: int, first_step: int
    ) -> Iterator[StepFigures]:
        """One step per batch of positions in the training part, yielding figures every so often.

        `epoch` and `first_step` with the recipe's seed determine everything that is random.
        """
        ...

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Inputs as they are stored → float32 (N, classes) in eval mode."""
        ...

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of all tensors of the network by name, running statistics included."""
        ...

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """Replace them."""
        ...

    def state(self) -> dict[str, np.ndarray]:
        """Copies of all that the next step depends on, by the names of `State`: alike for every engine."""
        ...

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from there. Raises `ConvscopeError` for the state of another network or optimiser."""
        ...
