"""What a check found, as data and as lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import wording
from .stage import Position

WIDTH = 80


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and why."""

    position: Position | None  # of the number in the result; None where it is about all of it
    claimed: Any  # a number, numbers, a size, or None where nothing is there
    right: Any
    why: str  # the right arithmetic
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One of the things that were claimed."""

    what: str  # the key of the file: "result", "windows", ...
    checked: int  # how many entries, or positions of "windows" and the like
    findings: tuple[Finding, ...] = ()
    hints: tuple[str, ...] = ()  # the mistake that all of it looks like

    @property
    def is_right(self) -> bool:
        return not self.findings


@dataclass(frozen=True)
class Verdict:
    """What was claimed of one problem, and what of it is wrong."""

    name: str | None
    task: str
    positions: str  # what the numbers of a position mean
    answers: tuple[Answer, ...]

    @property
    def is_right(self) -> bool:
        return all(answer.is_right for answer in self.answers)

    @property
    def wrong(self) -> int:
        return sum(len(answer.findings) for answer in self.answers)

    def to_dict(self) -> dict[str, Any]:
        answers = [
            {"what": answer.what, "right": answer.is_right, "checked": answer.checked}
            | {"findings": [asdict(finding) for finding in answer.findings], "hints": list(answer.hints)}
            for answer in self.answers
        ]
        return {
            "name": self.name,
            "task": self.task,
            "positions": self.positions,
            "right": self.is_right,
            "answers": answers,
        }

    def lines(self) -> Iterator[str]:
        """The verdict for a terminal of 80 columns."""
        yield from _filled(self.task[0].upper() + self.task[1:] + ".")
        if not self.is_right:
            yield self.positions
        for answer in self.answers:
            yield ""
            yield _summary(answer)
            for hint in answer.hints:
                yield from _filled(hint, "  ")
            for finding in answer.findings:
                yield from _finding(finding)


def _summary(answer: Answer) -> str:
    what, wrong = answer.what.replace("_", " "), len(answer.findings)
    if any(finding.position is None for finding in answer.findings):
        return f"{what}: wrong." if what.endswith("size") else f"{what}: wrong size."
    if answer.checked == 1:
        return f"{what}: {'wrong' if wrong else 'right'}."
    return f"{what}: {wrong} of {answer.checked} wrong." if wrong else f"{what}: all {answer.checked} right."


def _finding(finding: Finding) -> Iterator[str]:
    place = "" if finding.position is None else f"{wording.position(finding.position)}: "
    claimed = "nothing is claimed" if finding.claimed is None else f"claimed {_shown(finding.claimed)}"
    if finding.position is None or not isinstance(finding.claimed, list):
        yield from _filled(f"{place}{claimed}, right {_shown(finding.right)}", "  ")
    elif place:
        yield f"  {place.rstrip(': ')}"
    for line in (finding.why, *finding.notes):
        for part in line.split("; "):
            yield from _filled(part, "    ")


def _shown(value: Any) -> str:
    """A number, or a size; that of a single number is an empty list."""
    if isinstance(value, list):
        return "×".join(map(_shown, value)) or "a single number"
    return "nothing" if value is None else wording.number(value)


def _filled(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
