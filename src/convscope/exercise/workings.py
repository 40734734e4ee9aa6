"""The windows, products and partial sums that are claimed of single positions."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..errors import DataError
from ..ops import Step
from . import wording
from .claims import Claims, entries, fitted, listed, said
from .mistakes import explain_window
from .problem import Problem
from .stage import Position, Stage
from .verdict import Answer, Finding

MOST = 12  # wrong numbers of one window that are named


def check_workings(problem: Problem, stage: Stage, key: str, value: Any) -> Answer:
    """Windows, products or sums of single positions."""
    if not isinstance(value, dict) or not value:
        raise DataError(f'{key} should be an object with positions such as "0,1" as its keys.')
    if key != "windows" and not stage.is_convolution:
        raise DataError(f"{key} are of a kernel, and there is none; a pool has 'windows'.")
    findings: list[Finding] = []
    for name, given in value.items():
        place = _place(key, name)
        claims = entries(given, f"{key} of {name}")
        if len(place) != stage.result.ndim or any(
            p >= n for p, n in zip(place, stage.result.shape, strict=False)
        ):
            why = f"There is no such position: the result is {wording.shape(stage.result.shape)}."
            findings.append(Finding(place, listed(claims), None, why))
            continue
        right = _right(stage, place, key)
        claims = fitted(claims, right.shape, anyhow=key == "partial_sums")
        if claims.shape != right.shape:
            size = wording.shape(claims.shape) or "a number"
            why = f"It should be {wording.shape(right.shape)}, and is {size}."
            findings.append(Finding(place, listed(claims), right.tolist(), why))
            continue
        wrong = [
            tap
            for tap in np.ndindex(*right.shape)
            if claims[tap] is None or not claims[tap].holds(right[tap])
        ]
        if wrong:
            lines = _explained(problem, stage, place, key, claims, right, wrong)
            findings.append(Finding(place, listed(claims), right.tolist(), lines[0], tuple(lines[1:])))
    return Answer(key, len(value), tuple(findings))


def _explained(
    problem: Problem,
    stage: Stage,
    place: Position,
    key: str,
    claims: Claims,
    right: np.ndarray,
    wrong: list[Position],
) -> list[str]:
    if key == "partial_sums":
        return [_first_wrong_sum(stage.step(place), claims, wrong[0])]
    lines = []
    step = stage.step(place)
    for tap in wrong[:MOST]:
        line = f"at {wording.position(tap)}: claimed {said(claims[tap])}, right {wording.number(right[tap])}"
        if key == "products" and isinstance(step, Step):
            line += f" = {wording.bracketed(step.window[tap])}·{wording.bracketed(step.kernel[tap])}"
        lines.append(line)
    if len(wrong) > MOST:
        lines.append(f"and {len(wrong) - MOST} more")
    if key == "channel_sums":
        lines.append(wording.equation(step))
    if key == "windows":
        where = f"It covers {wording.covers(step, stage.dilation)} of the input."
        lines = [*explain_window(problem, stage, place, claims), where, *lines]
    return lines


def _first_wrong_sum(step: Any, claims: Claims, tap: Position) -> str:
    before = int(np.ravel_multi_index(tap, claims.shape)) - 1
    product = f"{wording.bracketed(step.window[tap])}·{wording.bracketed(step.kernel[tap])}"
    total = wording.number(step.running[tap])
    arithmetic = f"{product} = {total}"
    if before >= 0:
        arithmetic = f"{wording.number(step.running.ravel()[before])} + {arithmetic}"
    return (
        f"The first wrong one is that after the product at {wording.position(tap)}: claimed "
        f"{said(claims[tap])}, right {total}: {arithmetic}"
    )


def _right(stage: Stage, place: Position, key: str) -> np.ndarray:
    step = stage.step(place)
    if key == "windows" or not isinstance(step, Step):
        return step.window
    found = {"products": step.products, "partial_sums": step.running, "channel_sums": step.channel_sums}
    return found[key]


def _place(key: str, name: str) -> Position:
    if not re.fullmatch(r"\(?\s*\d{1,9}(\s*,\s*\d{1,9})*\s*\)?", name):
        raise DataError(f'{key} has the key {name!r}, which should be a position such as "0,1".')
    return tuple(map(int, re.findall(r"\d+", name)))
