"""`convscope predict`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..columns import columns
from .app import command
from .complaint import complain
from .options import Json, Model
from .output import percent, print_json


@command("predict")
def predict(
    model: Model,
    pictures: Annotated[
        list[Path], typer.Argument(help="Picture files, or folders, archives, lists or arrays of pictures.")
    ],
    top: Annotated[int, typer.Option(min=1, help="How many classes to name.")] = 3,
    json: Json = False,
) -> None:
    """Classify pictures with a trained network; exits with 1 where one cannot be read."""
    from ..bundle import Bundle

    predictions = Bundle.load(model).predict(pictures, top=top)
    failed = [prediction for prediction in predictions if prediction.error is not None]
    if json:
        print_json([prediction.to_dict() for prediction in predictions])
    elif len(failed) < len(predictions):
        rows = [("picture", "class", "probability", "then")]
        for p in predictions:
            if p.error is None:
                then = ", ".join(f"{label} {percent(share, 1)}" for label, share in p.top[1:])
                rows.append((str(p.path), p.label, percent(p.probability, 1), then))
        print("\n".join(columns(rows, right=[2])))
    for prediction in failed:
        complain(f"error: {prediction.error}")
    if failed:
        raise typer.Exit(1)
