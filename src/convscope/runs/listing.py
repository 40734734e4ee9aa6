"""The runs and series in a folder, each as the record that `convscope runs --json` prints."""

from __future__ import annotations

import contextlib
import json
import statistics
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ConvscopeError
from .seed_runs import SEEDS_FILE, SeedRuns, first_unfinished
from .state import RESULT, State, is_at_work, state_of


def runs_in(folder: Path) -> list[dict[str, Any]]:
    """What is known of each, the last made first; the runs of a series are in the record of the series.

    `state` is "finished", "at work", "interrupted" or "damaged"; of a damaged one `problem` says why, and
    what cannot be read is None. Without an `accuracy` a run is not finished. Of a series, `accuracy` is the
    mean over its `seeds` finished runs, `std` their sample deviation, `wanted` how many were asked for (None
    where none is finished). `epochs` are those that are done of `epochs_wanted`.
    """
    made = {path: _made(path) for path in folder.iterdir() if is_shown(path)}
    newest = sorted((path for path, at in made.items() if at), key=lambda path: made[path], reverse=True)
    return [_record(path, made[path]) for path in newest]


def is_shown(path: Path) -> bool:
    """Whether a name in a folder of runs may be a run: no link, as `latest` is, and not hidden."""
    return not path.name.startswith(".") and path.is_dir() and not path.is_symlink()


def _made(path: Path) -> float:
    """When a run or series was made, or last went on; 0 for what is neither."""
    first = first_unfinished(path)
    for file in (path / SEEDS_FILE, path / "recipe.toml", *([first / "recipe.toml"] if first else [])):
        with contextlib.suppress(OSError):
            return file.stat().st_mtime
    return 0.0


def _record(path: Path, made: float) -> dict[str, Any]:
    record: dict[str, Any] = {
        "run": str(path),
        "made": datetime.fromtimestamp(made).astimezone().isoformat(timespec="seconds"),
        **dict.fromkeys(("state", "net", "data", "epochs", "epochs_wanted", "accuracy", "split")),
        **dict.fromkeys(("std", "seeds", "wanted", "problem")),
    }
    try:
        if (path / SEEDS_FILE).is_file():
            _add_series(record, path)
        elif (first := first_unfinished(path)) is not None:
            _add_recipe(record, first)
            record |= {"epochs": record["epochs_wanted"], "seeds": 0}
            record["state"] = _state_of_series(path, complete=False)
        else:
            _add_run(record, path)
    except ConvscopeError as error:
        record |= {"state": "damaged", "problem": str(error)}
    return record


def _add_run(record: dict[str, Any], path: Path) -> None:
    record |= {"state": state_of(path), "epochs": 0}
    with contextlib.suppress(FileNotFoundError):
        record["epochs"] = (path / "metrics.jsonl").read_bytes().count(b"\n")
    _add_recipe(record, path)
    with _naming(path / RESULT) as file:
        if file.is_file():
            test = json.loads(file.read_text("utf-8"))["test"]
            record |= {"accuracy": float(test["accuracy"]), "split": str(test["split"])}


def _add_recipe(record: dict[str, Any], path: Path) -> None:
    with _naming(path / "recipe.toml") as file:
        recipe = tomllib.loads(file.read_text("utf-8"))
        record |= {"net": str(recipe["net"]), "data": str(recipe["data"])}
        record["epochs_wanted"] = int(recipe["epochs"])


def _add_series(record: dict[str, Any], path: Path) -> None:
    series = SeedRuns.load(path)
    made, accuracies = series.conditions, [run.accuracy for run in series.runs]
    with _naming(path / SEEDS_FILE):
        record |= {
            "state": _state_of_series(path, len(accuracies) == series.wanted),
            **{name: made.recipe[name] for name in ("net", "data", "epochs")},
            "epochs_wanted": made.recipe["epochs"],
            "accuracy": statistics.fmean(accuracies),
            "split": made.split,
            "std": statistics.stdev(accuracies) if len(accuracies) > 1 else None,
            "seeds": len(accuracies),
            "wanted": series.wanted,
        }


def _state_of_series(path: Path, complete: bool) -> State:
    return "at work" if is_at_work(path) else "finished" if complete else "interrupted"


@contextlib.contextmanager
def _naming(file: Path) -> Iterator[Path]:
    """What goes wrong in reading a file becomes an error that names it."""
    try:
        yield file
    except (OSError, ValueError, LookupError, TypeError, AttributeError, statistics.StatisticsError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ConvscopeError(f"{file} cannot be read: {why}.") from error
