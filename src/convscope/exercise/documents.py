"""Exercises as a document: the problems, the solutions, or first all of those and then all of these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..errors import UnknownName
from . import content, latex, machine, markdown, page
from .content import Block
from .making import Exercise

Renderer = Callable[[Iterable[Block], str], str]
RENDERERS: dict[str, Renderer] = {
    "markdown": markdown.render,
    "latex": latex.render,
    "html": page.render,
}
FORMATS = (*RENDERERS, "json")
PARTS = ("problem", "solution", "both")
SUFFIXES = {".md": "markdown", ".tex": "latex", ".html": "html", ".htm": "html", ".json": "json"}


def render(exercises: Sequence[Exercise], format: str = "markdown", *, part: str = "both") -> str:
    """A whole document of one or several exercises, as text.

    format: "markdown", "latex", "html" or "json". part: "problem", "solution" or "both". JSON always has the
    problem, which is what a check needs; with "problem" the places of the solution are null.

    Raises `UnknownName` for another format or part.

    >>> from .making import make
    >>> print(render([make(size=[3], kernel=[2], seed=1)], part="problem").splitlines()[2])
    ## Exercise (seed 1)
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS)
    if part not in PARTS:
        raise UnknownName("part", part, PARTS)
    problem, solution = part != "solution", part != "problem"
    if format == "json":
        return machine.render(exercises, solution=solution)
    blocks: list[Block] = []
    for wanted, word, blocks_of in (
        (problem, "Exercise", content.problem),
        (solution, "Solution", content.solution),
    ):
        if not wanted:
            continue
        for number, exercise in enumerate(exercises, 1):
            numbered = f"{word} {number}" if len(exercises) > 1 else word
            blocks += blocks_of(exercise, f"{numbered} (seed {exercise.seed})")
    return RENDERERS[format](blocks, _title(exercises, part))


def _title(exercises: Sequence[Exercise], part: str) -> str:
    """
    >>> from .making import make
    >>> _title([make(flip=True)], "both"), _title([make(), make()], "solution")
    ('Convolution', 'Cross-correlation: solutions')
    """
    first = exercises[0].problem.stages[0]
    name = first.name.partition(" (")[0]
    ending = "" if part == "both" else f": {part}{'s' if len(exercises) > 1 else ''}"
    return f"{name[0].upper()}{name[1:]}{ending}"
