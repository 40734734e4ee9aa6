"""`convscope conv`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .. import sliding
from ..errors import UsageError
from ..written_pool import Pooling
from .app import command
from .complaint import complain
from .options import Json, numbers_of, per_axis
from .output import print_json


def _file(help: str) -> Any:
    return typer.Option(help=help, rich_help_panel="Files", metavar="FILE", show_default=False)


def _option(help: str, panel: str = "Sliding", *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


@command("conv")
def conv(
    picture: Annotated[
        str | None,
        typer.Argument(
            help='A picture, a .csv or .npy, or numbers: "1 2; 3 4", channels apart by " / ", behind -- '
            "where they begin with a minus. Without, a sample photo."
        ),
    ] = None,
    kernel: Annotated[
        str | None,
        _option(
            'A name with settings (gaussian:2; see `convscope kernels`), numbers ("1 0 -1; 2 0 -2") or '
            'a file. With a plane for each channel (apart by " / ") their products are summed, and several '
            f'filters (apart by " // ") give several maps, as in a layer. {sliding.KERNEL} where there is no '
            "--pool either.",
            show_default=False,
        ),
    ] = None,
    bias: Annotated[
        str | None, _option("Added to each number: one, or one for each filter.", show_default=False)
    ] = None,
    pool: Annotated[
        str | None,
        _option(
            "max, average or lp, with window and stride: max:2, max:3x3:2; or global-max, global-average. "
            "After the kernel, or alone."
        ),
    ] = None,
    then: Annotated[
        str | None,
        _option(
            "What follows, stage by stage: 'relu | batch-norm | max:2 | flatten | linear:1 0 1; 0 1 0 | "
            "softmax'. batch-norm:1:0:0.5:2 has weight, bias, mean and variance given, linear:1 0; 0 1:3 4 a "
            "bias.",
            show_default=False,
        ),
    ] = None,
    padding: Annotated[
        str, _option("valid, same, full, or how many on each side (1, or 1,2).")
    ] = sliding.PADDING,
    stride: Annotated[
        str | None,
        _option("Step from window to window (2, or 1,2): 1 for a kernel, a pool's size.", show_default=False),
    ] = None,
    dilation: Annotated[str, _option("Distance of the kernel's taps.")] = str(sliding.DILATION),
    border: Annotated[str, _option("What is padded: zeros, reflect, replicate, circular.")] = sliding.BORDER,
    flip: Annotated[
        bool,
        _option("Flip the kernel: convolution. Not: cross-correlation, as a layer of a CNN."),
    ] = False,
    grey: Annotated[bool, _option("Make the picture grey first.", "Input", "--grey")] = False,
    crop: Annotated[
        str | None, _option("A part of the picture: row, column, height, width.", "Input")
    ] = None,
    steps: Annotated[bool, _option("Print the first steps, number by number.", "Steps", "--steps")] = False,
    at: Annotated[
        str | None,
        _option(
            "Print one step: row and column of the output, from 0; of several maps the map first.", "Steps"
        ),
    ] = None,
    out: Annotated[Path | None, _file("The result alone: a picture, or its numbers as .npy or .csv.")] = None,
    compare: Annotated[Path | None, _file("A picture of input, kernel and output side by side.")] = None,
    gif: Annotated[Path | None, _file("The steps, moving.")] = None,
    svg: Annotated[Path | None, _file("One step, the first or that of --at.")] = None,
    html: Annotated[Path | None, _file("A page to go through the steps.")] = None,
    json: Json = False,
) -> None:
    """Slide a kernel over a picture, and see every step of it."""
    from ..chain import written_chain
    from . import conv_display, conv_document, conv_files, conv_input
    from .conv_result import compute

    files = {"--out": out, "--compare": compare, "--gif": gif, "--svg": svg, "--html": html}
    conv_files.check(files, read={"the input": picture, "--kernel": kernel})
    given = conv_input.read_input(picture, grey=grey, crop=crop)
    if grey and not given.photo:
        complain(f"note: --grey is for pictures, and changes nothing of {given.name}.")
    pooled = None if pool is None else Pooling.parse(pool)
    chosen = kernel if kernel is not None or pooled is not None else sliding.KERNEL
    named = None if chosen is None else conv_input.read_kernel(chosen, given.channels.ndim - 1)
    alone = pooled if named is None else None
    if alone is not None and flip:
        raise UsageError("--flip flips a kernel, and a pool has none.")
    if alone is not None and alone.stride is not None and stride is not None:
        raise UsageError(f"--pool {pool} and --stride {stride} both give a stride; leave one of them out.")
    slides = (padding, stride, dilation) != (sliding.PADDING, None, str(sliding.DILATION))
    if alone is not None and alone.window is None and slides:
        raise UsageError(
            f"--pool {pool} takes the whole input; leave --padding, --stride and --dilation out."
        )
    if bias is not None:
        if named is None:
            raise UsageError(f"--bias {bias} is added to what a kernel gives, and there is none.")
        named = named.with_bias(bias)
    result = compute(
        given,
        named,
        pooled,
        [] if then is None else written_chain(then),
        padding=conv_input.padding_of(padding),
        stride=None if stride is None else per_axis(stride, "--stride"),
        dilation=per_axis(dilation, "--dilation"),
        border=border,
        flip=flip,
    )
    conv_files.check_csv(out, result)
    place = None if at is None else numbers_of(at, "--at", "row and column, such as 3,4")
    of = result.found(place)[2][0]  # refuses a wrong place before files are written
    channel = given.channel_name(of) if not result.is_layer else ""
    drawn = any(asked is not None for asked in (place, gif, svg, html))
    if channel and (steps or drawn):
        instead = "; --grey makes the picture grey first" if given.photo else ""
        complain(f"note: the steps are those of {channel}{instead}.")
    if named is not None and pooled is not None and drawn:
        complain("note: the steps are those of the kernel; give --pool without --kernel for its own.")
    if json:
        print_json(conv_document.document(given, named, pooled, result, steps=steps, place=place))
    else:
        conv_display.show_result(given, named, pooled, result)
        if steps:
            conv_display.show_steps(result)
        if place is not None:
            conv_display.show_step(result, place)
    conv_files.write(files, given, named, result, place)
