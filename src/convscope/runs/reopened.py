"""A finished run as it was when it ended, read from its folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from ..bundle import FILE_NAME, Bundle, find
from ..errors import ConvscopeError, DataError
from ..metrics import EpochFigures, Evaluation
from ..recipe import Recipe
from .latest import target_of
from .recorded import read_result
from .run import Run
from .seed_runs import SEEDS_FILE
from .state import RESULT


def open_run(path: Path) -> Run:
    """The run in the folder `path`, or that of its bundle file.

    Raises `ConvscopeError` for what is no run, is not finished, or is damaged.
    """
    folder = path if path.is_dir() else find(path).parent
    folder = target_of(folder) or folder
    if (folder / SEEDS_FILE).is_file():
        raise ConvscopeError(f"{folder} is a series of seeds; give one of the runs in it.")
    if not path.is_dir() and not any((folder / name).is_file() for name in (RESULT, "recipe.toml")):
        raise ConvscopeError(f"{path} is a file with no run in its folder; a report needs the run directory.")
    result, bundle = read_result(folder), Bundle.load(folder / FILE_NAME)
    try:
        return Run(
            path=folder,
            bundle=bundle,
            recipe=Recipe.of(**bundle.info["recipe"]),
            engine=str(result["engine"]),
            parameters=int(result["parameters"]),
            seconds=float(result["seconds"]),
            epochs=read_epochs(folder),
            best_epoch=int(result["best_epoch"]),
            evaluation=Evaluation.from_dict(result["test"]),
            notes=tuple(map(str, result["notes"])),
        )
    except (KeyError, TypeError, ValueError, DataError) as error:
        raise ConvscopeError(f"{folder} does not say all that a run says: {error}.") from error


def read_epochs(folder: Path) -> tuple[EpochFigures, ...]:
    """`metrics.jsonl` of a run, with the learning rates."""
    file = folder / "metrics.jsonl"
    try:
        records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        return tuple(
            replace(EpochFigures.from_dict(record), learning_rate=record.get("learning_rate"))
            for record in records
        )
    except (OSError, ValueError, AttributeError, DataError) as error:
        raise ConvscopeError(f"{file} cannot be read: {error}.") from error
