"""After training: the predictions table and the report of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..data import Split
from ..graph import summarize
from ..metrics import EpochFigures, Evaluation
from .prepare import Prepared
from .run_directory import RunDirectory

WORST_MISTAKES = 12


def write_outcome(
    directory: RunDirectory,
    prepared: Prepared,
    result: dict[str, Any],
    evaluation: Evaluation,
    history: Sequence[EpochFigures],
    bundle: Bundle,
    logits: np.ndarray,
) -> None:
    """Write `predictions.csv`, `report.html` and `figures/` from the final evaluation's outputs."""
    from .. import report

    _, split = prepared.dataset.evaluation
    probabilities = bundle.to_probabilities(logits)
    directory.write_predictions(split.names, split.labels, probabilities, bundle.classes)
    graph = prepared.network.graph
    content = report.Report(
        title=f"{bundle.net} on {result['data']}",
        net=bundle.net,
        data=result["data"],
        engine=result["engine"],
        parameters=result["parameters"],
        seconds=result["seconds"],
        epochs=history,
        best_epoch=result["best_epoch"] if prepared.dataset.validation is not None else None,
        evaluation=evaluation,
        classes=bundle.classes,
        summary_text=str(summarize(graph)) if graph else f"{bundle.net}: not in convscope's graph.",
        recipe=prepared.recipe.model_dump(),
        versions={**bundle.info["versions"], **bundle.info["machine"]},
        notes=prepared.notes,
        mistakes=_mistakes(split, probabilities, bundle.classes, report.Mistake),
    )
    report.write(content, directory.path)


def _mistakes(split: Split, probabilities: np.ndarray, classes: Sequence[str], mistake: Any) -> list[Any]:
    """The wrong answers that the network was surest of, the surest first."""
    best = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(best != split.labels)
    surest = wrong[np.argsort(-probabilities[wrong, best[wrong]], kind="stable")][:WORST_MISTAKES]
    return [
        mistake(
            picture=split.images[i],
            truth=classes[split.labels[i]],
            predicted=classes[best[i]],
            probability=float(probabilities[i, best[i]]),
            name="/".join(Path(split.names[int(i)]).parts[-2:]),
        )
        for i in surest
    ]
