"""`convscope data suspects`: the pictures of a data set that a person should look at."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from ..bundle import FILE_NAME as BUNDLE
from ..data.opening import DATA_DIR_VARIABLE
from ..errors import UnknownName, UsageError
from ..look.suspicion.suspect import Kind
from .app import command
from .conv_files import check
from .data import group
from .options import Json, Quiet
from .output import print_json
from .run_name import named_run
from .settings import with_settings
from .suspects_files import MOST_DRAWN, left_out_of, write_all
from .suspects_table import end_of, lines_of

if TYPE_CHECKING:
    from ..data import Dataset
    from ..recipe import Recipe
    from ..training.suspects.folds import Whole

KINDS: tuple[Kind, ...] = get_args(Kind)


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
    left_out = left_out_of(shown, test_too=rest_test)
    write_all(found, shown, left_out, out, table, rest)
    files = {"sheet": out, "csv": table, "rest": rest}
    if json:
        paths = {name: None if path is None else str(path) for name, path in files.items()}
        print_json({**found.suspects.to_dict(), **paths})
    else:
        print("\n".join(lines_of(found, shown)))
        print("\n".join(end_of(files, shown, left_out, found, run)))


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
