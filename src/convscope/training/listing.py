"""The runs and series in a folder, each as the record that `convscope runs --json` prints."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .recipe import Recipe
from .seed_runs import SEEDS_FILE, SeedRuns, first_unfinished


def runs_in(folder: Path) -> list[dict[str, Any]]:
    """What is known of each, the last made first; the runs of a series are in the record of the series.

    Without an `accuracy` it is at work, or was interrupted. Of a series, `accuracy` is the mean over its
    `seeds` finished runs, `std` their sample deviation, `wanted` how many were asked for (None where none
    is finished).
    """
    made = {
        file.parents[depth]: file.stat().st_mtime
        for name, depth in (("seed-*/recipe.toml", 1), ("recipe.toml", 0), (SEEDS_FILE, 0))
        for file in folder.glob(f"*/{name}")
    }
    newest = sorted((path for path in made if not path.is_symlink()), key=made.__getitem__, reverse=True)
    return [_record(path) for path in newest]


def _record(path: Path) -> dict[str, Any]:
    if (path / SEEDS_FILE).is_file():
        series = SeedRuns.load(path)
        recipe, spread = series.conditions.recipe, series.spread("accuracy")
        return {
            **_made(path, recipe, recipe["epochs"]),
            "accuracy": spread.mean if spread else series.runs[0].accuracy,
            "split": series.conditions.split,
            "std": spread.std if spread else None,
            "seeds": len(series.runs),
            "wanted": series.wanted,
        }
    if (first := first_unfinished(path)) is not None:
        made = Recipe.read(first / "recipe.toml")
        return {**_made(path, made, made["epochs"]), "seeds": 0}
    lines = path / "metrics.jsonl"
    epochs = len(lines.read_text("utf-8").splitlines()) if lines.is_file() else 0
    record = _made(path, Recipe.read(path / "recipe.toml"), epochs)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        test = json.loads((path / "result.json").read_text("utf-8"))["test"]
        record |= {"accuracy": test["accuracy"], "split": test["split"]}
    return record


def _made(path: Path, recipe: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    known = {"run": str(path), "net": recipe["net"], "data": recipe["data"], "epochs": epochs}
    return {**known, **dict.fromkeys(("accuracy", "split", "std", "seeds", "wanted"))}
