"""`convscope data suspects`: the pictures of a data set that a person should look at."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shlex
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ..bundle import FILE_NAME as BUNDLE
from ..columns import columns, printable, shortened
from ..data.opening import DATA_DIR_VARIABLE
from ..errors import UnknownName, UsageError
from ..look.suspicion.suspect import Kind, Place, Suspect
from .app import command
from .conv_files import check, encoded
from .data import group
from .options import Json, Quiet
from .output import WIDTH, percent, print_json
from .run_name import named_run
from .settings import with_settings

if TYPE_CHECKING:
    from ..data import Dataset
    from ..recipe import Recipe
    from ..training.suspects.folds import Whole
    from ..training.suspects.search import Found

KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_DRAWN = 200  # of a kind, on the sheet
A_ROW = 8  # tiles of the sheet
LONGEST_NAME, SHORTEST_NAME, LABEL = 60, 10, 14  # letters
HEADINGS = {
    "label": "Labels that are probably wrong",
    "duplicate": "Nearly the same picture in two parts, or under two labels",
    "outlier": "Pictures that are like no other",
}
DOUBTFUL = "Labels that are possibly wrong"
FEW_NAMED = 3  # classes that are too small


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
    top: Annotated[
        int,
        typer.Option(
            help=f"How many of each kind to show, up to the 1,000 that are kept; {MOST_DRAWN} on the sheet.",
            metavar="<int>",
        ),
    ] = 20,
    out: Annotated[
        Path | None,
        typer.Option(help="The contact sheet to write. (<data>-suspects.png)", metavar="FILE.png"),
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(
            "--csv", help="Write all that are kept, 1,000 of each kind, as a table.", metavar="FILE.csv"
        ),
    ] = None,
    rest: Annotated[
        Path | None,
        typer.Option(
            help="Write a list of all pictures but those shown (see --top), which `convscope train` takes; "
            "those of the test part stay.",
            metavar="FILE.csv",
        ),
    ] = None,
    rest_test: Annotated[
        bool,
        typer.Option(
            "--rest-test", help="--rest leaves out those of the test too; its figures flatter then."
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    **settings: Any,
) -> None:
    """Find wrong labels, copies in two parts, and pictures that are like no other; nothing is deleted."""
    from ..recipe import Recipe, as_flag
    from ..training.suspects import search as searching
    from .progress import listening

    kinds = _kinds(kind)
    if not 1 <= top <= searching.MOST:
        raise UsageError(
            f"--top {top} should be from 1 to {searching.MOST:,}, as many as are kept of a kind."
        )
    if rest_test and rest is None:
        raise UsageError("--rest-test is of the list that --rest writes; give --rest FILE.csv too.")
    if settings.get("pretrained"):
        settings["pretrained"] = str(named_run(Path(settings["pretrained"])))
    for name in ("early_stopping", "keep"):
        if name in settings:
            raise UsageError(
                f"{as_flag(name, settings[name])} chooses by pictures that are held out, and the networks of "
                "the folds have none; leave it out."
            )
    endings: dict[str, tuple[str, ...]] = {"--out": (".png",), "--csv": (".csv",), "--rest": (".csv",)}
    written = {"--out": out, "--csv": table, "--rest": rest}
    check(written, endings, read={"the data": data})
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
        check(written, endings, read={"the data": chosen.data})
        found = searching.search(chosen, progress, check=_checker(written, chosen), **given)
    shown = {one: found.suspects.of(one)[:top] for one in kinds}
    pictures = searching.is_of_pictures(found.dataset)
    if pictures and any(shown.values()):
        out = out or _sheet_of(found.dataset)
    left_out = _left_out(shown, test_too=rest_test)
    _write(found, shown, left_out, out, table, rest)
    files = {"sheet": out, "csv": table, "rest": rest}
    if json:
        paths = {name: None if path is None else str(path) for name, path in files.items()}
        print_json({**found.suspects.to_dict(), **paths})
    else:
        print("\n".join(_lines(found, shown)))
        print("\n".join(_end(files, shown, left_out, found, run)))


def _kinds(text: str) -> tuple[Kind, ...]:
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in KINDS:
            raise UnknownName("kind", word, KINDS, "Several are apart by commas.")
    return tuple(kind for kind in KINDS if kind in words)


def _sheet_of(dataset: Dataset) -> Path:
    """Where the contact sheet is written unless --out says."""
    return Path(f"{dataset.name or 'data'}-suspects.png")


def _checker(written: dict[str, Path | None], recipe: Recipe) -> Callable[[Whole], None]:
    """What looks at the data before any training: may the files be written that are asked for?"""
    out, rest = written["--out"], written["--rest"]

    def check_data(whole: Whole) -> None:
        from ..training.suspects.search import is_of_pictures

        dataset = whole.dataset
        roots = (recipe.data_dir, os.environ.get(DATA_DIR_VARIABLE))
        folders = [Path(recipe.data).expanduser(), *(Path(root) / recipe.data for root in roots if root)]
        names = {os.path.realpath(whole.place(i)[2]) for i in range(len(whole))}
        sheet = {"the sheet": _sheet_of(dataset)} if out is None and is_of_pictures(dataset) else {}
        for option, path in {**written, **sheet}.items():
            if path is None:
                continue
            place = Path(os.path.realpath(path))
            if str(place) in names or any(place == Path(os.path.realpath(one)) for one in folders):
                raise UsageError(f"{option} {path} is a file of the data; give it a name of its own.")
            if any(one.is_dir() and place.is_relative_to(os.path.realpath(one)) for one in folders):
                instead = "--out names" if option in sheet else "give it"
                raise UsageError(f"{option} {path} would lie among the data; {instead} a place outside.")
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


def _lines(found: Found, shown: dict[Kind, tuple[Suspect, ...]]) -> list[str]:
    suspects, noun = found.suspects, found.dataset.preprocessing.noun
    method = suspects.method
    lines = [f"{suspects.data}: {suspects.count:,} {noun}s"]
    if "folds" in method:
        agreement = percent(method["agreement"], 1)
        lines[0] += f", judged by {method['folds']} networks ({method['net']}) that had not"
        lines.append(f"seen them; {agreement} of the labels are as the networks say")
    for kind, chosen in shown.items():
        doubtful = kind == "label" and method["trust"] != "good"
        heading = DOUBTFUL if doubtful else HEADINGS[kind]
        heading = heading.replace("picture", noun).replace("Picture", noun.capitalize())
        too_weak = kind == "label" and method["trust"] == "too weak"
        lines += ["", f"{heading}: {'not judged' if too_weak else _count(method, kind, len(chosen))}"]
        lines += _remarks(kind, method, noun)
        lines += _table(chosen, noun, prefix=_common_part(found))
    return lines


def _count(method: Mapping[str, Any], kind: Kind, shown: int) -> str:
    count = method["found"][kind]
    if not count:
        return "none"
    return f"{count:,}" + (f"; the first {shown:,}" if shown < count else "")


def _remarks(kind: Kind, method: Mapping[str, Any], noun: str) -> list[str]:
    """What to make of the suspects of a kind."""
    from ..look.suspicion.outliers import FEWEST

    sentence = ""
    if kind == "label":
        agreement, largest = percent(method["agreement"], 1), percent(method["largest_class"], 1)
        better = "more --epochs, --pretrained or another --net"
        sentence = {
            "too weak": f"These networks are too weak to judge labels: {agreement} are as they say, and "
            f"to answer the largest class always gives {largest}. What helps: {better}.",
            "doubtful": f"With {agreement} (the largest class: {largest}) the networks err often themselves; "
            f"how many labels are wrong cannot be said. Better ones: {better}.",
            "good": f"(about {method.get('expected_wrong_labels', 0):,} are, by confident learning)",
        }[method["trust"]]
    elif kind == "outlier" and (few := method.get("classes_of_fewer")):
        more = f" and {len(few) - FEW_NAMED:,} more" if len(few) > FEW_NAMED else ""
        named = ", ".join(shortened(name, LABEL) for name in few[:FEW_NAMED]) + more
        classes = f"{len(few):,} class{'es' if len(few) > 1 else ''}"
        sentence = f"({classes} of fewer than {FEWEST} {noun}s not judged: {named})"
    return textwrap.wrap(printable(sentence), WIDTH, break_on_hyphens=False, break_long_words=False)


def _table(chosen: Sequence[Suspect], noun: str, prefix: str) -> list[str]:
    """A line for each suspect, and one for its twin, with names as long as there is room for."""
    if not chosen:
        return []
    for letters in range(LONGEST_NAME, SHORTEST_NAME - 1, -1):
        rows = [_heading(chosen[0], noun)]
        for rank, one in enumerate(chosen, start=1):
            suggested = () if one.suggested is None else (shortened(one.suggested, LABEL),)
            rows.append((str(rank), *_cells(one.place, letters, prefix), *suggested, f"{one.score:.3f}"))
            if one.twin is not None:
                rows.append(("", *_cells(one.twin, letters, prefix), ""))
        lines = columns(rows, right=[0, len(rows[0]) - 1])
        if max(map(len, lines)) <= WIDTH:
            break
    return lines


def _heading(suspect: Suspect, noun: str) -> tuple[str, ...]:
    suggested = () if suspect.suggested is None else ("suggested",)
    return ("rank", noun, "part", "label", *suggested, "score")


def _cells(place: Place, letters: int, prefix: str) -> tuple[str, str, str]:
    """Name, part and label; the folder above a file is told where it is not the label's."""
    folder, name = ("", *Path(place.name.removeprefix(prefix)).parts)[-2:]
    if folder not in ("", "/", place.label):
        name = f"{folder}/{name}"
    part = "valid." if place.part == "validation" else place.part
    return shortened(name, letters), part, shortened(place.label, LABEL)


