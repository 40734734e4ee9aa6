"""`convscope runs`"""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any

import typer

from ..columns import columns
from .app import command
from .options import Json
from .output import percent, print_json


@command("runs")
def runs(
    folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path("runs"),
    json: Json = False,
) -> None:
    """List the training runs, the newest first."""
    from ..errors import ConvscopeError

    if not folder.is_dir():
        raise ConvscopeError(
            f"there is no folder {folder}; `convscope train` makes runs/ where it is started."
        )
    recipes = [path for path in folder.glob("*/recipe.toml") if not path.parent.is_symlink()]
    found = [
        _describe(path.parent) for path in sorted(recipes, key=lambda p: p.stat().st_mtime, reverse=True)
    ]
    if json:
        print_json(found)
        return
    rows = [("run", "net", "epochs", "accuracy", "of")]
    for run in found:
        accuracy = percent(run["accuracy"]) if run["accuracy"] is not None else "unfinished"
        rows.append((Path(run["run"]).name, run["net"], str(run["epochs"]), accuracy, run["split"] or ""))
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
        return {**entry, "accuracy": result["test"]["accuracy"], "split": result["test"]["split"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {**entry, "accuracy": None, "split": None}
