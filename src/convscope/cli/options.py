"""Arguments that several commands share, and sizes as people type them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .run_name import named_run


def given_path(text: str) -> Path:
    """What is given as a path; raises `UsageError` where that is empty, as of a variable that is not set.

    `Path("")` is the current folder.
    """
    if not text:
        raise UsageError("a path is empty, as where a variable is not set; the current folder is '.'.")
    return Path(text)


Model = Annotated[
    Path,
    typer.Argument(
        parser=given_path,
        help="A run directory, its name in runs/, latest, a bundle file, starter, which comes along, or "
        "untrained:NET.",
        callback=named_run,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Invert = Annotated[
    bool, typer.Option("--invert", help="Turn light and dark around: for dark ink on light paper, say.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, only the result.")]


def sizes(text: str) -> tuple[int, ...] | None:
    """The numbers of a size such as 1x28x28; None where that is not what it is.

    >>> sizes("1x28x28"), sizes("64"), sizes("3,2"), sizes("big")
    ((1, 28, 28), (64,), (3, 2), None)
    """
    numbers = re.split("[x×,]", text.lower())
    return tuple(map(int, numbers)) if all(number.isdigit() for number in numbers) else None


def numbers_of(text: str, option: str, wanted: str) -> tuple[int, ...]:
    """Whole numbers apart by commas or x. Raises `UsageError` with what is `wanted`.

    >>> numbers_of("3,4", "--at", "row and column"), numbers_of("2x1", "--stride", "a number")
    ((3, 4), (2, 1))
    """
    try:
        return tuple(int(word) for word in re.split("[x×,]", text))
    except ValueError as error:
        raise UsageError(f"{option} {shlex.quote(text)} should be {wanted}.") from error


def per_axis(text: str, option: str) -> int | tuple[int, ...]:
    """One number, or one for down and one for across.

    >>> per_axis("2", "--stride"), per_axis("1,2", "--stride")
    (2, (1, 2))
    """
    numbers = numbers_of(text, option, "a number such as 2, or one down and one across such as 1,2")
    return numbers[0] if len(numbers) == 1 else numbers