def _common_part(found: Found) -> str:
    """What all names begin with where they are numbers in one array: its name is not the part they are in."""
    whole = found.whole
    if Path(whole.place(0)[2]).is_file():
        return ""
    first, last = (whole.place(position)[2].rpartition("/")[0] for position in (0, len(whole) - 1))
    return f"{first}/" if first and first == last else ""


def _end(
    files: dict[str, Path | None],
    shown: dict[Kind, tuple[Suspect, ...]],
    left_out: set[tuple[str, int]],
    found: Found,
    run: Path | None,
) -> list[str]:
    lines = [""]
    names = {"sheet": "Sheet", "csv": "Table", "rest": "Rest"}
    lines += [f"{names[name]:7} {printable(str(path))}" for name, path in files.items() if path is not None]
    noun = found.dataset.preprocessing.noun
    if files["sheet"] is not None and max(map(len, shown.values())) > MOST_DRAWN:
        lines.append(f"        the first {MOST_DRAWN} of each kind; --csv has all")
    if files["rest"] is not None:
        test = sum(part == "test" for part, _ in left_out)
        all_of_test = sum(part == "test" for part, _ in _left_out(shown, test_too=True))
        lines.append(
            f"        {len(found.whole) - len(left_out):,} {noun}s, without {len(left_out):,} of those shown"
        )
        if test:
            lines.append(f"        {test:,} of them of the test part: figures on the others flatter")
        elif all_of_test:
            lines.append(
                f"        the {all_of_test:,} of the test part stay, so that its figures do not flatter"
            )
    if run is not None:
        from ..look.suspicion.suspect import FILE_NAME

        lines.append(f"Kept    {run / FILE_NAME}")
    lines.append("Nothing was deleted or changed. A suspect may be right, and only rare: look.")
    if files["rest"] is not None:
        lines.append(f"Next    convscope train {shlex.quote(str(files['rest']))}")
    elif any(shown.values()) and Path(found.whole.place(0)[2]).is_file():
        lines.append("To train without those shown: --rest rest.csv, then convscope train rest.csv")
    return lines


