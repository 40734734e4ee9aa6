"""`convscope report`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .app import command
from .options import Json, Quiet
from .output import print_json
from .run_name import named_run

PAGE = "comparison.html"  # of two runs


def _named(name: Path | None) -> Path | None:
    return None if name is None else named_run(name)


@command("report")
def report(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="A run directory, its name in runs/, or latest.", callback=named_run
        ),
    ],
    other: Annotated[
        Path | None,
        typer.Argument(metavar="B", help="A second run, to compare the first with.", callback=_named),
    ] = None,
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help=f"The folder of the report, the run's own by default; of two runs the page, {PAGE} here."
        ),
    ] = None,
    data_dir: Annotated[str | None, typer.Option(help="Where downloaded data sets lie.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a run's report again, with what has been measured since; or a page that compares two runs."""
    if other is None:
        _of_one(run, out, data_dir, json, quiet)
    else:
        _of_two(run, other, out, data_dir, json, quiet)


def _of_one(run: Path, out: Path | None, data_dir: str | None, json: bool, quiet: bool) -> None:
    from ..training.reports.again import report_again
    from .progress import listening

    settings = {} if data_dir is None else {"data_dir": data_dir}
    with listening(quiet) as progress:
        written = report_again(run, out=out, progress=progress, **settings)
    if json:
        print_json({"run": str(run), "report": str(written)})
    else:
        print(f"Report  {written}")


def _of_two(a: Path, b: Path, out: Path | None, data_dir: str | None, json: bool, quiet: bool) -> None:
    from ..runs.verdict import sentences
    from ..training.reports.of_two import report_of_two
    from .progress import listening

    file = Path(PAGE) if out is None else out
    if file.is_dir() or file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(
            f"--out {file} should be the name of a page, such as {PAGE}, where there are two runs."
        )
    with listening(quiet) as progress:
        written = report_of_two(a, b, out=file, data_dir=data_dir, progress=progress)
        for note in written.notes:
            progress.note(f"note: {note}")
    if json:
        said = sentences(written.comparison)
        print_json({"report": str(written.path), **written.comparison.to_dict(), "sentences": said})
    else:
        print(f"Report  {written.path}")
