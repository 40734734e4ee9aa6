"""The training loop: epochs of steps, validation after each, the best weights kept."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..data import Dataset
from ..errors import ConvscopeError
from ..metrics import EpochFigures, evaluate
from .batches import batch_starts, epoch_batches
from .engine import Engine
from .progress import Progress
from .recipe import Recipe
from .schedule import learning_rates


@dataclass(frozen=True)
class Epoch:
    """A finished epoch; `weights` are given where it is the best so far (or the one to keep)."""

    figures: EpochFigures
    weights: dict[str, np.ndarray] | None


def epochs(engine: Engine, dataset: Dataset, recipe: Recipe, progress: Progress) -> Iterator[Epoch]:
    """Train epoch by epoch.

    The order of the pictures depends on (seed, epoch) alone. The best epoch has the highest validation
    accuracy, among equals the lowest validation loss; without validation pictures it is the last.
    Raises `ConvscopeError` where the loss stops being a number.
    """
    assert recipe.epochs is not None
    assert recipe.lr is not None
    steps = len(batch_starts(len(dataset.train), recipe.batch_size))
    rates = learning_rates(recipe.schedule, recipe.lr, steps * recipe.epochs)
    best, best_epoch = (-1.0, 0.0), 0
    for epoch in range(1, recipe.epochs + 1):
        started = time.perf_counter()
        batches = epoch_batches(dataset.train.labels, recipe, epoch)
        first = (epoch - 1) * steps
        loss, accuracy = _train_epoch(engine, batches, rates[first : first + steps], epoch, first, progress)
        validation = None
        if dataset.validation is not None:
            split = dataset.validation
            validation = evaluate(
                engine.logits(split.images), split.labels, dataset.classes, split="validation"
            )
        figures = EpochFigures(
            epoch=epoch,
            train_loss=loss,
            train_accuracy=accuracy,
            validation_loss=validation.loss if validation else None,
            validation_accuracy=validation.accuracy if validation else None,
            seconds=time.perf_counter() - started,
            learning_rate=float(rates[first + steps - 1]),
        )
        score = (validation.accuracy, -validation.loss) if validation else (0.0, 0.0)
        improved = score > best
        if improved:
            best, best_epoch = score, epoch
        keep = improved if validation and recipe.keep == "best" else True
        yield Epoch(figures, engine.weights() if keep else None)
        if recipe.early_stopping and validation and epoch - best_epoch >= recipe.early_stopping:
            progress.note(f"stopped after epoch {epoch}: no better one since epoch {best_epoch}.")
            return


def _train_epoch(
    engine: Engine,
    batches: Sequence[np.ndarray],
    rates: np.ndarray,
    epoch: int,
    first_step: int,
    progress: Progress,
) -> tuple[float, float]:
    """Mean loss over the batches, and accuracy over the pictures as they were trained on."""
    done, loss, correct, pictures = 0, 0.0, 0, 0
    for part in engine.train(batches, rates.tolist(), epoch=epoch, first_step=first_step):
        done, pictures = done + part.steps, pictures + part.pictures
        loss, correct = loss + part.loss_sum, correct + part.correct
        if not math.isfinite(loss):
            raise ConvscopeError(
                f"the loss stopped being a number in epoch {epoch}, by step {done} of {len(batches)}; "
                f"a lower --lr (it was at {rates[done - 1]:.2g}) or --clip-norm 1 helps."
            )
        progress.step(epoch, done, len(batches), loss / done, correct / pictures, pictures)
    return loss / len(batches), correct / pictures
