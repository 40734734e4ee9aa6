"""`convscope runs`: the list of runs, and the group of what else is done with them."""

from __future__ import annotations

import json as json_format
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from ..columns import columns
from ..errors import ConvscopeError
from .app import Group, app, command
from .options import Json
from .output import percent, print_json


class RunsGroup(Group):
    """A first word that is no command belongs to `list`, but for one that was meant to be a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        mistyped = get_close_matches(first, self.commands) and not Path(first).exists()
        if first not in (*self.commands, "-h", "--help") and not mistyped:
            args = ["list", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=RunsGroup,
    help="List the training runs, or compare two of them.",
    epilog="convscope runs [FOLDER] [--json] lists without saying so.",
)
app.add_typer(group, name="runs")


@command("list", of=group)
def runs(
    folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path("runs"),
    json: Json = False,
) -> None:
    """List the training runs, the newest first; runs that differ in their seed alone are one line."""
    from ..training.seed_runs import SEEDS_FILE

    if not folder.is_dir():
        raise ConvscopeError(
            f"there is no folder {folder}; `convscope train` makes runs/ where it is started."
        )
    files = [*folder.glob("*/recipe.toml"), *folder.glob(f"*/{SEEDS_FILE}")]
    newest = sorted(
        (file for file in files if not file.parent.is_symlink()),
        key=lambda file: file.stat().st_mtime,
        reverse=True,
    )
    found = [
        _describe_seeds(file.parent) if file.name == SEEDS_FILE else _describe(file.parent) for file in newest
    ]
    if json:
        print_json(found)
        return
    rows = [("run", "net", "epochs", "accuracy", "of")]
    rows += [
        (Path(run["run"]).name, run["net"], str(run["epochs"]), _accuracy(run), _of(run)) for run in found
    ]
    print("\n".join(columns(rows, right=[2, 3])) if found else f"There are no runs in {folder}.")


def _describe(path: Path) -> dict[str, Any]:
    """One run; without a result it is at work, or was interrupted."""
    from ..training.recipe import Recipe

    lines = path / "metrics.jsonl"
    epochs = len(lines.read_text("utf-8").splitlines()) if lines.is_file() else 0
    recipe = Recipe.read(path / "recipe.toml")
    entry = {"run": str(path), "net": recipe["net"], "data": recipe["data"], "epochs": epochs}
    try:
        result = json_format.loads((path / "result.json").read_text("utf-8"))
        entry |= {"accuracy": result["test"]["accuracy"], "split": result["test"]["split"]}
    except (OSError, ValueError, KeyError, TypeError):
        entry |= {"accuracy": None, "split": None}
    return {**entry, "std": None, "seeds": None, "wanted": None}


def _describe_seeds(path: Path) -> dict[str, Any]:
    """A series: `accuracy` is the mean over its `seeds` finished runs, `std` their sample deviation."""
    from ..training.seed_runs import SeedRuns

    series = SeedRuns.load(path)
    made, spread = series.conditions, series.spread("accuracy")
    return {
        "run": str(path),
        "net": made.recipe["net"],
        "data": made.recipe["data"],
        "epochs": made.recipe["epochs"],
        "accuracy": spread.mean if spread else series.runs[0].accuracy,
        "split": made.split,
        "std": spread.std if spread else None,
        "seeds": len(series.runs),
        "wanted": series.wanted,
    }


def _accuracy(run: dict[str, Any]) -> str:
    if run["accuracy"] is None:
        return "unfinished"
    return percent(run["accuracy"]) + (f" ± {100 * run['std']:.2f}" if run["std"] is not None else "")


def _of(run: dict[str, Any]) -> str:
    if run["seeds"] is None:
        return run["split"] or ""
    whole = "" if run["seeds"] == run["wanted"] else f" of {run['wanted']}"
    return f"{run['split']}, {run['seeds']}{whole} seeds"
