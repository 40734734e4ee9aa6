"""From data and a network to a run directory: everything `convscope train` does, in order."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import PROGRAM, Bundle
from ..data import Source
from ..errors import ConvscopeWarning
from ..metrics import EpochFigures, Evaluation, evaluate
from ..versions import machine, versions
from .engine import Engine
from .loop import epochs
from .outcome import write_outcome
from .prepare import Prepared, prepare
from .progress import Lines, Progress, Silent
from .recipe import Recipe
from .run import Run
from .run_directory import RunDirectory


def train(
    data: str | Path | None = None,
    *,
    net: Any = None,
    recipe: Recipe | str | Path | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
    quiet: bool = False,
    evaluated: Callable[[Evaluation], None] | None = None,
    **settings: Any,
) -> Run:
    """Train a network on pictures and keep everything about it in a run directory.

    `data` is a data set's name or path (`convscope.data.open_source`); `net` a name of the catalogue,
    `file.py:Class`, an `nn.Module` class or a module. `settings` are the fields of `Recipe` (`epochs`,
    `batch_size`, `lr`, `optimizer`, `schedule`, `seed`, `validation`, `size`, ...; `help(convscope.Recipe)`
    lists them), and win over those of `recipe`, which may also be a recipe file or the name of one that comes
    with convscope, "mnist-fast". Prints a line per epoch to standard error unless `quiet`,
    or tells `progress`; `evaluated` is called with the final figures, before the report is written.

    The test pictures are read once, at the end, with the weights that validation chose. Interrupted, it
    leaves a bundle with the best weights so far.

    >>> import tempfile
    >>> run = train("digits", net="simple-cnn-16-32", epochs=1, out=tempfile.mkdtemp(), quiet=True)
    >>> run.parameters, len(run.epochs), run.evaluation.split
    (6090, 1, 'test')
    """
    chosen = chosen_recipe(data, net, recipe, settings)
    listener: Progress = progress or (Silent() if quiet else Lines())
    prepared = prepare_aloud(chosen, net if net is not None else chosen.net, listener)
    return run_prepared(prepared, Path(out) if out is not None else None, listener, evaluated=evaluated)


def chosen_recipe(
    data: str | Path | None, net: Any, recipe: Recipe | str | Path | None, settings: dict[str, Any]
) -> Recipe:
    """The recipe that the arguments of `train` come to."""
    if isinstance(recipe, str | Path):
        recipe = Recipe.of(**Recipe.read(Path(recipe)))
    if data is not None:
        settings["data"] = str(data)
    if isinstance(net, str):
        settings["net"] = net
    return (recipe if recipe is not None else Recipe.of()).but(**settings)


def prepare_aloud(recipe: Recipe, net: Any, progress: Progress, *, source: Source | None = None) -> Prepared:
    """`prepare`, with convscope's warnings told to `progress`, once each; others stay warnings."""
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvscopeWarning)
            prepared = prepare(recipe, net, progress, source=source)
    finally:  # also where it fails: a warning may say why
        told = []
        for warning in caught:
            if isinstance(warning.message, ConvscopeWarning):
                told.append(f"warning: {warning.message}")
                progress.note(told[-1])
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    for sentence in prepared.notes:
        progress.note(f"note: {sentence}")
    return replace(prepared, notes=(*told, *prepared.notes))


def make_engine(prepared: Prepared) -> Engine:
    """The engine that `prepare` chose."""
    network = prepared.network
    if prepared.recipe.engine == "lanes":
        from .lanes_engine import LanesEngine

        assert network.graph is not None
        return LanesEngine(network.graph, network.weights, prepared.dataset, prepared.recipe)
    from .torch_engine import TorchEngine  # imports torch, which the other does without

    return TorchEngine(network.to_module(), prepared.dataset, prepared.recipe)


def run_prepared(
    prepared: Prepared,
    out: Path | None,
    progress: Progress,
    *,
    evaluated: Callable[[Evaluation], None] | None = None,
    with_report: bool = True,
) -> Run:
    """Train, evaluate once at the end, and write the run directory, with or without its report.

    `evaluated` hears the final figures as soon as they are there.
    """
    engine = make_engine(prepared)
    directory = RunDirectory.create(prepared.dataset.name, prepared.network.name, out)
    with directory.noting_what_is_kept():
        return _run_in(directory, prepared, engine, progress, evaluated, with_report)


