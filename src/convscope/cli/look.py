"""`convscope look`"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UnknownName, UsageError
from .app import command
from .options import Invert, Json, Model, Quiet, numbers_of
from .output import print_json
from .seen import polarised

SCALES = ("shared", "own")
PARTS = ("train", "validation", "test")
PATCHES = 9  # of a channel


@command("look")
def look(
    model: Model,
    picture: Annotated[
        Path | None,
        typer.Argument(help="A picture, for its feature maps; without one the filters.", show_default=False),
    ] = None,
    *,
    filters: Annotated[bool, typer.Option("--filters", help="The filters of a convolution.")] = False,
    maps: Annotated[bool, typer.Option("--maps", help="The feature maps of the picture.")] = False,
    patches: Annotated[
        bool,
        typer.Option("--patches", help="The pieces of the data that excite each channel most."),
    ] = False,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            help="A layer, as `convscope summary` calls it; several by several --layer. (filters: the first "
            "convolution; maps: all; patches: the last before pools)",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="Only these filters or channels, such as 3 or 0,3,7.", metavar="<ints>")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            help="Colours for all of a layer alike, or for each filter and map its own. (shared)",
            metavar=f"<{'|'.join(SCALES)}>",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="What to write: a picture, the numbers, or a folder with a picture for each layer. "
            "(<layer>-filters.png, <picture>-maps.png, <layer>-patches.png)",
            metavar="FILE.png|FILE.npz|FOLDER",
        ),
    ] = None,
    gif: Annotated[
        Path | None,
        typer.Option(help="How filters and maps formed, of a run trained with --watch.", metavar="FILE.gif"),
    ] = None,
    watched: Annotated[
        int | None,
        typer.Option(min=1, help="Which of the watched pictures, with --gif. (1)", metavar="<int>"),
    ] = None,
    count: Annotated[
        int | None, typer.Option(help=f"Patches of each channel. ({PATCHES})", metavar="<int>")
    ] = None,
    part: Annotated[
        str | None,
        typer.Option(
            help="Where patches come from. (test, or what was held out)", metavar=f"<{'|'.join(PARTS)}>"
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="Other data for patches than the run's own.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    invert: Invert = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """See the filters of a network, its feature maps of a picture, and what excites each of its channels."""
    asked = [kind for kind, yes in {"filters": filters, "maps": maps, "patches": patches}.items() if yes]
    of_patches = {"--count": count, "--part": part, "--data": data, "--data-dir": data_dir}
    shown = {"--layer": layer, "--channel": channel, "--scale": scale, "--out": out}
    if gif is not None:
        _alone("--gif", picture, asked, {**shown, "--layer": None, **of_patches})
        if len(layer or ()) > 1:
            raise UsageError("--gif shows one --layer, or all that were watched.")
        from .formation import show_formation

        show_formation(model, gif, json=json, layer=layer[0] if layer else None, picture=watched or 1)
        return
    if watched is not None:
        raise UsageError("--watched is for --gif.")
    kind = _kind(model, picture, asked)
    if scale is not None and scale not in SCALES:
        raise UnknownName("scale", scale, SCALES)
    if part is not None and part not in PARTS:
        raise UnknownName("part", part, PARTS)
    if kind != "patches":
        _refuse(of_patches, f"is for --patches, and these are {kind}")
    elif scale is not None:
        raise UsageError("--scale is for filters and maps; patches are shown as the pictures are.")
    if count is not None and count < 1:
        raise UsageError(f"--count {count} should be 1 or more.")
    channels = None if channel is None else numbers_of(channel, "--channel", "numbers such as 3 or 0,3,7")

    from ..bundle import Bundle
    from .look_at import Filters, Maps, Patches, Showing

    showing: Showing
    if kind == "filters":
        showing = Filters(layer, channels, own_scale=scale == "own")
    elif kind == "maps":
        assert picture is not None
        showing = Maps(layer, channels, picture, own_scale=scale == "own")
    else:
        showing = Patches(layer, channels, count or PATCHES, part, data, data_dir, quiet=quiet or json)
    bundle = Bundle.load(model)
    if picture is not None:
        bundle = polarised(bundle, picture, invert=invert)
    elif invert:
        raise UsageError("--invert is for the maps of a picture.")
    found = showing.show(bundle, out)
    if json:
        print_json(found.document)
    else:
        print("\n".join(found.lines))


def _kind(model: Path, picture: Path | None, asked: list[str]) -> str:
    """Filters, maps or patches."""
    if len(asked) > 1:
        raise UsageError(f"--{asked[0]} and --{asked[1]} are two pictures; ask for one at a time.")
    kind = asked[0] if asked else "filters" if picture is None else "maps"
    if kind == "maps" and picture is None:
        raise UsageError(f"--maps needs a picture: `convscope look {model} picture.png`.")
    if kind != "maps" and picture is not None:
        raise UsageError(f"{picture} is a picture to see maps of; leave it out with --{kind}.")
    return kind


def _refuse(options: Mapping[str, object], why: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"{name} {why}.")


def _alone(option: str, picture: Path | None, asked: list[str], others: Mapping[str, object]) -> None:
    """Raises `UsageError` where something is asked for beside `option`."""
    flags = {"a picture": picture, **{f"--{kind}": True for kind in asked}, **others}
    _refuse(flags, f"and {option} do not go together")
