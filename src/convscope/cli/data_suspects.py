"""`convscope data suspects`: the pictures of a data set that a person should look at."""

from __future__ import annotations

import contextlib
import csv
import io
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ..bundle import FILE_NAME as BUNDLE
from ..columns import columns, printable, shortened
from ..errors import UnknownName, UsageError
from ..look.suspicion.suspect import Kind, Place, Suspect, Suspects
from .app import command
from .conv_files import check, encoded
from .data import group
from .options import Json, Quiet
from .output import WIDTH, percent, print_json
from .run_name import named_run
from .settings import with_settings

if TYPE_CHECKING:
    from ..training.suspects.search import Found

KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_SHOWN = 200  # of a kind, in the table and on the sheet
A_ROW = 8  # tiles of the sheet
LONGEST_NAME, SHORTEST_NAME, LABEL = 30, 10, 14  # letters
HEADINGS = {
    "label": "Labels that are probably wrong",
    "duplicate": "Nearly the same picture in two parts, or under two labels",
    "outlier": "Pictures that are like no other",
}


@command("suspects", of=group)
@with_settings(
    panels=("Data", "Network", "Optimisation"), also=("seed", "engine", "device", "precision", "threads")
)
def suspects(
    data: Annotated[
        str | None,
        typer.Argument(help="As for `convscope train`: a name, or a folder.", show_default="digits"),
    ] = None,
    *,
    run: Annotated[
        Path | None,
        typer.Option(help="The data and settings of this run, which keeps what is found.", metavar="RUN"),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Settings from this TOML file, a run's recipe.toml say; flags win.")
    ] = None,
    folds: Annotated[
        int, typer.Option(help="Trainings; each judges a part that it has not seen.", metavar="<int>")
    ] = 5,
    kind: Annotated[
        str, typer.Option(help="What to look for, apart by commas.", metavar="<label|duplicate|outlier>")
    ] = ",".join(KINDS),
    top: Annotated[int, typer.Option(help="How many of each kind to show.", metavar="<int>")] = 20,
    out: Annotated[
        Path | None,
        typer.Option(help="The contact sheet to write. (<data>-suspects.png)", metavar="FILE.png"),
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", help="Write those shown as a table.", metavar="FILE.csv")
    ] = None,
    rest: Annotated[
        Path | None,
        typer.Option(
            help="Write a list of all pictures but those shown, which `convscope train` takes.",
            metavar="FILE.csv",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    **settings: Any,
) -> None:
    """Find wrong labels, copies in two parts, and pictures that are like no other; nothing is deleted."""
    from ..recipe import Recipe, as_flag
    from ..training.suspects import search as searching
    from .progress import listening

    kinds = _kinds(kind)
    if not 1 <= top <= MOST_SHOWN:
        raise UsageError(f"--top {top} should be from 1 to {MOST_SHOWN}.")
    for name in ("early_stopping", "keep"):
        if name in settings:
            raise UsageError(
                f"{as_flag(name, settings[name])} chooses by pictures that are held out, and the networks of "
                "the folds have none; leave it out."
            )
    endings: dict[str, tuple[str, ...]] = {"--out": (".png",), "--csv": (".csv",), "--rest": (".csv",)}
    check({"--out": out, "--csv": table, "--rest": rest}, endings)
    with (
        contextlib.redirect_stdout(sys.stderr),  # a network's own prints are no result
        listening(quiet) as progress,
    ):
        given: dict[str, Any] = {"folds": folds, "kinds": kinds}
        if run is not None:
            if data is not None or recipe is not None:
                raise UsageError("--run brings the run's own data and recipe; leave DATA and --recipe out.")
            run = named_run(run)
            chosen, given["net"] = searching.of_run(run, None, settings)
            given["run"] = run
        else:
            if data is not None and (Path(data) / BUNDLE).is_file():
                raise UsageError(f"{data} is a run; --run {shlex.quote(data)} takes its data.")
            from_file = Recipe.read(recipe) if recipe else {}
            named = {} if data is None else {"data": data}
            chosen = Recipe.checked({**from_file, **settings, **named}, as_flag)
        found = searching.search(chosen, progress, check=_checker(out, rest), **given)
    shown = {one: found.suspects.of(one)[:top] for one in kinds}
    pictures = searching.is_of_pictures(found.dataset)
    if pictures and any(shown.values()):
        out = out or Path(f"{found.dataset.name}-suspects.png")
    _write(found, shown, out, table, rest)
    files = {"sheet": out, "csv": table, "rest": rest}
    if json:
        paths = {name: None if path is None else str(path) for name, path in files.items()}
        print_json({**found.suspects.to_dict(), **paths})
    else:
        print("\n".join(_lines(found.suspects, shown, found.dataset.preprocessing.noun)))
        print("\n".join(_end(files, shown, found, run)))


def _kinds(text: str) -> tuple[Kind, ...]:
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in KINDS:
            raise UnknownName("kind", word, KINDS, "Several are apart by commas.")
    return tuple(kind for kind in KINDS if kind in words)


def _checker(out: Path | None, rest: Path | None) -> Callable[[Any], None]:
    """What looks at the data before any training: is there something for the files that are asked for?"""

    def check_data(whole: Any) -> None:
        from ..training.suspects.search import is_of_pictures

        dataset = whole.dataset
        if out is not None and not is_of_pictures(dataset):
            raise UsageError(
                f"--out {out}: {dataset.name} has {dataset.preprocessing.noun}s, and a sheet is "
                "made of pictures; --csv writes a table."
            )
        if rest is not None and not Path(whole.place(0)[2]).is_file():
            raise UsageError(
                f"--rest {rest} lists files, and the {dataset.preprocessing.noun}s of {dataset.name} are not "
                "files of their own; --csv writes the positions of those shown."
            )

    return check_data


# ---- what is printed ---------------------------------------------------------------------------------------


def _lines(suspects: Suspects, shown: dict[Kind, tuple[Suspect, ...]], noun: str) -> list[str]:
    method = suspects.method
    lines = [f"{suspects.data}: {suspects.count:,} {noun}s"]
    if "folds" in method:
        agreement = percent(method["agreement"], 1)
        lines[0] += f", judged by {method['folds']} networks ({method['net']}) that had not"
        lines.append(f"seen them; {agreement} of the labels are as the networks say")
    for kind, chosen in shown.items():
        count = method["found"][kind]
        heading = HEADINGS[kind].replace("picture", noun).replace("Picture", noun.capitalize())
        lines += ["", f"{heading}: {_count(count, len(chosen))}"]
        if kind == "label":
            lines.append(f"(about {method['expected_wrong_labels']:,} are, by confident learning)")
        lines += _table(kind, chosen)
    return lines


def _count(count: int, shown: int) -> str:
    if not count:
        return "none"
    return f"{count:,}" + (f"; the first {shown}" if shown < count else "")


def _table(kind: Kind, chosen: Sequence[Suspect]) -> list[str]:
    """A line for each suspect, with names as long as there is room for."""
    if not chosen:
        return []
    for letters in range(LONGEST_NAME, SHORTEST_NAME - 1, -1):
        rows = [_heading(kind), *(_row(rank, one, letters) for rank, one in enumerate(chosen, start=1))]
        lines = columns(rows, right=[0, len(rows[0]) - 1])
        if max(map(len, lines)) <= WIDTH:
            break
    return lines


def _heading(kind: Kind) -> tuple[str, ...]:
    middle = {"label": ("suggested",), "duplicate": ("nearly", "part", "label"), "outlier": ()}[kind]
    return ("rank", "picture", "part", "label", *middle, "score")


def _row(rank: int, suspect: Suspect, letters: int) -> tuple[str, ...]:
    middle: tuple[str, ...] = ()
    if suspect.suggested is not None:
        middle = (shortened(suspect.suggested, LABEL),)
    if suspect.twin is not None:
        middle = _cells(suspect.twin, letters)
    return (str(rank), *_cells(suspect.place, letters), *middle, f"{suspect.score:.3f}")


def _cells(place: Place, letters: int) -> tuple[str, str, str]:
    name = "/".join(Path(place.name).parts[-2:])
    part = "valid." if place.part == "validation" else place.part
    return shortened(name, letters), part, shortened(place.label, min(LABEL, letters))


def _end(
    files: dict[str, Path | None], shown: dict[Kind, tuple[Suspect, ...]], found: Found, run: Path | None
) -> list[str]:
    lines = [""]
    names = {"sheet": "Sheet", "csv": "Table", "rest": "Rest"}
    lines += [f"{names[name]:7} {printable(str(path))}" for name, path in files.items() if path is not None]
    if run is not None:
        from ..look.suspicion.suspect import FILE_NAME

        lines.append(f"Kept    {run / FILE_NAME}")
    lines.append("Nothing was deleted or changed. A suspect may be right, and only rare: look.")
    if files["rest"] is not None:
        lines.append(f"Next    convscope train {shlex.quote(str(files['rest']))}")
    elif any(shown.values()) and Path(found.whole.place(0)[2]).is_file():
        lines.append("To train without those shown: --rest rest.csv, then convscope train rest.csv")
    return lines


# ---- what is written ---------------------------------------------------------------------------------------


def _write(
    found: Found,
    shown: dict[Kind, tuple[Suspect, ...]],
    out: Path | None,
    table: Path | None,
    rest: Path | None,
) -> None:
    from ..atomic import write_bytes, write_text

    if out is not None:
        write_bytes(out, encoded(_sheet(found, shown), out))
    if table is not None:
        write_text(table, _csv(shown))
    if rest is not None:
        write_text(rest, _rest(found, shown))


def _sheet(found: Found, shown: dict[Kind, tuple[Suspect, ...]]) -> Any:
    from ..drawing.contact_sheet import Tile, contact_sheet, stacked

    def tile(place: Place, caption: str) -> Tile:
        return Tile(found.image(place), caption)

    sheets = []
    for kind, chosen in shown.items():
        tiles: list[list[Tile]] = []
        for one in chosen:
            label = shortened(one.place.label, LABEL)
            if one.twin is not None:
                twin = shortened(one.twin.label, LABEL)
                pair = ((one.place, label), (one.twin, twin))
                tiles.append([tile(place, f"{name}, {place.part}") for place, name in pair])
            elif one.suggested is not None:
                tiles.append([tile(one.place, f"{label} → {shortened(one.suggested, LABEL)}")])
            else:
                tiles.append([tile(one.place, label)])
        if not tiles:
            continue
        together = len(tiles[0])  # a pair stays together
        each = A_ROW // together
        rows = [
            (
                f"{start + 1}–{min(start + each, len(tiles))}",
                [one for group in tiles[start : start + each] for one in group],
            )
            for start in range(0, len(tiles), each)
        ]
        title = [f"{found.dataset.name}: {HEADINGS[kind][0].lower()}{HEADINGS[kind][1:]}"]
        if kind == "label":
            title.append("label → what is more probable")
        sheets.append(contact_sheet(title, rows, [""] * (together if together > 1 else A_ROW)))
    return stacked([sheet.image for sheet in sheets])


def _csv(shown: dict[Kind, tuple[Suspect, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = "kind,rank,picture,part,position,label,suggested,twin,twin_part,twin_position,twin_label,score"
    writer.writerow(names.split(","))
    for kind, chosen in shown.items():
        for rank, one in enumerate(chosen, start=1):
            place, twin = one.place, one.twin
            of_twin = ("",) * 4 if twin is None else (twin.name, twin.part, twin.position, twin.label)
            here = (place.name, place.part, place.position, place.label, one.suggested or "")
            writer.writerow((kind, rank, *here, *of_twin, f"{one.score:.6f}"))
    return text.getvalue()


def _rest(found: Found, shown: dict[Kind, tuple[Suspect, ...]]) -> str:
    whole, left_out = found.whole, {one.place.name for chosen in shown.values() for one in chosen}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "label", "split"))
    for position in range(len(whole)):
        part, _, name = whole.place(position)
        if name not in left_out:
            label = found.dataset.classes[int(whole.labels[position])]
            writer.writerow((Path(name).resolve(), label, part))
    return text.getvalue()
