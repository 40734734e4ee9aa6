"""`convscope train`"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from .app import command
from .options import Json, Quiet
from .output import evaluation_sentence, print_json
from .settings import with_settings

DATA_HELP = "digits, mnist, fashion-mnist, kmnist, cifar10, or a folder with a folder of pictures per class."


@command("train")
@with_settings
def train(
    data: Annotated[
        str | None,
        typer.Argument(help=DATA_HELP, show_default="digits"),
    ] = None,
    *,
    recipe: Annotated[Path | None, typer.Option(help="Settings from this TOML file; flags win.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run, instead of one in runs/.")] = None,
    json: Json = False,
    quiet: Quiet = False,
    **settings: Any,
) -> None:
    """Train a network and keep everything about it in a run directory."""
    from ..training.recipe import Recipe
    from .progress import listener

    chosen = Recipe.of(**{**(Recipe.read(recipe) if recipe else {}), **settings})
    progress = listener(quiet)

    from ..training.pipeline import train as run_training  # imports torch: after the settings are checked

    with contextlib.redirect_stdout(sys.stderr):  # a network's own prints are no result
        run = run_training(data, recipe=chosen, out=out, progress=progress)
    if json:
        print_json(run.to_dict())
        return
    print(evaluation_sentence(run.evaluation))
    epochs = f"epoch {run.best_epoch} of {len(run.epochs)}"
    print(f"Weights of {epochs}, trained in {run.seconds:.1f} s by the {run.engine} engine.")
    print(f"Run   {run.path}  (open report.html there)")
    model = "runs/latest" if run.path.parent == Path("runs") else run.path
    print(f"Next  convscope predict {model} picture.png")
