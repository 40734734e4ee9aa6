"""`convscope predict`"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..bundle import FILE_NAME, LATEST, RUNS
from ..columns import columns
from ..errors import ConvscopeError, UsageError
from ..prediction import inputs_in, predictions
from .app import command
from .complaint import complain
from .options import Invert, Json, Model
from .output import percent, print_json
from .run_name import named_run
from .seen import check_seen, draw_seen, warned

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
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    invert: Invert = False,
    seen: Annotated[
        Path | None,
        typer.Option(
            help="Draw each picture beside what the network saw of it, into this PNG.", metavar="FILE.png"
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Classify pictures with a trained network; exits with 1 where one cannot be read."""
    bundle = _open(model, pictures)
    if invert:
        bundle = bundle.inverted()
    given = list(inputs_in(pictures, bundle.preprocessing))
    if seen is not None:
        read = [("the model", model), *(("the picture", path) for path in (*pictures, *given))]
        check_seen(bundle, seen, read)
    found = list(predictions(bundle, given, top=top))
    sound = [one for one, prediction in zip(given, found, strict=True) if prediction.error is None]
    drawn = draw_seen(bundle, sound, seen) if seen is not None and sound else ""
    failed = [prediction for prediction in found if prediction.error is not None]
    if json:
        print_json([prediction.to_dict() for prediction in found])
    elif len(failed) < len(found):
        rows = [(bundle.preprocessing.noun, "class", "probability", "then")]
        for p in found:
            if p.error is None:
                then = ", ".join(f"{label} {percent(share, 1)}" for label, share in p.top[1:])
                rows.append((str(p.path), p.label, percent(p.probability, 1), then))
        print("\n".join(columns(rows, right=[2])))
        if seen is not None:
            print(f"Seen    {seen}{f' ({drawn})' if drawn else ''}")
    if json and drawn:
        complain(f"note: {seen} shows {drawn}.")
    for sentence in warned(found, inverted=invert):
        complain(f"warning: {sentence}")
    for prediction in failed:
        complain(f"error: {prediction.error}")
    if failed:
        raise typer.Exit(1)


def _open(model: Path, pictures: list[Path]) -> Bundle:
    """The bundle; raises `UsageError` where a picture stands in its place."""
    from ..bundle import Bundle

    try:
        return Bundle.load(model)
    except ConvscopeError:
        models = [path for path in map(named_run, pictures) if (path / FILE_NAME).is_file()]
        if not models and not _is_picture(model):
            raise
    first = models[0] if models else Path(RUNS, LATEST)
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
