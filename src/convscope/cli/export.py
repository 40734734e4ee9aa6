"""`convscope export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import command
from .options import Json, Model, Quiet
from .output import print_json


@command("export")
def export(
    model: Model,
    *,
    format: Annotated[
        str | None,
        typer.Option("--format", help="onnx, torch or c; told by the ending of --out. (onnx)"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file. (the run's name, here)")] = None,
    preprocessing: Annotated[
        bool,
        typer.Option(
            "--preprocessing/--no-preprocessing",
            help="Whether polarity, scaling, mean and deviation are part of the network.",
        ),
    ] = True,
    data: Annotated[
        str | None, typer.Option(help="Other pictures to compare on than the run's own.", metavar="NAME|PATH")
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained network as ONNX, a PyTorch program or C, and prove that it is the same network."""
    from ..ship.exporting import export as write
    from .progress import listening

    settings = {} if data_dir is None else {"data_dir": data_dir}
    with listening(quiet) as progress:
        exported = write(
            model, out, format=format, preprocessing=preprocessing, data=data, progress=progress, **settings
        )
        for note in exported.notes:
            progress.note(f"note: {note}")
    if json:
        print_json(exported.to_dict())
        return
    from .exported import sentences

    print(sentences(exported))
