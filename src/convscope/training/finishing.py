"""The end of a training: the bundle, its figures on the test pictures, and the files of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..bundle import PROGRAM, USUAL, Bundle
from ..metrics import Evaluation, evaluate
from ..runs.directory import RunDirectory
from ..runs.run import Run
from ..versions import machine, versions
from .engines.engine import Engine
from .outcome import write_outcome
from .prepare import Prepared
from .standing import Standing

Weights = Mapping[str, np.ndarray]


def finish(
    directory: RunDirectory,
    prepared: Prepared,
    engine: Engine,
    weights: Weights,
    standing: Standing,
    seconds: float,
    *,
    evaluated: Callable[[Evaluation], None] | None = None,
    with_report: bool = True,
    by_hand: bool = False,
) -> Run:
    """Evaluate the weights that are kept, and write bundle, result, predictions and report.

    `evaluated` hears the final figures as soon as they are there; `by_hand` says that the recipe alone did
    not make the weights.
    """
    dataset = prepared.dataset
    name, split = dataset.evaluation
    bundle = make_bundle(prepared, weights, {})
    logits = _final_logits(prepared, engine, bundle, weights, split.images)
    evaluation = evaluate(logits, split.labels, dataset.classes, split=name)
    if evaluated:
        evaluated(evaluation)
    metrics = {"epoch": standing.kept_epoch, evaluation.split: evaluation.to_dict()}
    bundle = replace(bundle, info={**bundle.info, "metrics": metrics, "by_hand": by_hand})
    directory.write_bundle(bundle)
    run = Run(
        path=directory.path,
        bundle=bundle,
        recipe=prepared.recipe,
        engine=engine.name,
        parameters=prepared.network.parameters,
        seconds=seconds,
        epochs=tuple(standing.history),
        best_epoch=standing.kept_epoch,
        evaluation=evaluation,
        notes=prepared.notes,
    )
    directory.write_result(run.to_dict())
    write_outcome(directory, run, dataset, logits, with_report=with_report)
    return run


def make_bundle(prepared: Prepared, weights: Weights, metrics: Mapping[str, Any]) -> Bundle:
    """The network with these weights, and where they come from."""
    dataset, network = prepared.dataset, prepared.network
    if network.program is not None:
        from .. import program

        content = program.with_weights(network.program, dict(weights))
        weights = {PROGRAM: np.frombuffer(content, dtype=np.uint8)}
    return Bundle(
        net=network.name,
        classes=dataset.classes,
        preprocessing=dataset.preprocessing,
        graph=network.graph,
        weights=weights,
        outputs=network.outputs,
        info={
            "data": {"name": dataset.name, "checksum": dataset.checksum, "counts": dataset.counts},
            "parameters": network.parameters,
            "recipe": prepared.recipe.model_dump(mode="json"),
            "metrics": dict(metrics),
            "notes": list(prepared.notes),
            **({USUAL: dataset.usual.to_dict()} if dataset.usual else {}),
            **({"pretrained": prepared.pretrained} if prepared.pretrained else {}),
            "versions": versions(),
            "machine": machine(),
        },
    )


def _final_logits(
    prepared: Prepared, engine: Engine, bundle: Bundle, weights: Weights, images: np.ndarray
) -> np.ndarray:
    """The outputs that the final figures are of: those of the bundle, as `eval` will have them.

    A device that trained also evaluates, because it is faster than this CPU.
    """
    if prepared.recipe.device == "cpu":
        return bundle.logits(images)
    engine.set_weights(weights)
    return engine.logits(images)
