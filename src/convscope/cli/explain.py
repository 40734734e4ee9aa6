"""`convscope explain`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import command
from .options import Json, Model


@command("explain")
def explain(
    model: Model,
    picture: Annotated[Path, typer.Argument(help="The picture.")],
    *,
    why: Annotated[
        str | None,
        typer.Option(help="One number of a layer, LAYER:CHANNEL:ROW:COLUMN, step by step.", metavar="PLACE"),
    ] = None,
    down: Annotated[
        bool, typer.Option("--down", help="With --why: follow the largest down to a pixel.")
    ] = False,
    json: Json = False,
) -> None:
    """Say why a network says what it says of a picture: by its pixels, or one of its numbers."""
    from ..bundle import Bundle
    from .explain_why import show_why

    show_why(Bundle.load(model), picture, why or "", json=json, down=down)
