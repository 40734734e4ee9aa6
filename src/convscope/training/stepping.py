"""A training step by step, in the hands of a person with a loss, a metric or a schedule of their own."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..bundle import Bundle
from ..data import Dataset, Source
from ..errors import UsageError
from ..metrics import EpochFigures, Evaluation, evaluate
from ..recipe import Recipe
from ..runs.directory import RunDirectory
from ..runs.run import Run
from .engines.engine import Engine, StepFigures
from .engines.frozen_trunk import FrozenTrunk
from .engines.making import make_engine
from .finishing import Weights, finish, make_bundle
from .loop import Loop
from .pipeline import chosen_recipe
from .prepare import Prepared, prepare_aloud
from .progress import Lines, Progress, Silent
from .running import description

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .engines.torch_engine import TorchEngine

BY_HAND = "it was trained step by step by a program of its own: the recipe alone does not replay it."


def steps(
    data: str | Path | Source | None = None,
    *,
    net: Any = None,
    recipe: Recipe | str | Path | None = None,
    progress: Progress | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Steps:
    """The steps of a training, to be taken one by one; arguments as of `convscope.train`.

    What it gives is iterated once. Each `Step` has to be taken: with `step.take()` for the recipe's own loss,
    or `step.take(loss)` for a loss of yours, which needs `engine="torch"`. The order of the pictures, their
    augmentation, the learning rates, the validation after each epoch and the choice of the best weights are
    those of `convscope.train`; `finish` evaluates and writes the run directory as it does.

    >>> training = steps("digits", net="simple-cnn-16-32", epochs=2, quiet=True)
    >>> for step in training:
    ...     if step.epoch == 2:
    ...         step.lr = 1e-4
    ...     loss = step.take()
    >>> len(training.history), training.evaluate().split
    (2, 'validation')
    """
    listener: Progress = progress or (Silent() if quiet else Lines())
    chosen = chosen_recipe(data, net, recipe, settings)
    if chosen.watches:
        raise UsageError("steps have no run directory for snapshots before they are over; leave out watch.")
    source = data if isinstance(data, Source) else None
    prepared = prepare_aloud(chosen, net if net is not None else chosen.net, listener, source=source)
    return Steps(prepared, listener)


class Steps:
    """A training whose steps somebody else takes; made by `steps`."""

    def __init__(self, prepared: Prepared, progress: Progress) -> None:
        self._prepared, self._progress = prepared, progress
        self.engine: Engine = make_engine(prepared, progress)
        self._loop = Loop(self.engine, prepared.dataset, prepared.recipe, progress)
        self._kept: Weights = prepared.network.weights
        self._started: float | None = None
        self._seconds = 0.0

    def __repr__(self) -> str:
        standing = self._loop.standing
        return f"Steps({self._prepared.network.name!r}, epoch {standing.epoch}, step {standing.steps})"

    def __len__(self) -> int:
        """How many steps there are in the whole training."""
        return self._loop.steps * self._loop.epochs

    @property
    def dataset(self) -> Dataset:
        """The pictures; `dataset.test` is there, and is to be left alone until the end."""
        return self._prepared.dataset

    @property
    def recipe(self) -> Recipe:
        """The settings, with a value for everything that was left open."""
        return self._prepared.recipe

    @property
    def history(self) -> tuple[EpochFigures, ...]:
        """The figures of the epochs that are over."""
        return tuple(self._loop.standing.history)

    def __iter__(self) -> Iterator[Step]:
        if self._started is not None:
            raise UsageError("the steps of a training are taken once; call steps() for another training.")
        self._started = time.perf_counter()
        loop = self._loop
        self._progress.begin(description(self._prepared, self.engine), loop.epochs)
        try:
            with self._threads():
                while not loop.over:
                    for positions in loop.batches():
                        step = Step(self, positions)
                        yield step
                        self._advance(step)
                    loop.end_epoch()
                    self._progress.epoch(loop.standing.history[-1])
                    if loop.standing.keeps:
                        self._kept = self.engine.weights()
        finally:
            self._progress.end()
            self._seconds = time.perf_counter() - self._started

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The outputs of the network as it is now: inputs as they are stored → float32 (N, classes)."""
        return self.engine.logits(images)

    def evaluate(self, split: str = "validation") -> Evaluation:
        """The figures of the network as it is now on "train" or "validation" pictures.

        The test pictures are for the end: `finish` evaluates them. Raises `UsageError` for a split that there
        is not.
        """
        part = {"train": self.dataset.train, "validation": self.dataset.validation}.get(split)
        if part is None:
            raise UsageError(f"there are no {split!r} pictures to evaluate on during a training.")
        return evaluate(self.logits(part.images), part.labels, self.dataset.classes, split=split)

    def bundle(self) -> Bundle:
        """The network with the best weights so far, to predict with or to save."""
        return make_bundle(self._prepared, self._kept, {"epoch": self._loop.standing.kept_epoch})

    def finish(self, out: Path | str | None = None) -> Run:
        """Evaluate the best weights on the test pictures, and write a run directory as `train` does.

        Raises `UsageError` before the first epoch is over.
        """
        if not self.history:
            raise UsageError("no epoch is over yet: take the steps first.")
        prepared = replace(self._prepared, notes=(*self._prepared.notes, BY_HAND))
        place = Path(out) if out is not None else None
        directory = RunDirectory.create(self.dataset.name, prepared.network.name, place)
        with directory.at_work():
            directory.write_recipe(self.recipe)
            directory.write_epochs(self.history)
            return finish(
                directory,
                prepared,
                self.engine,
                self._kept,
                self._loop.standing,
                self._seconds,
                by_hand=True,
            )

    def _threads(self) -> contextlib.AbstractContextManager[None]:
        if self.engine.name != "torch":
            return contextlib.nullcontext()
        from ..torch_threads import threads

        return threads(self.recipe.threads)

    def _advance(self, step: Step) -> None:
        figures = step.figures
        if figures is None:
            raise UsageError(
                f"step {step.number} was not taken: each takes one step.take(), or step.take(loss)."
            )
        self._loop.rates[step.number] = step.lr
        self._loop.add(figures)


