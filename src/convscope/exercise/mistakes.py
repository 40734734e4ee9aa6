"""What a wrong answer looks like: the numbers that come out of a likely mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import numpy as np

from ..errors import ConvscopeError
from ..written_pool import Pooling
from . import wording
from .claims import Claims, holds
from .problem import Problem
from .stage import Position, Stage

MOST = 2  # explanations of one answer
TELLING = 4  # so many small numbers do not agree by chance
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


def alternatives(problem: Problem, key: str, *, most: int = 2) -> Iterator[tuple[str, Stage]]:
    """What comes out of one mistake, then of two, where that differs from what is right."""
    right = _stage(problem, key)
    single = list(changes(problem, key))
    for chosen in chain.from_iterable(combinations(single, count) for count in range(1, most + 1)):
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
    if claims.ndim >= 2 and _match(claims, np.swapaxes(stage.result, -1, -2)):
        found.append("These are the right numbers with rows and columns exchanged.")
    same_size = ""
    for words, other in alternatives(problem, stage.key, most=1 if claims.size < TELLING else 2):
        if len(found) == MOST:
            break
        likeness = _likeness(claims, stage.result, other.result)
        if likeness:
            found.append(f"{likeness} that come out {words}.")
        if claims.shape == other.result.shape and not same_size:
            same_size = f"{wording.shape(claims.shape)} is the size that comes out {words}."
    if not found and same_size and claims.shape != stage.result.shape:
        found.append(same_size)
    return tuple(found)


def _likeness(claims: Claims, right: np.ndarray, other: np.ndarray) -> str:
    """What of the claims the other numbers are; "" where few agree, which chance does as well."""
    if _match(claims, other):
        return "These are the numbers"
    if claims.shape != right.shape or any(n < m for n, m in zip(other.shape, claims.shape, strict=True)):
        return ""
    first = other[tuple(map(slice, claims.shape))]
    wrong = ~_held(claims, right)
    if claims.size >= TELLING and _match(claims, first):
        return "These are the first of the numbers"
    if wrong.sum() >= TELLING and _held(claims, first)[wrong].all():
        return "The wrong ones are the numbers"
    return ""


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
