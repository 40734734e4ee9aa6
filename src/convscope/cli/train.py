"""`convscope train`"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .app import command
from .options import Json, Quiet
from .output import print_json
from .recipe_file import naming_the_recipe
from .run_name import named_run
from .settings import with_settings

if TYPE_CHECKING:
    from ..metrics import Evaluation
    from ..runs.run import Run
    from ..runs.seed_runs import SeedRuns

DATA_HELP = (
    "digits, mnist, fashion-mnist, kmnist, emnist-letters, cifar10, cifar100; or a folder, zip or tar with "
    "a folder of pictures per class; a .csv or .parquet list of path,label; an .npz or .npy of pictures, "
    "an .npz of signals."
)


@command("train")
@with_settings()
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
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this interrupted run, or series of seeds.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Train under so many seeds, from --seed on, and print the spread.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    **settings: Any,
) -> None:
    """Train a network and keep everything about it in a run directory; with --seeds, one run per seed."""
    from ..recipe import Recipe, as_flag
    from ..runs.directory import RunDirectory
    from ..runs.seed_runs import check_seeds, first_run
    from . import outcome
    from .progress import listening

    if seeds is not None:
        check_seeds(seeds)
    from_file = Recipe.read(recipe) if recipe else {}
    of_file = {name: value for name, value in from_file.items() if name not in settings}
    result = sys.stdout
    trained: Run | SeedRuns
    with (
        naming_the_recipe(recipe, of_file),
        contextlib.redirect_stdout(sys.stderr),  # a network's own prints are no result
        listening(quiet) as progress,
    ):
        if settings.get("pretrained"):
            settings["pretrained"] = str(named_run(Path(settings["pretrained"])))
        chosen = Recipe.checked({**from_file, **settings}, as_flag)
        given: dict[str, Any] = {"out": out, "progress": progress, "recipe": chosen}
        if resume is not None:
            resume = RunDirectory.opened(named_run(resume)).path
            given |= {"recipe": recipe, "resume": resume, **settings}
        if seeds is not None or (resume is not None and first_run(resume) is not None):
            from ..training.seeds import train_seeds

            trained = train_seeds(data, seeds=seeds, **given)
        else:
            from ..training.pipeline import train as run_training

            def announce(evaluation: Evaluation) -> None:
                if not json:
                    with contextlib.suppress(BrokenPipeError):  # whoever read along has left
                        print(outcome.learned(evaluation, quiet=quiet), file=result, flush=True)
                progress.waiting("writing the report")

            trained = run_training(data, evaluated=announce, **given)
    if json:
        print_json(trained.to_dict())
    else:
        print(outcome.kept(trained, quiet=quiet))
