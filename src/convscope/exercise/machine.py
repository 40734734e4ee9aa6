"""An exercise as JSON, the form that `convscope exercise --check` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops import Step
from .making import Exercise


def render(exercises: Sequence[Exercise], *, solution: bool) -> str:
    """One object, or a list where there are several; without a solution its places are null."""
    documents = [document(exercise, solution=solution) for exercise in exercises]
    return written(documents[0] if len(documents) == 1 else documents)


def document(exercise: Exercise, *, solution: bool) -> dict[str, Any]:
    """
    >>> from .making import make
    >>> document(make(size=[2], kernel=[2], seed=1), solution=True)["result"]
    [0]
    """
    problem = exercise.problem
    found: dict[str, Any] = {"seed": exercise.seed, "input": problem.input.tolist()}
    if problem.kernel is not None:
        found |= {
            "kernel": problem.kernel.tolist(),
            "flip": problem.flip,
            "stride": _plain(problem.stride),
            "padding": _plain(problem.padding),
            "dilation": _plain(problem.dilation),
            "border": problem.border,
        }
    if problem.pool is not None:
        found["pool"] = str(problem.pool)
    for stage in problem.stages:
        size = [one.result for one in stage.sizes]
        prefix = "output" if stage.key == "result" else "pooled"
        found[f"{prefix}_size"] = size if solution else None
        found[stage.key] = stage.result.tolist() if solution else None
    if solution:
        found |= _workings(exercise)
    return found


def _workings(exercise: Exercise) -> dict[str, dict[str, Any]]:
    """Windows, products and partial sums of the first operation, by position."""
    stage = exercise.problem.stages[0]
    found: dict[str, dict[str, Any]] = {"windows": {}}
    if stage.is_convolution:
        found |= {"products": {}, "partial_sums": {}}
    for place in stage.positions:
        step, key = stage.step(place), ",".join(map(str, place))
        found["windows"][key] = step.window.tolist()
        if isinstance(step, Step):
            found["products"][key] = step.products.tolist()
            found["partial_sums"][key] = step.running.tolist()
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str) else np.asarray(value).tolist()


def written(document: Any) -> str:
    """JSON with a row of numbers in one line.

    >>> print(written({"input": [[1, 2], [3, 4]]}), end="")
    {
     "input": [
      [1, 2],
      [3, 4]
     ]
    }
    """
    text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[\n[^\[\]{}]*\]", lambda found: _one_line(found.group()), text) + "\n"


def _one_line(text: str) -> str:
    return "[" + ", ".join(part.strip() for part in text[1:-1].split(",\n")) + "]"
