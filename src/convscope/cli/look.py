"""`convscope look`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import command
from .options import Json, Model


@command("look")
def look(
    model: Model,
    picture: Annotated[Path | None, typer.Argument(help="A picture, for its feature maps.")] = None,
    *,
    gif: Annotated[
        Path | None, typer.Option(help="How it formed, as a GIF, of a run trained with --watch.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="A layer, with --gif.")] = None,
    number: Annotated[
        int | None, typer.Option("--picture", min=1, help="Which of the watched pictures, with --gif.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw the filters of a network, and its feature maps of a picture."""
    from .formation import show_formation

    if gif is not None:
        show_formation(model, gif, json=json, layer=layer, picture=number)
        return
    raise NotImplementedError(model, picture, json)
