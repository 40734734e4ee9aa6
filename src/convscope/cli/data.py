"""`convscope data`: what is done with data sets without training on them."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..columns import columns, shortened
from ..errors import UsageError
from .app import Group, app, command
from .conv_files import check
from .options import Json, Quiet
from .output import WIDTH, percent, print_json
from .settings import with_settings

if TYPE_CHECKING:
    from ..drawing.contact_sheet import Sheet
    from ..training.showing import Shown

MOST_CLASSES = 20  # rows of a sheet
MOST_TILES = 60  # pictures of a row

group = typer.Typer(cls=Group, help="Look at a data set, and at what training makes of its pictures.")
app.add_typer(group, name="data")


@group.callback()
def _data() -> None:
    """So that a group of one command stays a group."""


@command("show", of=group)
@with_settings(panels=("Data", "Network", "Augmentation"), also=("seed",))
def show(
    data: Annotated[
        str | None,
        typer.Argument(help="As for `convscope train`: a name, or a folder.", show_default="digits"),
    ] = None,
    *,
    recipe: Annotated[
        Path | None, typer.Option(help="Settings from this TOML file, a run's recipe.toml say; flags win.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The picture to write. (<data>-sheet.png)", metavar="FILE.png")
    ] = None,
    count: Annotated[
        int | None, typer.Option(help="Pictures of each class. (2; 8 without augmentation)", metavar="<int>")
    ] = None,
    epochs: Annotated[int, typer.Option(help="Epochs to show of each picture.", show_default="4")] = 4,
    json: Json = False,
    quiet: Quiet = False,
    **settings: Any,
) -> None:
    """Write a contact sheet of what a network will see: rows of classes, each picture in several epochs."""
    from ..recipe import Recipe, as_flag
    from ..training.showing import show as choose
    from .progress import listener

    for name, number in (("count", count), ("epochs", epochs)):
        if number is not None and number < 1:
            raise UsageError(f"--{name} {number} should be 1 or more.")
    if (count or 1) * (1 + epochs) > MOST_TILES:
        raise UsageError(
            f"--count {count or 1} and --epochs {epochs} make {(count or 1) * (1 + epochs)} pictures in a "
            f"row; a sheet has room for {MOST_TILES}."
        )
    check({"--out": out}, {"--out": (".png",)})
    given = {**(Recipe.read(recipe) if recipe else {}), **settings}
    if data is not None:
        given["data"] = data
    chosen = Recipe.checked(given, as_flag)
    shown = choose(chosen, listener(quiet or json), count=count, epochs=epochs, classes=MOST_CLASSES)
    sheet = _sheet(shown)
    out = out or Path(f"{shown.dataset.name}-sheet.png")
    _write(sheet, out)
    if json:
        print_json(_document(shown, sheet, out))
    else:
        print("\n".join(_lines(shown, out)))


def _write(sheet: Sheet, out: Path) -> None:
    from ..atomic import write_bytes
    from ..drawing.tiles import to_png

    write_bytes(out, to_png(sheet.image))


def _sheet(shown: Shown) -> Sheet:
    from ..drawing.contact_sheet import Tile, contact_sheet
    from ..training.augment import moves_of, spelled

    rows: dict[int, list[Tile]] = {}
    for picture in shown.pictures:
        tiles = [Tile(picture.image)]
        for seen in picture.epochs:
            mix = seen.drawn
            part = f"{percent(1 - mix['share'], 0)} is {mix['partner_class']}" if "share" in mix else ""
            tiles.append(Tile(seen.image, shortened(part, 18)))
        rows.setdefault(picture.label, []).extend(tiles)
    classes = shown.dataset.classes
    headings = ["picture", *(f"epoch {seen.epoch}" for seen in shown.pictures[0].epochs)]
    title = [shown.dataset.name]
    if shown.augmentation:
        title.append(f"{spelled(moves_of(shown.recipe))}; seed {shown.recipe.seed}")
    return contact_sheet(
        title,
        [(classes[label], tiles) for label, tiles in rows.items()],
        headings if shown.augmentation else [""] * max(map(len, rows.values())),
    )


def _counts(shown: Shown) -> list[dict[str, Any]]:
    """Pictures of each class, by what they are for."""
    dataset = shown.dataset
    parts = {"training": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return [
        {
            "class": name,
            **{part: int((split.labels == k).sum()) for part, split in parts.items() if split is not None},
        }
        for k, name in enumerate(dataset.classes)
    ]


def _lines(shown: Shown, out: Path) -> list[str]:
    counts, dataset = _counts(shown), shown.dataset
    parts = list(counts[0])[1:]
    whole = sum(one[part] for one in counts for part in parts)
    size = f"{shown.preprocessing.height}×{shown.preprocessing.width}"
    colours = "grey" if shown.preprocessing.channels == 1 else "colour"
    natural = "several sizes" if shown.natural_size is None else "{}×{}".format(*shown.natural_size)
    lines = [
        f"{dataset.name}: {whole:,} pictures in {len(counts)} classes, {size} {colours}"
        + (f", made from {natural}" if natural != size else "")
    ]
    rows = [[shortened(one["class"]), *(f"{one[part]:,}" for part in parts)] for one in counts[:MOST_CLASSES]]
    if len(counts) > MOST_CLASSES:
        rest = counts[MOST_CLASSES:]
        rows.append([f"{len(rest)} more", *(f"{sum(one[part] for one in rest):,}" for part in parts)])
    lines += columns([["class", *parts], *rows], right=range(1, len(parts) + 1))
    for note in shown.notes:
        lines += textwrap.wrap(f"note: {note}", WIDTH, break_long_words=False, break_on_hyphens=False)
    rows_shown = len({picture.label for picture in shown.pictures})
    left_out = f" of the first {rows_shown} classes" if rows_shown < len(counts) else ""
    seen = f" in epochs 1 to {len(shown.pictures[0].epochs)}" if shown.augmentation else ""
    lines.append(f"Sheet   {out}")
    lines.append(f"        {len(shown.pictures)} training pictures{left_out}{seen}")
    return lines


def _document(shown: Shown, sheet: Sheet, out: Path) -> dict[str, Any]:
    from ..training.augment import moves_of

    preprocessing, classes = shown.preprocessing, shown.dataset.classes
    places = iter([place for row in sheet.places for place in row])
    return {
        "data": shown.dataset.name,
        "height": preprocessing.height,
        "width": preprocessing.width,
        "natural_size": shown.natural_size,
        "channels": preprocessing.channels,
        "classes": _counts(shown),
        "augmentation": moves_of(shown.recipe),
        "seed": shown.recipe.seed,
        "sheet": str(out),
        "scale": sheet.scale,
        "pictures": [
            {
                "class": classes[picture.label],
                "name": picture.name,
                "position": picture.position,
                "at": list(next(places)),
                "epochs": [
                    {"epoch": seen.epoch, "at": list(next(places)), **seen.drawn} for seen in picture.epochs
                ],
            }
            for picture in shown.pictures
        ],
        "notes": list(shown.notes),
    }
