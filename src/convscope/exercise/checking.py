"""Claims compared with the right numbers, each wrong one with the arithmetic that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError
from . import wording
from .claims import entries, fitted, plain
from .mistakes import explain
from .problem import Problem
from .reading import CLAIMS, WORKINGS, problem_of
from .size_sum import FORMULA
from .stage import Stage
from .verdict import Answer, Finding, Verdict
from .workings import check_workings


def check(document: Mapping[str, Any]) -> Verdict:
    """Compare what a document claims with what is right.

    document: the keys of the JSON file, of which "input" and "kernel" or "pool" are needed. "flip" (false is
        cross-correlation, true convolution), "stride", "padding", "dilation" and "border" are those of
        `ops.steps`, "pool" is such as "max:2". Claims are "result", nested lists of numbers, null where
        there is none; "pooled", what the pool gives where there is a kernel too; "output_size" and
        "pooled_size"; and of the first operation, by position such as "0,1", "windows", "products",
        "partial_sums" (the sum after each product, row by row of the kernel as applied) and
        "channel_sums". Positions count from 0.

    A decimal is right if the right number rounds to it: 2.33 for 7/3. A number without decimals, and a
    fraction such as "7/3", have to be the right number itself.

    Raises `DataError` for a missing or unknown key, a wrong value and where nothing is claimed.

    >>> verdict = check({"input": [[1, 0, 1], [0, 1, 0]], "kernel": [[1, 1]], "result": [[1, 1], [2, 1]]})
    >>> print("\\n".join(verdict.lines()))
    Cross-correlation (kernel not flipped): input 2×3, kernel 1×2, stride 1, padding
    0, dilation 1.
    Positions are (row, column), counted from 0.
    <BLANKLINE>
    result: 1 of 4 wrong.
      (1, 0): claimed 2, right 1
        0·1 + 1·1 = 1
    """
    problem = problem_of(document)
    claimed = {key: document[key] for key in CLAIMS if document.get(key) is not None}
    if not claimed:
        raise DataError("nothing is claimed: put what should be checked under 'result'.")
    name = document.get("name")
    if name is not None and not isinstance(name, str):
        raise DataError(f"name is {name!r}, and should be text.")
    answers: list[Answer] = []
    for stage in problem.stages:
        size = "output_size" if stage.key == "result" else "pooled_size"
        if size in claimed:
            answers.append(_size(stage, size, claimed.pop(size)))
        if stage.key == "result":
            given = [key for key in WORKINGS if key in claimed]
            answers += [check_workings(problem, stage, key, claimed.pop(key)) for key in given]
        if stage.key in claimed:
            answers.append(_result(problem, stage, claimed.pop(stage.key), document))
    for key in claimed:  # what is left
        other = "output_size" if key == "pooled_size" else "result"
        where = (
            "there is no 'pool'" if problem.pool is None else f"without a kernel it belongs under {other!r}"
        )
        raise DataError(f"{key} is what a pool gives after a kernel; {where}.")
    first = problem.stages[0]
    where = wording.positions_are(first.result, first.stacked)
    return Verdict(name, wording.task(problem), where, tuple(answers))


def _size(stage: Stage, key: str, value: Any) -> Answer:
    right = [size.result for size in stage.sizes]
    claims = np.atleast_1d(entries(value, key))
    given = [None if claim is None else plain(claim.value) for claim in claims.flat]
    if given == right or (stage.stacked and given == list(stage.result.shape)):
        return Answer(key, 1)
    return Answer(key, 1, (Finding(None, given, right, _formula(stage)),))


def _formula(stage: Stage) -> str:
    return "; ".join([FORMULA, *(f"{size.axis} {size}" for size in stage.sizes)])


def _result(problem: Problem, stage: Stage, value: Any, document: Mapping[str, Any]) -> Answer:
    right = stage.result
    claims = fitted(entries(value, stage.key), right.shape, anyhow=_is_global(problem, stage))
    if claims.shape != right.shape:
        hints = explain(problem, stage, claims)
        last = problem.stages[-1]
        if stage is not last and claims.shape == last.result.shape:
            hints = (*hints, "It is the size after the pooling, whose result goes under 'pooled'.")
        finding = Finding(None, list(claims.shape), list(right.shape), _formula(stage))
        return Answer(stage.key, claims.size, (finding,), hints)
    findings = []
    own = _own_pool(problem, stage, document)
    for place in stage.positions:
        claim = claims[place]
        if claim is not None and claim.holds(right[place]):
            continue
        notes = []
        if claim is not None and own is not None and claim.holds(own.result[place]):
            notes.append(f"It follows from the claimed result: {wording.equation(own.step(place))}")
        findings.append(
            Finding(
                place,
                None if claim is None else plain(claim.value),
                plain(right[place]),
                wording.equation(stage.step(place)),
                tuple(notes),
            )
        )
    hints = explain(problem, stage, claims) if findings else ()
    return Answer(stage.key, claims.size, tuple(findings), hints)


def _own_pool(problem: Problem, stage: Stage, document: Mapping[str, Any]) -> Stage | None:
    """The pool of the result that is claimed, where that is a whole one."""
    if stage.key != "pooled" or document.get("result") is None:
        return None
    right = problem.stages[0].result
    claims = fitted(entries(document["result"], "result"), right.shape)
    if claims.shape != right.shape or any(claim is None for claim in claims.flat):
        return None
    values = np.array([plain(claim.value) for claim in claims.flat]).reshape(claims.shape)
    return problem.pooled(values)


def _is_global(problem: Problem, stage: Stage) -> bool:
    return problem.pool is not None and problem.pool.window is None and not stage.is_convolution