class Step:
    """A batch of pictures, and a step of the optimiser that is still to be taken.

    `epoch` counts from 1, `number` over the whole training from 0; `last` says whether the epoch ends with
    it. `positions` are those of the pictures in `dataset.train`. `lr` may be set until the step is taken.
    With the torch engine, PyTorch's random numbers are seeded from (seed, epoch, number) when it is made.
    """

    def __init__(self, training: Steps, positions: np.ndarray) -> None:
        loop = training._loop
        self.training, self.positions = training, positions
        self.epoch, self.number = loop.standing.epoch, loop.first_step
        self.last = loop.standing.steps + 1 == loop.steps
        self.lr = float(loop.rates[self.number])
        self.figures: StepFigures | None = None  # once it is taken
        self._made: tuple[Tensor, Tensor] | None = None
        self._logits: Tensor | None = None
        if training.engine.name == "torch":
            self._engine.seed(self.epoch, self.number)
            self._engine.module.train()

    @property
    def module(self) -> nn.Module:
        """The network in training mode, its last layer alone where the others are frozen."""
        return self._engine.module

    @property
    def images(self) -> Tensor:
        """The batch as the network sees it, augmented and normalised: float32 (N, C, H, W) or (N, C, L)."""
        return self._batch[0]

    @property
    def labels(self) -> Tensor:
        """int64 (N,), positions in `dataset.classes`; with mixup that of a picture's larger part."""
        return self._batch[1]

    @property
    def logits(self) -> Tensor:
        """What the network says of the batch: float32 (N, classes), computed once, with its gradient."""
        if self._logits is None:
            self._logits = self._engine.outputs(self.images)
        return self._logits

    def take(self, loss: Tensor | None = None) -> float:
        """Take the step, down the gradient of `loss`, or of the recipe's own; the loss as a number.

        The loss is one number that depends on the module's parameters; its gradients are computed here, and
        clipped where the recipe says `clip_norm`. Where `logits` was not asked for, one more pass in eval
        mode counts the pictures that are classified right. Raises `UsageError` for a step that is taken
        already, a loss that is none, an `lr` that is not above 0, and a loss on an engine that is not
        torch.
        """
        if self.figures is not None:
            raise UsageError(f"step {self.number} is taken already.")
        if not 0 < self.lr < math.inf:
            raise UsageError(f"the lr of step {self.number} is {self.lr}; it should be above 0.")
        if loss is None and self._logits is None:
            (self.figures,) = self.training.engine.train(
                [self.positions], [self.lr], epoch=self.epoch, first_step=self.number
            )
        else:
            self.figures = self._own(loss)
        return float(self.figures.losses[0])

    def _own(self, loss: Tensor | None) -> StepFigures:
        import torch

        engine, labels = self._engine, self.labels
        if loss is None:
            loss = engine.loss(self.logits, torch.from_numpy(self.positions), self.epoch)
        if not isinstance(loss, torch.Tensor):
            raise UsageError(f"the loss of step {self.number} is {loss!r}, not a tensor of PyTorch's.")
        if loss.dim() != 0 or not loss.requires_grad or loss.is_complex():
            found = f"a tensor of shape {tuple(loss.shape)}" if loss.dim() else "a number without gradient"
            found = "complex" if loss.is_complex() else found
            raise UsageError(
                f"the loss of step {self.number} is {found}; it should be one number that depends on the "
                "module's parameters."
            )
        logits = self._logits if self._logits is not None else self._seen()
        correct = int((logits.argmax(1) == labels).sum())
        engine.descend(loss, self.lr)
        engine.steps += 1
        return StepFigures(np.array([float(loss.detach())]), len(self.positions), correct)

    def _seen(self) -> Tensor:
        import torch

        with torch.no_grad():
            self.module.eval()
            logits = self._engine.outputs(self.images)
            self.module.train()
        return logits

    @property
    def _batch(self) -> tuple[Tensor, Tensor]:
        if self._made is None:
            import torch

            self._made = self._engine.batch(torch.from_numpy(self.positions), self.epoch)
        return self._made

    @property
    def _engine(self) -> TorchEngine:
        engine = self.training.engine
        if engine.name != "torch":
            raise UsageError(
                f"the {engine.name} engine takes its own steps and has no tensors; for images, module and a "
                'loss of yours give engine="torch".'
            )
        return engine.head if isinstance(engine, FrozenTrunk) else engine  # type: ignore[return-value]
