"""Where each value lies in the working memory: the memory of what is no longer read is used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .steps import Step, Value


@dataclass
class Area:
    """A piece of the working memory, from the step that writes it first to the last that reads it.

    Values that replace each other in place share one.
    """

    values: list[Value]
    first: int
    last: int
    size: int
    offset: int = 0

    def meets(self, other: Area) -> bool:
        """Whether both are needed at one time. A step's inputs and its result are."""
        return self.first <= other.last and other.first <= self.last


def place(steps: Sequence[Step]) -> int:
    """Give every value of the working memory its offset; the memory that this takes, in numbers."""
    areas = _areas(steps)
    orders = (
        sorted(areas, key=lambda area: (-area.size, area.first)),
        sorted(areas, key=lambda area: (area.first, -area.size)),
        sorted(areas, key=lambda area: (area.first - area.last, -area.size)),
    )
    best = min(orders, key=_laid)
    taken = _laid(best)
    for area in best:
        for value in area.values:
            value.offset = area.offset
    return taken


def needed_at_once(steps: Sequence[Step]) -> int:
    """The most numbers that any one step needs kept; no plan takes less."""
    areas = _areas(steps)
    return max(
        (sum(a.size for a in areas if a.first <= at <= a.last) for at in range(len(steps))),
        default=0,
    )


def _areas(steps: Sequence[Step]) -> list[Area]:
    last = {value: number for number, step in enumerate(steps) for value in step.inputs}
    found: dict[Value, Area] = {}
    for number, step in enumerate(steps):
        result, until = step.result, max(last.get(step.result, number), number)
        if result.argument is not None:
            continue
        if result in found:  # written again by a later step of the same layer
            continue
        replaced = next(
            (
                found[value]
                for value in step.in_place_of
                if value in found and found[value].last == number and result.size <= found[value].size
            ),
            None,
        )
        if replaced is None:
            found[result] = Area([result], number, until, result.size)
        else:
            replaced.values.append(result)
            replaced.last = until
            found[result] = replaced
    return list({id(area): area for area in found.values()}.values())


def _laid(order: Sequence[Area]) -> int:
    """Lay each into the smallest gap that fits, in this order; the memory that this takes."""
    placed: list[Area] = []
    for area in order:
        others = sorted((other for other in placed if other.meets(area)), key=lambda other: other.offset)
        gaps, end = [], 0
        for other in others:
            if other.offset - end >= area.size:
                gaps.append((other.offset - end, end))
            end = max(end, other.offset + other.size)
        area.offset = min(gaps)[1] if gaps else end
        placed.append(area)
    return max((area.offset + area.size for area in order), default=0)
