"""`convscope train`"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .app import command
from .options import Json, Quiet
from .output import evaluation_sentence, print_json
from .settings import with_settings

if TYPE_CHECKING:
    from ..metrics import Evaluation
    from ..training.progress import Progress
    from ..training.recipe import Recipe

LATEST = Path("runs/latest")
DATA_HELP = (
    "digits, mnist, fashion-mnist, kmnist, emnist-letters, cifar10, cifar100; or a folder, zip or tar with "
    "a folder of pictures per class; a .csv or .parquet list of path,label; an .npz or .npy."
)


@command("train")
@with_settings
def train(
    data: Annotated[
        str | None,
        typer.Argument(help=DATA_HELP, show_default="digits"),
    ] = None,
    *,
    recipe: Annotated[
        Path | None, typer.Option(help="Settings from this TOML file, or mnist-fast; flags win.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run, instead of one in runs/.")] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Train under so many seeds, from --seed on, and print the spread.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    **settings: Any,
) -> None:
    """Train a network and keep everything about it in a run directory; with --seeds, one run per seed."""
    from ..training.recipe import Recipe, as_flag
    from ..training.seed_runs import check_seeds
    from .progress import listener

    if seeds is not None:
        check_seeds(seeds)
    chosen = Recipe.checked({**(Recipe.read(recipe) if recipe else {}), **settings}, as_flag)
    progress = listener(quiet)

    if seeds is not None:
        _train_seeds(data, chosen, seeds, out, progress, json)
        return
    from ..training.pipeline import train as run_training  # after the settings are checked

    result = sys.stdout

    def announce(evaluation: Evaluation) -> None:
        if not json:
            print(evaluation_sentence(evaluation), file=result, flush=True)

    with contextlib.redirect_stdout(sys.stderr):  # a network's own prints are no result
        run = run_training(data, recipe=chosen, out=out, progress=progress, evaluated=announce)
    if json:
        print_json(run.to_dict())
        return
    epochs = f"epoch {run.best_epoch} of {len(run.epochs)}"
    print(f"Weights of {epochs}, trained in {run.seconds:.1f} s by the {run.engine} engine.")
    print(f"Run     {run.path}")
    print(f"Report  {run.path / 'report.html'}")
    model = LATEST if run.path.parent == LATEST.parent else run.path
    print(f"Next    convscope predict {model} picture.png")


def _train_seeds(
    data: str | None, recipe: Recipe, seeds: int, out: Path | None, progress: Progress, json: bool
) -> None:
    from ..training.seeds import train_seeds
    from .series import series_text

    with contextlib.redirect_stdout(sys.stderr):
        series = train_seeds(data, seeds=seeds, recipe=recipe, out=out, progress=progress)
    if json:
        print_json(series.to_dict())
        return
    print(series_text(series))
    last = series.runs[-1]
    model = LATEST if series.path.parent == LATEST.parent else series.path / last.run
    print(f"Runs    {series.path}")
    print(f"Next    convscope predict {model} picture.png  (the run of seed {last.seed})")
