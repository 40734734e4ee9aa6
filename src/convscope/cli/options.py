"""Arguments that several commands share, and sizes as people type them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[Path, typer.Argument(help="A run directory or a bundle file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress, only the result.")]


def sizes(text: str) -> tuple[int, ...] | None:
    """The numbers of a size such as 1x28x28; None where that is not what it is.

    >>> sizes("1x28x28"), sizes("64"), sizes("big")
    ((1, 28, 28), (64,), None)
    """
    numbers = text.lower().replace("×", "x").split("x")
    return tuple(map(int, numbers)) if all(number.isdigit() for number in numbers) else None
