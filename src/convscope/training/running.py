"""A prepared training at work in its run directory: epochs, checkpoints, and the answer to Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..graph.operation import spell
from ..metrics import Evaluation
from ..runs.directory import RunDirectory
from ..runs.run import Run
from .checkpoint import Checkpoint
from .engines.engine import Engine
from .engines.making import make_engine
from .finishing import Weights, finish, make_bundle
from .interruption import Interruption
from .loop import Loop
from .prepare import Prepared
from .progress import Progress
from .watch.watching import Watch


def run_prepared(
    prepared: Prepared,
    out: Path | None,
    progress: Progress,
    *,
    evaluated: Callable[[Evaluation], None] | None = None,
    with_report: bool = True,
) -> Run:
    """Train in a new run directory, evaluate once at the end, and write the results."""
    engine = make_engine(prepared, progress)
    directory = RunDirectory.create(prepared.dataset.name, prepared.network.name, out)
    return run_in(directory, prepared, engine, progress, evaluated=evaluated, with_report=with_report)


def run_in(
    directory: RunDirectory,
    prepared: Prepared,
    engine: Engine,
    progress: Progress,
    checkpoint: Checkpoint | None = None,
    *,
    evaluated: Callable[[Evaluation], None] | None = None,
    with_report: bool = True,
) -> Run:
    """The same in a directory that is there, from a checkpoint where there is one."""
    with directory.at_work():
        directory.write_recipe(prepared.recipe)
        if (prepared.network.own or prepared.pretrained) and not directory.initial.is_file():
            directory.write_initial(make_bundle(prepared, prepared.network.weights, {}))
        watch = Watch(directory.path, prepared) if prepared.recipe.watches else None
        if watch:
            progress.note(watch.announcement)
        progress.begin(description(prepared, engine), prepared.recipe.epochs or 0)
        started = time.perf_counter() - (checkpoint.seconds if checkpoint else 0.0)
        loop = Loop(
            engine,
            prepared.dataset,
            prepared.recipe,
            progress,
            checkpoint.standing if checkpoint else None,
            stops=watch.watched.planned if watch else (),
        )
        weights: Weights = prepared.network.weights
        if checkpoint:
            engine.set_state(checkpoint.state)
            directory.write_epochs(loop.standing.history)  # cut to the checkpoint
            if checkpoint.kept:
                weights = checkpoint.kept
                directory.write_bundle(make_bundle(prepared, weights, {"epoch": loop.standing.kept_epoch}))
        if watch:
            watch.begin(loop.first_step if checkpoint else None)
        try:
            weights = _train(directory, prepared, loop, watch, weights, started)
        finally:
            progress.end()
        seconds = time.perf_counter() - started
        return finish(
            directory,
            prepared,
            engine,
            weights,
            loop.standing,
            seconds,
            evaluated=evaluated,
            with_report=with_report,
        )


def _train(
    directory: RunDirectory,
    prepared: Prepared,
    loop: Loop,
    watch: Watch | None,
    weights: Weights,
    started: float,
) -> Weights:
    """Train to the end, and give back the weights to keep.

    After each epoch, after so many minutes and at an interruption there is a checkpoint; then the
    interruption is `KeyboardInterrupt`.
    """
    standing, engine = loop.standing, loop.engine
    saved = time.perf_counter()
    with Interruption() as interruption:
        if watch:
            watch.look(loop)
        for epoch_ended in loop.run():
            if watch:
                watch.look(loop)  # before the checkpoint, which goes on behind it
            if epoch_ended:
                directory.write_epochs(standing.history)
                loop.progress.epoch(standing.history[-1])
                if standing.keeps:
                    weights = engine.weights()
                    # an interrupted run leaves the best weights so far
                    directory.write_bundle(make_bundle(prepared, weights, {"epoch": standing.kept_epoch}))
            minutes = (time.perf_counter() - saved) / 60
            if epoch_ended or interruption.asked or minutes >= prepared.recipe.checkpoint_minutes:
                seconds = time.perf_counter() - started
                made = Checkpoint.of(
                    standing,
                    engine.state(),
                    weights,
                    prepared.dataset.checksum,
                    prepared.recipe,
                    seconds,
                )
                made.save(directory.checkpoint)
                saved = time.perf_counter()
            if interruption.asked:
                raise KeyboardInterrupt
    return weights


def description(prepared: Prepared, engine: Engine) -> str:
    """What is about to be trained, in three lines."""
    recipe, dataset, network = prepared.recipe, prepared.dataset, prepared.network
    of = dataset.preprocessing
    nouns = f"{of.noun}s" + (f" of {spell(of.input_shape)}" if len(of.input_shape) == 2 else "")
    what = f"the last layer of {network.name}" if recipe.freeze else network.name
    trunk = f" (trunk {recipe.trunk_lr:g})" if recipe.trunk_lr is not None else ""
    return (
        f"Training {what} ({network.parameters:,} parameters) on {dataset.name}:\n"
        f"{len(dataset.train):,} {nouns} in {len(dataset.classes)} classes, "
        f"{recipe.epochs} epoch{'s' if recipe.epochs != 1 else ''}, batches of {recipe.batch_size},\n"
        f"{recipe.optimizer}, {recipe.schedule} learning rate {recipe.lr:g}{trunk}, {engine.name} engine."
    )
