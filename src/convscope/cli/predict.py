"""`convscope predict`"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from ..prediction.prediction import check_threshold
from ..prediction.standard_input import MARK
from .app import command
from .complaint import complain
from .options import Invert, Model, given_path
from .predict_model import opened
from .predict_to_output import STDOUT, complain_of, predict_to_output
from .seen import Seen, warned


@command("predict")
def predict(
    model: Model,
    pictures: Annotated[
        list[Path],
        typer.Argument(
            parser=given_path,
            help="Pictures, or folders, archives, lists or arrays of them; .npy files of signals; quoted "
            "patterns such as '*.jpg'; - for what comes through standard input, or paths there.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=given_path,
            help="Write them here: .csv, .json, .jsonl or .parquet; - prints CSV.",
            metavar="FILE",
        ),
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
            parser=given_path,
            help="Draw each picture beside what the network saw of it, into this PNG.",
            metavar="FILE.png",
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
    bundle = opened(model, pictures)
    if file is not None:
        from ..prediction.results.named import check_named
        from ..prediction.results.writing import check_out

        check_out(file, model, pictures)
        check_named(pictures, bundle.preprocessing)
    turned = bundle.inverted() if invert else bundle
    drawing = Seen(turned, seen, model, pictures) if seen is not None else None
    if Path(MARK) in pictures and sys.stdin is not None and sys.stdin.isatty():
        complain("note: - waits for paths, one a line; Ctrl-D ends them.")
    if file is not None:
        from .predict_to_file import predict_to_file  # imports rich, for which one picture does not wait

        tally, unread = predict_to_file(
            file,
            turned,
            pictures,
            drawing,
            model=bundle.sha256,
            top=top,
            unsure=unsure,
            invert=invert,
            resume=resume,
            json=json,
        )
    else:
        tally, unread = predict_to_output(
            turned, pictures, drawing, top=top, unsure=unsure, json=json, csv=out == STDOUT
        )
    if drawing is not None:
        shows = drawing.draw()
        if json or out == STDOUT:
            complain(f"note: {seen} shows {shows}.") if shows else None
        elif drawing.first:
            print(f"Seen    {seen}{f' ({shows})' if shows else ''}")
    for sentence in warned(tally, bundle.preprocessing.noun, inverted=invert):
        complain(f"warning: {sentence}")
    complain_of(unread)
    if tally.unreadable:
        raise typer.Exit(1)
