"""What a wrong answer looks like: the numbers that come out of a likely mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import ConvscopeError
from . import wording
from .claims import Claims, holds
from .problem import Pooling, Problem
from .stage import Position, Stage

MOST = 2  # explanations of one answer
Change = tuple[str, dict[str, Any]]


def changes(problem: Problem, key: str) -> Iterator[Change]:
    """Single mistakes: how each is called, and the settings that make it.

    >>> problem = Problem(np.arange(9).reshape(3, 3), np.array([[1, 2], [3, 4]]), padding=1)
    >>> [words for words, _ in changes(problem, "result")][:2]
    ['with the kernel flipped (convolution)', 'without padding']
    """
    if key == "result" and problem.kernel is not None:
        first = problem.stages[0]
        yield (
            "without flipping the kernel (cross-correlation)"
            if problem.flip
            else "with the kernel flipped (convolution)",
            {"flip": not problem.flip},
        )
        if any(map(sum, first.padding)):
            yield "without padding", {"padding": 0}
        if max(first.stride) > 1:
            yield "with stride 1", {"stride": 1}
        if max(first.dilation) > 1:
            yield "with dilation 1", {"dilation": 1}
        if problem.rank == 2 and len(set(problem.kernel.shape[-2:])) == 1:
            transposed = np.swapaxes(problem.kernel, -1, -2)
            yield "with the rows and columns of the kernel exchanged", {"kernel": transposed}
        if any(map(sum, first.padding)) and problem.border != "zeros":
            yield "with zeros beyond the border", {"border": "zeros"}
    elif problem.pool is not None:
        pool = problem.pool
        for other in (Pooling("max"), Pooling("average"), Pooling("lp")):
            if other.kind != pool.kind:
                changed = replace(pool, kind=other.kind, p=2)
                yield f"with {changed.name}", {"pool": changed}
        if pool.window is not None and max(problem.stages[-1].stride) > 1:
            yield "with a pooling stride of 1", {"pool": replace(pool, stride=(1,))}


def alternatives(problem: Problem, key: str) -> Iterator[tuple[str, Stage]]:
    """What comes out of one mistake, then of two, where that differs from what is right."""
    right = _stage(problem, key)
    single = list(changes(problem, key))
    for chosen in (*combinations(single, 1), *combinations(single, 2)):
        settings = {name: value for _, change in chosen for name, value in change.items()}
        try:
            stage = _stage(replace(problem, **settings), key)
        except ConvscopeError:  # a kernel that fits only with padding, say
            continue
        if not np.array_equal(stage.result, right.result):
            yield " and ".join(words for words, _ in chosen), stage


def explain(problem: Problem, stage: Stage, claims: Claims) -> tuple[str, ...]:
    """Sentences for a wrong result: which likely mistakes give exactly these numbers."""
    if any(claim is None for claim in claims.flat):
        return ()
    found: list[str] = []
    same_shape = claims.shape == stage.result.shape
    if claims.ndim >= 2:
        turned = np.swapaxes(stage.result, -1, -2)
        if _match(claims, turned):
            found.append("These are the right numbers with rows and columns exchanged.")
    wrong = _held(claims, stage.result) if same_shape else None
    for words, other in alternatives(problem, stage.key):
        if len(found) == MOST:
            break
        if _match(claims, other.result):
            found.append(f"These are the numbers that come out {words}.")
        elif same_shape and wrong is not None:
            cropped = _cropped(other.result, claims.shape)
            if cropped is None:
                continue
            if claims.size > 1 and _match(claims, cropped):
                found.append(f"These are the first of the numbers that come out {words}.")
            elif np.sum(~wrong) > 1 and np.all(_held(claims, cropped)[~wrong]):
                found.append(f"The wrong ones are the numbers that come out {words}.")
    if not found and not same_shape:
        sized = [
            words for words, other in alternatives(problem, stage.key) if other.result.shape == claims.shape
        ]
        if sized:
            found.append(f"{wording.shape(claims.shape)} is the size that comes out {sized[0]}.")
    return tuple(found)


def explain_window(problem: Problem, stage: Stage, place: Position, claims: Claims) -> tuple[str, ...]:
    """Sentences for a wrong window: what else it is the window of."""
    found: list[str] = []
    for words, other in alternatives(problem, stage.key):
        inside = all(p < n for p, n in zip(place, other.result.shape, strict=True))
        if inside and _match(claims, other.step(place).window):
            found.append(f"This is the window {words}.")
            break
    for elsewhere in stage.positions:
        if elsewhere != place and _match(claims, stage.step(elsewhere).window):
            found.append(f"This is the window of {wording.position(elsewhere)}.")
            break
    right = stage.step(place).window
    axes = tuple(range(right.ndim - problem.rank, right.ndim))
    if _match(claims, np.flip(right, axes)):
        found.append("This is the right window flipped; it is the kernel that a convolution flips.")
    return tuple(found[:MOST])


def _stage(problem: Problem, key: str) -> Stage:
    return next(stage for stage in problem.stages if stage.key == key)


def _held(claims: Claims, right: np.ndarray) -> np.ndarray:
    return np.array([holds(c, r) for c, r in zip(claims.flat, right.flat, strict=True)]).reshape(claims.shape)


def _match(claims: Claims, right: np.ndarray) -> bool:
    return claims.shape == right.shape and bool(_held(claims, right).all())


def _cropped(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | None:
    """The first numbers along each axis; None where there are too few."""
    if any(n < wanted for n, wanted in zip(values.shape, shape, strict=True)):
        return None
    return values[tuple(map(slice, shape))]
