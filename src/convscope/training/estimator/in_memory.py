"""Training on arrays that are in memory: prepared without a source, run without a directory."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...bundle import USUAL, Bundle
from ...data import Dataset, InputPreprocessing, Preprocessing, Split
from ...data.source import Names
from ...data.split import hold_out
from ...errors import ConvscopeError, UsageError
from ...metrics import EpochFigures
from ...recipe import Recipe
from ..augment import check_augmentation
from ..batches import epoch_batches
from ..engines.choice import choose_engine
from ..engines.engine import Engine
from ..engines.making import make_engine
from ..finishing import make_bundle
from ..loop import Loop
from ..network import open_network
from ..prepare import ARRAYS, Prepared, with_defaults
from ..progress import Progress, Silent
from ..uneven import weighted

FEWEST_STEPS = 200  # that few pictures are trained for


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training on arrays leaves: a line per epoch, the bundle, and the state to go on from."""

    history: tuple[EpochFigures, ...]
    bundle: Bundle
    state: dict[str, np.ndarray]


def prepare_arrays(
    images: np.ndarray,
    labels: np.ndarray,
    weights: np.ndarray | None,
    classes: Sequence[str],
    preprocessing: InputPreprocessing,
    net: Any,
    recipe: Recipe,
) -> Prepared:
    """A training on `images`, as `preprocessing` stores them, with every choice of the recipe made.

    `labels` are positions in `classes`, `weights` float32 (N,). `recipe.validation` is held out of each
    class. Raises as `prepare` does.
    """
    if isinstance(preprocessing, Preprocessing):
        check_augmentation(recipe, preprocessing)
    network = open_network(net, preprocessing.input_shape, len(classes), seed=recipe.seed)
    engine, why = choose_engine(recipe, network.graph, network.name)
    kept, held = hold_out(labels, recipe.validation, seed=recipe.seed, classes=classes)
    if recipe.early_stopping and not len(held):
        raise UsageError("early_stopping needs validation pictures; give validation=0.1, say.")

    def split(positions: np.ndarray, weights: np.ndarray | None = None) -> Split:
        return Split(images[positions], labels[positions], Names(ARRAYS, positions), weights)

    dataset = Dataset(
        name=ARRAYS,
        classes=tuple(classes),
        preprocessing=preprocessing,
        train=split(kept, None if weights is None else weights[kept]),
        validation=split(held) if len(held) else None,
        test=None,
        notes=(),
        checksum=_checksum(images, labels),
    )
    recipe = recipe.but(data=ARRAYS, engine=engine, net=network.name)
    recipe = with_defaults(recipe, network.graph, len(kept), fewest_steps=FEWEST_STEPS)
    return Prepared(recipe, weighted(dataset, recipe), network, (why,) if why else ())


def train_arrays(prepared: Prepared, progress: Progress) -> Trained:
    """Train for all epochs and keep the weights that the recipe says."""
    recipe, network = prepared.recipe, prepared.network
    engine = make_engine(prepared, progress)
    progress.begin(
        f"Training {network.name} ({network.parameters:,} parameters) on {len(prepared.dataset.train):,} "
        f"arrays,\n{recipe.epochs} epochs, batches of {recipe.batch_size}, {engine.name} engine.",
        recipe.epochs or 0,
    )
    loop = Loop(engine, prepared.dataset, recipe, progress)
    standing, weights = loop.standing, network.weights
    try:
        for epoch_ended in loop.run():
            if epoch_ended:
                progress.epoch(standing.history[-1])
            if epoch_ended and standing.keeps:
                weights = engine.weights()
    finally:
        progress.end()
    state = engine.state() | {f"weight/{name}": value for name, value in weights.items()}
    return Trained(
        tuple(standing.history), make_bundle(prepared, weights, {"epoch": standing.kept_epoch}), state
    )


def train_more(prepared: Prepared, before: Trained | None) -> Trained:
    """One pass over the arrays at a constant learning rate, from where the training before stands."""
    recipe, dataset = prepared.recipe, prepared.dataset
    assert recipe.lr is not None
    engine = make_engine(prepared, Silent())
    if before is not None:
        engine.set_state(before.state)
    history = () if before is None else before.history
    figures = _pass(engine, dataset, recipe, epoch=len(history) + 1, first_step=int(engine.state()["steps"]))
    bundle = make_bundle(prepared, engine.weights(), {"epoch": figures.epoch})
    # what is usual in this part need not be so in the parts before
    bundle = replace(bundle, info={key: value for key, value in bundle.info.items() if key != USUAL})
    return Trained((*history, figures), bundle, engine.state())


def _pass(engine: Engine, dataset: Dataset, recipe: Recipe, *, epoch: int, first_step: int) -> EpochFigures:
    assert recipe.lr is not None
    started = time.perf_counter()
    batches = epoch_batches(dataset.train.labels, recipe, epoch)
    rates = [recipe.lr] * len(batches)
    loss, correct, pictures = 0.0, 0, 0
    for part in engine.train(batches, rates, epoch=epoch, first_step=first_step):
        loss, correct = loss + float(part.losses.sum()), correct + part.correct
        pictures += part.pictures
        if not math.isfinite(loss):
            raise ConvscopeError(
                f"the loss stopped being a number; a lower lr (it is {recipe.lr:.2g}) helps."
            )
    seconds = time.perf_counter() - started
    return EpochFigures(epoch, loss / len(batches), correct / pictures, None, None, seconds, recipe.lr)


def _checksum(images: np.ndarray, labels: np.ndarray) -> str:
    whole = hashlib.sha256(f"{images.dtype} {images.shape}\0".encode())
    whole.update(np.ascontiguousarray(images).data)
    whole.update(labels.astype("<i8").tobytes())
    return whole.hexdigest()
