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
    json: Json = False,
) -> None:
    """Draw the filters of a network, and its feature maps of a picture."""
    raise NotImplementedError(model, picture, json)
