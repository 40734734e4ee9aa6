"""Where each value lies in the working memory: the memory of what is no longer read is used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .steps import Step, Value


@dataclass
class Area:
    """Values that replace each other in place, and so begin at one offset; often a single one.

    `taken` has how many numbers from which step to which: that of a value's inputs and result are both
    needed while it is computed.
    """

    values: list[Value]
    taken: list[tuple[int, int, int]]  # first step, last step, size
    offset: int = 0

    @property
    def size(self) -> int:
        return max(size for _, _, size in self.taken)

    @property
    def first(self) -> int:
        return self.taken[0][0]

    @property
    def last(self) -> int:
        return self.taken[-1][1]

    def during(self, first: int, last: int) -> int:
        """How many numbers it needs at some time from a step to another."""
        return max((size for a, b, size in self.taken if a <= last and first <= b), default=0)

    def meets(self, other: Area) -> bool:
        """Whether both, at their offsets, need one place at one time."""
        return any(
            self.offset < other.offset + other.during(first, last) and other.offset < self.offset + size
            for first, last, size in self.taken
            if other.during(first, last)
        )


def place(steps: Sequence[Step]) -> int:
    """Give every value of the working memory its offset; the memory that this takes, in numbers.

    Areas are laid one after another into the first gap that fits, in several orders; the best counts.
    """
    areas = _areas(steps)
    orders = (
        sorted(areas, key=lambda area: (-area.size, area.first)),
        sorted(areas, key=lambda area: (area.first, -area.size)),
        sorted(areas, key=lambda area: (area.first - area.last, -area.size)),
    )
    taken = _laid(min(orders, key=_laid))
    for area in areas:
        for value in area.values:
            value.offset = area.offset
    return taken


def _areas(steps: Sequence[Step]) -> list[Area]:
    last = {value: number for number, step in enumerate(steps) for value in step.inputs}
    areas: list[Area] = []
    found: dict[Value, Area] = {}
    for number, step in enumerate(steps):
        result = step.result
        if result.argument is not None or result in found:  # an argument, or there by an earlier call
            continue
        taken = number, max(last.get(result, number), number), result.size
        free = [
            found[value]
            for value in step.in_place_of
            if value in found and last[value] == number and result.size <= value.size
        ]
        if free:
            area = free[0]
            area.values.append(result)
            area.taken.append(taken)
        else:
            area = Area([result], [taken])
            areas.append(area)
        found[result] = area
    return areas


def _laid(order: Sequence[Area]) -> int:
    """Lay each where it fits first, in this order; the memory that this takes."""
    placed: list[Area] = []
    for area in order:
        ends = {other.offset + size for other in placed for _, _, size in other.taken}
        for area.offset in sorted({0, *ends}):
            if not any(area.meets(other) for other in placed):
                break
        placed.append(area)
    return max((area.offset + area.size for area in order), default=0)