def _left_out(shown: dict[Kind, tuple[Suspect, ...]], *, test_too: bool) -> set[tuple[str, int]]:
    """Part and position of those shown, that --rest leaves out."""
    places = (one.place for chosen in shown.values() for one in chosen)
    return {(place.part, place.position) for place in places if test_too or place.part != "test"}


# ---- what is written ---------------------------------------------------------------------------------------


def _write(
    found: Found,
    shown: dict[Kind, tuple[Suspect, ...]],
    left_out: set[tuple[str, int]],
    out: Path | None,
    table: Path | None,
    rest: Path | None,
) -> None:
    from ..atomic import write_bytes, write_text

    if out is not None:
        write_bytes(out, encoded(_sheet(found, shown), out))
    if table is not None:
        write_text(table, _csv({kind: found.suspects.of(kind) for kind in shown}))
    if rest is not None:
        write_text(rest, _rest(found, left_out))


def _sheet(found: Found, shown: dict[Kind, tuple[Suspect, ...]]) -> Any:
    from ..drawing.contact_sheet import Tile, contact_sheet, stacked

    def tile(place: Place, caption: str) -> Tile:
        return Tile(found.image(place), caption)

    sheets = []
    for kind, chosen in shown.items():
        tiles: list[list[Tile]] = []
        for one in chosen[:MOST_DRAWN]:
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
        doubtful = kind == "label" and found.suspects.method["trust"] != "good"
        heading = DOUBTFUL if doubtful else HEADINGS[kind]
        title = [f"{found.dataset.name}: {heading[0].lower()}{heading[1:]}"]
        if kind == "label":
            title.append("label → what is more probable")
        sheets.append(contact_sheet(title, rows, [""] * (together if together > 1 else A_ROW)))
    return stacked([sheet.image for sheet in sheets])


def _csv(kept: dict[Kind, tuple[Suspect, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = "kind,rank,picture,part,position,label,suggested,twin,twin_part,twin_position,twin_label,score"
    writer.writerow(names.split(","))
    for kind, chosen in kept.items():
        for rank, one in enumerate(chosen, start=1):
            place, twin = one.place, one.twin
            of_twin = ("",) * 4 if twin is None else (twin.name, twin.part, twin.position, twin.label)
            here = (place.name, place.part, place.position, place.label, one.suggested or "")
            writer.writerow((kind, rank, *here, *of_twin, f"{one.score:.6f}"))
    return text.getvalue()


def _rest(found: Found, left_out: set[tuple[str, int]]) -> str:
    whole = found.whole
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "label", "split"))
    for position in range(len(whole)):
        part, within, name = whole.place(position)
        if (part, within) not in left_out:
            label = found.dataset.classes[int(whole.labels[position])]
            writer.writerow((Path(name).resolve(), label, part))
    return text.getvalue()
