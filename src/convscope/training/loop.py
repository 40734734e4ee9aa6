"""The training loop: epochs of steps, validation after each, and which weights to keep."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ..data import Dataset
from ..errors import ConvscopeError
from ..metrics import EpochFigures, evaluate
from ..recipe import Recipe
from .batches import batch_starts, epoch_batches
from .engines.engine import Engine, StepFigures
from .progress import Progress
from .schedule import learning_rates
from .standing import Standing


class Loop:
    """A training at work, from where it stands to its end.

    The order of the pictures depends on (seed, epoch) alone. The best epoch has the highest validation
    accuracy, among equals the lowest validation loss; without validation pictures it is the last.
    `stops` are numbers of steps, in order, after which it hands over for sure.
    """

    def __init__(
        self,
        engine: Engine,
        dataset: Dataset,
        recipe: Recipe,
        progress: Progress,
        standing: Standing | None = None,
        *,
        stops: Sequence[int] = (),
    ) -> None:
        assert recipe.epochs is not None
        assert recipe.lr is not None
        self.engine, self.dataset, self.recipe, self.progress = engine, dataset, recipe, progress
        self.standing = standing or Standing()
        self.epochs, self.stops = recipe.epochs, stops
        self.steps = len(batch_starts(len(dataset.train), recipe.batch_size))  # of an epoch
        self.rates = learning_rates(recipe.schedule, recipe.lr, self.steps * self.epochs)
        self.since = time.perf_counter() - self.standing.seconds  # when the epoch at work began

    @property
    def over(self) -> bool:
        """Whether there is nothing left to do."""
        return self.standing.is_over(self.epochs)

    @property
    def first_step(self) -> int:
        """The number of the next step in the whole training, from 0."""
        return (self.standing.epoch - 1) * self.steps + self.standing.steps

    def batches(self) -> list[np.ndarray]:
        """The positions of each batch that is left of the epoch at work."""
        of_epoch = epoch_batches(self.dataset.train.labels, self.recipe, self.standing.epoch)
        return of_epoch[self.standing.steps :]

    def run(self) -> Iterator[bool]:
        """Train to the end, handing over after every few steps (False) and after each epoch (True).

        Whoever has it may stop between. Raises `ConvscopeError` where the loss stops being a number.
        """
        while not self.over:
            epoch, batches, first = self.standing.epoch, self.batches(), self.first_step
            rates = self.rates[first : first + len(batches)].tolist()
            stops = [stop - first for stop in self.stops if first < stop < first + len(batches)]
            for start, end in pairwise([0, *stops, len(batches)]):
                part_of = batches[start:end], rates[start:end]
                for figures in self.engine.train(*part_of, epoch=epoch, first_step=first + start):
                    self.add(figures)
                    yield False
            self.end_epoch()
            yield True

    def add(self, part: StepFigures) -> None:
        """Count steps that the engine has done."""
        standing = self.standing
        standing.add(part)
        standing.seconds = time.perf_counter() - self.since
        epoch, done = standing.epoch, standing.steps
        if not math.isfinite(standing.loss_sum):
            rate = self.rates[self.first_step - 1]
            raise ConvscopeError(
                f"the loss stopped being a number in epoch {epoch}, by step {done} of {self.steps}; "
                f"a lower --lr (it was at {rate:.2g}) or --clip-norm 1 helps."
            )
        means = standing.loss_sum / done, standing.correct / standing.pictures
        self.progress.step(epoch, done, self.steps, *means, standing.pictures)

    def end_epoch(self) -> None:
        """Validate, and close the epoch at work; `standing.keeps` says whether its weights are to be kept."""
        standing, validation = self.standing, None
        if self.dataset.validation is not None:
            split = self.dataset.validation
            logits = self.engine.logits(split.images)
            validation = evaluate(logits, split.labels, self.dataset.classes, split="validation")
        standing.next_epoch(
            EpochFigures(
                epoch=standing.epoch,
                train_loss=standing.loss_sum / standing.steps,
                train_accuracy=standing.correct / standing.pictures,
                validation_loss=validation.loss if validation else None,
                validation_accuracy=validation.accuracy if validation else None,
                seconds=time.perf_counter() - self.since,
                learning_rate=float(self.rates[self.first_step - 1]),
            )
        )
        self.since = time.perf_counter()
        epoch = standing.epoch - 1
        if self._improved():
            standing.best_epoch = epoch
        if standing.best_epoch == epoch or validation is None or self.recipe.keep == "last":
            standing.kept_epoch = epoch
        patience = self.recipe.early_stopping
        if patience and validation and epoch - standing.best_epoch >= patience:
            standing.stopped = True
            best = standing.best_epoch
            self.progress.note(f"stopped after epoch {epoch}: no better one since epoch {best}.")

    def _improved(self) -> bool:
        standing = self.standing
        new = _score(standing.history[-1])
        return not standing.best_epoch or new > _score(standing.history[standing.best_epoch - 1])


def _score(figures: EpochFigures) -> tuple[float, float]:
    if figures.validation_accuracy is None or figures.validation_loss is None:
        return 0.0, 0.0
    return figures.validation_accuracy, -figures.validation_loss