def _run_in(
    directory: RunDirectory,
    prepared: Prepared,
    engine: Engine,
    progress: Progress,
    evaluated: Callable[[Evaluation], None] | None,
    with_report: bool,
) -> Run:
    recipe, dataset, network = prepared.recipe, prepared.dataset, prepared.network
    directory.write_recipe(recipe)
    if network.own:
        directory.write_bundle(_bundle(prepared, network.weights, {}), "initial.safetensors")
    progress.begin(_description(prepared, engine), recipe.epochs or 0)
    started = time.perf_counter()
    history: list[EpochFigures] = []
    weights, best_epoch = network.weights, 0
    try:
        for epoch in epochs(engine, dataset, recipe, progress):
            history.append(epoch.figures)
            directory.write_epoch(epoch.figures)
            progress.epoch(epoch.figures)
            if epoch.weights is not None:
                weights, best_epoch = epoch.weights, epoch.figures.epoch
                # an interrupted run leaves the best weights so far
                directory.write_bundle(_bundle(prepared, weights, {"epoch": best_epoch}))
    finally:
        progress.end()
    seconds = time.perf_counter() - started
    name, split = dataset.evaluation
    bundle = _bundle(prepared, weights, {})
    logits = _final_logits(prepared, engine, bundle, weights, split.images)
    evaluation = evaluate(logits, split.labels, dataset.classes, split=name)
    if evaluated:
        evaluated(evaluation)
    metrics = {"epoch": best_epoch, evaluation.split: evaluation.to_dict()}
    bundle = replace(bundle, info={**bundle.info, "metrics": metrics})
    directory.write_bundle(bundle)
    run = Run(
        path=directory.path,
        bundle=bundle,
        recipe=recipe,
        engine=engine.name,
        parameters=network.parameters,
        seconds=seconds,
        epochs=tuple(history),
        best_epoch=best_epoch,
        evaluation=evaluation,
        notes=prepared.notes,
    )
    directory.write_result(run.to_dict())
    write_outcome(directory, run, dataset, logits, with_report=with_report)
    return run


def _final_logits(
    prepared: Prepared,
    engine: Engine,
    bundle: Bundle,
    weights: dict[str, np.ndarray],
    images: np.ndarray,
) -> np.ndarray:
    """The outputs that the final figures are of: those of the bundle, as `eval` will have them.

    A device that trained also evaluates, because it is faster than this CPU.
    """
    if prepared.recipe.device == "cpu":
        return bundle.logits(images)
    engine.set_weights(weights)
    return engine.logits(images)


def _bundle(prepared: Prepared, weights: dict[str, np.ndarray], metrics: dict[str, Any]) -> Bundle:
    dataset, network = prepared.dataset, prepared.network
    if network.program is not None:
        from .. import program

        content = program.with_weights(network.program, weights)
        weights = {PROGRAM: np.frombuffer(content, dtype=np.uint8)}
    return Bundle(
        net=network.name,
        classes=dataset.classes,
        preprocessing=dataset.preprocessing,
        graph=network.graph,
        weights=weights,
        outputs=network.outputs,
        info={
            "data": {"name": dataset.name, "checksum": dataset.checksum},
            "parameters": network.parameters,
            "recipe": prepared.recipe.model_dump(mode="json"),
            "metrics": metrics,
            "notes": list(prepared.notes),
            "versions": versions(),
            "machine": machine(),
        },
    )


def _description(prepared: Prepared, engine: Engine) -> str:
    recipe, dataset, network = prepared.recipe, prepared.dataset, prepared.network
    return (
        f"Training {network.name} ({network.parameters:,} parameters) on {dataset.name}:\n"
        f"{len(dataset.train):,} pictures in {len(dataset.classes)} classes, "
        f"{recipe.epochs} epoch{'s' if recipe.epochs != 1 else ''}, batches of {recipe.batch_size},\n"
        f"{recipe.optimizer}, {recipe.schedule} learning rate {recipe.lr:g}, {engine.name} engine."
    )
