"""`convscope summary`"""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import atomic, nets
from ..errors import UsageError
from .app import command
from .options import Json, sizes
from .output import print_json
from .run_name import named_run


@command("summary")
def summary(
    net: Annotated[
        str,
        typer.Argument(help="A network's name, file.py:Class, a run, a bundle, starter or untrained:NET."),
    ],
    input_shape: Annotated[
        str | None, typer.Option("--input", help="Shape of one input, such as 1x28x28 (channels first).")
    ] = None,
    classes: Annotated[int, typer.Option(min=2, help="Number of classes.")] = 10,
    svg: Annotated[
        Path | None, typer.Option(help="Write the network as a drawing to this SVG file.", metavar="FILE")
    ] = None,
    json: Json = False,
) -> None:
    """Show a network's layers: shapes, parameters, work, memory, what each position sees."""
    from ..api import graph_of
    from ..graph import summarize

    shape = parse_shape(input_shape) if input_shape else None
    if net not in nets.CATALOGUE:
        net = str(named_run(Path(net)))
    with contextlib.redirect_stdout(sys.stderr):  # a network's own prints are no result
        graph = graph_of(net, shape, classes=classes)
    result = summarize(graph)
    if svg is not None:
        from ..drawing.network import draw

        atomic.write_text(svg, draw(graph))
    if json:
        print_json({**result.to_dict(), **({"svg": str(svg)} if svg else {})})
    else:
        print(result)
        if svg is not None:
            print(f"Drawing {svg}")


def parse_shape(text: str) -> tuple[int, ...]:
    """
    >>> parse_shape("1x28x28")
    (1, 28, 28)
    """
    shape = sizes(text)
    if shape is None or len(shape) not in (2, 3) or 0 in shape:
        raise UsageError(
            f"--input {shlex.quote(text)} should be channels, height and width such as 1x28x28, "
            "or channels and length."
        )
    return shape
