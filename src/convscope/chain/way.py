"""The way of one number through a chain: what becomes of it, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from .stage import Number, Position, Stage

MOST = 12  # numbers of a stage that are followed


@dataclass(frozen=True)
class Passage:
    """What a number becomes in one stage: the numbers of the result that it goes into, the first `MOST`."""

    stage: Stage
    numbers: tuple[Number, ...]
    more: int  # that are not listed


def apply(stages: Sequence[Stage], given: np.ndarray) -> list[np.ndarray]:
    """The result of each stage after the other. Raises `ShapeError` where one does not fit."""
    results = []
    for stage in stages:
        given = stage.apply(given)
        results.append(given)
    return results


def way(
    stages: Iterable[tuple[Stage, np.ndarray]], given: np.ndarray, position: Position
) -> Iterator[Passage]:
    """Where the number of `given` at `position` goes, in each stage (with its result). Ends where no
    window reaches it.

    >>> from .written import written_chain
    >>> maps, stages = np.array([[[-4, 2], [1, 3]]]), written_chain("relu | max:2")
    >>> passages = way(zip(stages, apply(stages, maps)), maps, (0, 0, 0))
    >>> [passage.numbers[0].equation for passage in passages]
    ['max(-4, 0) = 0', 'max(0, 2, 1, 3) = 3']
    """
    positions = [position]
    for stage, result in stages:
        taking = dict.fromkeys(taker for one in positions for taker in stage.takers(given, one))
        positions = list(taking)
        numbers = tuple(stage.number(given, result, one) for one in positions[:MOST])
        yield Passage(stage, numbers, len(positions) - len(numbers))
        given = result
