"""`convscope export`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
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
    int8: Annotated[
        bool, typer.Option("--int8", help="Round an ONNX model's layers to 8 bits, by training pictures.")
    ] = False,
    max_drop: Annotated[
        float | None,
        typer.Option(help="Points of accuracy that --int8 may cost, else exit with 3. (0.5)", min=0, max=100),
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a trained network as ONNX, a PyTorch program or C, and prove that it is the same network."""
    from ..ship.exporting import export as write
    from ..ship.quantization import MAX_DROP
    from .progress import listening

    if max_drop is not None and not int8:
        raise UsageError("--max-drop says what --int8 may cost; give both.")
    settings = {} if data_dir is None else {"data_dir": data_dir}
    with listening(quiet) as progress:
        exported = write(
            model,
            out,
            format=format,
            preprocessing=preprocessing,
            data=data,
            int8=int8,
            max_drop=MAX_DROP if max_drop is None else max_drop,
            progress=progress,
            **settings,
        )
        for note in exported.notes:
            progress.note(f"note: {note}")
    if json:
        print_json(exported.to_dict())
        return
    from .exported import sentences

    print(sentences(exported))
