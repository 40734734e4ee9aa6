"""`convscope export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import command
from .options import Model


@command("export")
def export(
    model: Model,
    *,
    format: Annotated[str, typer.Option("--format", help="onnx, torch or c.")] = "onnx",
    out: Annotated[Path, typer.Option(help="The file.")],
) -> None:
    """Write a trained network as ONNX, a PyTorch program or C, and prove that it is the same network."""
    from ..ship.exporting import export as write

    print(f"Model  {write(model, out, format=format).path}")
