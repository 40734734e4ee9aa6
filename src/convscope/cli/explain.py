"""`convscope explain`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .app import command
from .options import Invert, Json, Model, Quiet
from .seen import polarised


@command("explain")
def explain(
    model: Model,
    picture: Annotated[Path, typer.Argument(help="The picture, or the .npy file of a signal.")],
    *,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Some of grad-cam,integrated-gradients,occlusion,gradient,smoothgrad, or all. "
            "(grad-cam, integrated-gradients and gradient)",
            metavar="NAMES",
        ),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="The class, or its number. (the one predicted)", metavar="CLASS")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Of grad-cam. (the last convolution)", metavar="NAME")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The picture to write. (<picture>-explained.png)", metavar="FILE.png")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of noise and checks. (0)", metavar="<int>")] = None,
    no_check: Annotated[bool, typer.Option("--no-check", help="Maps without their checks.")] = False,
    why: Annotated[
        str | None,
        typer.Option(help="One number of a layer, LAYER:CHANNEL:ROW:COLUMN, step by step.", metavar="PLACE"),
    ] = None,
    down: Annotated[
        bool, typer.Option("--down", help="With --why: follow the largest down to a pixel.")
    ] = False,
    invert: Invert = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say why a network says what it says of a picture: by its pixels, or one of its numbers."""
    from ..bundle import Bundle
    from .explain_attributions import show_attributions
    from .explain_why import show_why

    if why is None and down:
        raise UsageError("--down follows the number that --why names; give --why too.")
    if why is not None:
        given = {
            "--method": method,
            "--target": target,
            "--layer": layer,
            "--out": out,
            "--seed": seed,
            "--no-check": no_check or None,
        }
        wrong = [option for option, value in given.items() if value is not None]
        if wrong:
            raise UsageError(
                f"--why takes one number apart and makes no maps, so {', '.join(wrong)} cannot go with it."
            )
        bundle = polarised(Bundle.load(model), picture, invert=invert)
        show_why(bundle, picture, why, json=json, down=down)
        return
    show_attributions(
        polarised(Bundle.load(model), picture, invert=invert),
        picture,
        methods=method,
        target=target,
        layer=layer,
        out=out,
        seed=seed or 0,
        check=not no_check,
        json=json,
        quiet=quiet,
    )
