"""`convscope predict`"""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..bundle import FILE_NAME, LATEST, RUNS, STARTER
from ..errors import ConvscopeError, UsageError
from ..prediction import Prediction, inputs_in, predicted
from ..prediction.prediction import check_threshold
from ..prediction.results.csv_file import write_csv
from ..prediction.results.json_file import pieces
from ..prediction.results.tally import Tally
from .app import command
from .complaint import complain
from .options import Invert, Model
from .output import print_json
from .predict_table import tables, terminal_width
from .run_name import named_run
from .seen import Seen, warned

STDOUT = Path("-")
HELD = 256  # sentences on what could not be read

if TYPE_CHECKING:
    from ..bundle import Bundle


@command("predict")
def predict(
    model: Model,
    pictures: Annotated[
        list[Path],
        typer.Argument(
            help="Pictures, or folders, archives, lists or arrays of them; .npy files of signals."
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Write them here: .csv, .json, .jsonl or .parquet; - prints CSV.", metavar="FILE"),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    unsure: Annotated[
        float | None,
        typer.Option(
            help="Mark predictions below this probability, such as 0.8. The run's report shows, under "
            "'How sure, how right', how often the network is right at each.",
            metavar="P",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with an --out that was stopped; what could not be read is tried again."
        ),
    ] = False,
    invert: Invert = False,
    seen: Annotated[
        Path | None,
        typer.Option(
            help="Draw each picture beside what the network saw of it, into this PNG.", metavar="FILE.png"
        ),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document; with --out, how many there are of what.")
    ] = False,
) -> None:
    """Classify pictures with a trained network; exits with 1 where one cannot be read."""
    check_threshold(unsure)
    file = out if out != STDOUT else None
    if resume and file is None:
        raise UsageError("--resume goes on with a file: name the --out that was stopped.")
    if out == STDOUT and json:
        raise UsageError("--out - prints CSV and --json prints JSON; leave one of them out.")
    bundle = _open(model, pictures)
    if file is not None:
        from ..prediction.results.writing import check_out, predict_to
        from .predict_progress import Progress  # imports rich
        from .predict_summary import summary

        check_out(file, model, pictures)
    turned = bundle.inverted() if invert else bundle
    drawing = Seen(turned, seen, model, pictures) if seen is not None else None
    unread: list[str] = []
    if file is not None:
        from .predict_progress import Progress  # imports rich, for which one picture does not wait

        progress = Progress(pictures, bundle.preprocessing, drawing, unread)
        with progress.shown():
            tally = predict_to(
                bundle,
                pictures,
                file,
                top=top,
                unsure=unsure,
                invert=invert,
                resume=resume,
                listener=progress,
            )
        if json:
            print_json({**tally.to_dict(), "resumed": tally.resumed, "out": str(file)})
        else:
            print(summary(tally, file, unsure=unsure, noun=bundle.preprocessing.noun))
    else:
        tally = Tally()
        given = inputs_in(pictures, turned.preprocessing)
        keep = drawing.add if drawing is not None else None
        with contextlib.closing(predicted(turned, given, top=top, keep=keep)) as found:
            told = _told((prediction for _, prediction in found), unsure, tally, unread)
            if out == STDOUT:
                write_csv(told, sys.stdout.buffer, min(top, len(bundle.classes)))
            elif json:
                sys.stdout.writelines(pieces(prediction.to_dict() for prediction in told))
            else:
                marks, width = unsure is not None, terminal_width()
                for rows in tables(told, bundle.preprocessing.noun, marks=marks, width=width):
                    print(rows, flush=True)
    if drawing is not None:
        shows = drawing.draw()
        if json or out == STDOUT:
            complain(f"note: {seen} shows {shows}.") if shows else None
        elif drawing.first:
            print(f"Seen    {seen}{f' ({shows})' if shows else ''}")
    for sentence in warned(tally, bundle.preprocessing.noun, inverted=invert):
        complain(f"warning: {sentence}")
    _complain_of(unread)
    if file is not None and tally.unreadable > len(unread):
        more = tally.unreadable - len(unread)
        complain(f"error: {more:,} more could not be read; {file} says of each why.")
    if tally.unreadable:
        raise typer.Exit(1)


def _told(
    found: Iterable[Prediction],
    unsure: float | None,
    tally: Tally,
    unread: list[str],
) -> Iterator[Prediction]:
    """The predictions, each counted. Why some could not be read is said at the end; of many, meanwhile."""
    for prediction in found:
        prediction = prediction.marked(unsure)
        tally.add(prediction)
        yield prediction
        if prediction.error is not None:
            unread.append(prediction.error)
            if len(unread) >= HELD:
                _complain_of(unread)
                unread.clear()


def _complain_of(unread: list[str]) -> None:
    for sentence in unread:
        complain(f"error: {sentence}")


def _open(model: Path, pictures: list[Path]) -> Bundle:
    """The bundle; raises `UsageError` where a picture stands in its place."""
    from ..bundle import Bundle

    try:
        return Bundle.load(model)
    except ConvscopeError:
        models = [path for path in map(named_run, pictures) if (path / FILE_NAME).is_file()]
        if not models and not _is_picture(model):
            raise
    latest = Path(RUNS, LATEST)
    meant = latest.exists() or latest in map(named_run, pictures)
    first = models[0] if models else latest if meant else Path(STARTER.stem)
    others = [path for path in (model, *pictures) if named_run(path) not in (*models, first)]
    right = shlex.join(map(str, ["convscope", "predict", first, *others]))
    raise UsageError(f"the model comes before the pictures: `{right}`.")


def _is_picture(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path):
            return True
    except (OSError, ValueError):
        return False
