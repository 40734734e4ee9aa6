"""The engine that trains on the CPU with the native kernels; imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ... import inference, native
from ...data import Dataset
from ...errors import UsageError
from ...graph import Graph
from ...lanes.network import Moves, Network
from ...lanes.pace import Pace
from ...lanes.settings import OptimizerSettings
from ...recipe import Recipe
from .engine import StepFigures
from .moves import EpochMoves
from .state import State, moments_of


class LanesEngine:
    """Trains a graph, and computes outputs with a second plan whose batch norms are folded. See `Engine`.

    `ratios` are of a parameter's learning rate to that of a step, where it is another.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, np.ndarray],
        dataset: Dataset,
        recipe: Recipe,
        *,
        ratios: Mapping[str, float] | None = None,
    ) -> None:
        self.name = "lanes"
        self.recipe = recipe
        if not graph.trained:
            raise UsageError("the network has no parameters to train.")
        self.labels, self.picture_weights = dataset.train.labels, dataset.train.weights
        self.inputs = inference.for_lanes(dataset.train.images, dataset.preprocessing)
        self.moves = EpochMoves(dataset, recipe)
        threads = recipe.threads or native.cores()
        self.network = Network(
            graph, weights, training=True, threads=threads, settings=_settings(recipe), ratios=ratios
        )
        self.evaluated = Network(graph, weights, training=False, threads=threads)
        self.forward = inference.on_lanes(self.evaluated, dataset.preprocessing)
        self.changed = False  # since `evaluated` took over the weights
        self.pace = Pace()

    def train(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], *, epoch: int, first_step: int
    ) -> Iterator[StepFigures]:
        def steps(part: slice) -> StepFigures:
            return self._steps(batches[part], learning_rates[part], epoch, first_step + part.start)

        yield from self.pace.calls(len(batches), steps)

    def logits(self, images: np.ndarray) -> np.ndarray:
        if self.changed:
            self.evaluated.set_weights(self.network.weights())
            self.changed = False
        return self.forward(images)

    def weights(self) -> dict[str, np.ndarray]:
        return self.network.weights()

    def set_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        self.network.set_weights(weights)
        self.changed = True

    def state(self) -> dict[str, np.ndarray]:
        first, second = (
            {
                name: value
                for name, value in self.network.named(numbers).items()
                if name in self.network.graph.trained
            }
            for numbers in (self.network.native.first_moments, self.network.native.second_moments)
        )
        kept = moments_of(self.recipe.optimizer, self.recipe.momentum)
        steps = int(self.network.native.steps_done)
        return State(self.weights(), first if kept > 0 else {}, second if kept > 1 else {}, steps).to_arrays()

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        kept = moments_of(self.recipe.optimizer, self.recipe.momentum)
        graph = self.network.graph
        new = State.of_arrays(state, graph.parameters, graph.trained, moments=kept)
        self.network.native.steps_done = new.steps
        self.set_weights(new.weights)
        for numbers, moments in (
            (self.network.native.first_moments, new.first),
            (self.network.native.second_moments, new.second),
        ):
            self.network.put(numbers, moments)

    def _steps(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], epoch: int, first_step: int
    ) -> StepFigures:
        self.changed = True
        table, how = self.moves.table(epoch), self.moves.augmentation
        moves = None
        if table is not None:
            moves = Moves(table, hole=how.cutout, fill=how.fill, reflect=how.crop > 0)
        losses, correct = self.network.train(
            self.inputs,
            self.labels,
            batches,
            learning_rates,
            seed=self.recipe.seed,
            first_step=first_step,
            moves=moves,
            picture_weights=self.picture_weights,
        )
        if not np.isfinite(self.network.native.parameters).all():
            losses[-1] = np.nan  # a maximum may hide a NaN from the loss
        return StepFigures(losses, sum(map(len, batches)), correct)


def _settings(recipe: Recipe) -> OptimizerSettings:
    assert recipe.weight_decay is not None
    return OptimizerSettings(
        optimizer=recipe.optimizer,
        betas=(recipe.beta1, recipe.beta2),
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        weight_decay=recipe.weight_decay,
        clip_norm=recipe.clip_norm,
        label_smoothing=recipe.label_smoothing,
    )
