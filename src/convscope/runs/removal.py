"""Runs removed from the disk: what is one, what it takes, and the removal itself."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..bundle import FILE_NAME
from ..errors import ConvscopeError
from .latest import target_of
from .seed_runs import SEEDS_FILE, first_unfinished
from .state import CHECKPOINTS, RESULT, WATCH, is_at_work

MARKS = (FILE_NAME, RESULT, "metrics.jsonl", "initial.safetensors", CHECKPOINTS)
FOLDERS = re.compile(
    rf"figures|{CHECKPOINTS}|{WATCH}|seed-\d+|\..*"
)  # of a run; dots are of files being written
FILES = re.compile(
    r"(bundle|initial)\.safetensors|recipe\.toml|metrics\.jsonl|predictions\.csv|report\.html|"
    r"(result|seeds)\.json|\..*"
)
GOING = ".convscope-removing-"


@dataclass(frozen=True)
class Removable:
    """A run directory or the folder of a series, found fit to be removed."""

    path: Path
    runs: int | None  # of a series
    size: int  # bytes


def removable(path: Path) -> Removable:
    """What goes with `path`; raises `ConvscopeError` for what is no run, and for what has to stay."""
    why = _why_not(path)
    if why:
        raise ConvscopeError(f"{path} {why}")
    seeds = [file.parent for file in path.glob("seed-*/recipe.toml")]
    if any(map(is_at_work, (path, *seeds))):
        raise ConvscopeError(f"{path} is at work; stop its training first.")
    sizes = (Path(at, name).lstat().st_size for at, _, files in os.walk(path) for name in files)
    return Removable(path, len(seeds) if _is_series(path) else None, sum(sizes))


def remove(run: Removable) -> None:
    """Remove a run from the disk; from its first moment on it is no longer listed.

    Raises `ConvscopeError` where not all of it can be removed. What an earlier removal had to leave goes too.
    """
    going = run.path.with_name(f"{GOING}{os.getpid()}-{run.path.name}")
    try:
        run.path.rename(going)
    except OSError as error:
        raise ConvscopeError(f"{run.path} cannot be removed: {error.strerror}.") from error
    for left in run.path.parent.glob(f"{GOING}*"):
        try:
            shutil.rmtree(left)
        except FileNotFoundError:  # another removal was faster
            pass
        except OSError as error:
            if left == going:
                raise ConvscopeError(
                    f"{run.path} is not removed whole, {left} has the rest: "
                    f"{error.filename}: {error.strerror}."
                ) from error


def _why_not(path: Path) -> str | None:
    if path.is_symlink() or target_of(path) is not None:
        return "is a link; name the run itself."
    if not path.exists():
        return "is not there; `convscope runs` lists the runs."
    if _is_series(path.parent) and (path / "recipe.toml").is_file():
        return f"is one run of a series; `convscope runs rm {path.parent}` removes the series."
    inside = {entry.name: entry for entry in path.iterdir()} if path.is_dir() else {}
    if not _is_series(path) and not ("recipe.toml" in inside and (len(inside) == 1 or {*MARKS} & {*inside})):
        runs = next(path.glob("*/recipe.toml"), None) if path.is_dir() else None
        return "is a folder of runs; name those to remove." if runs else "is not the folder of a run."
    own = [name for name, entry in inside.items() if entry.is_dir() and not FOLDERS.fullmatch(name)]
    strange = [name for name, entry in inside.items() if not entry.is_dir() and not FILES.fullmatch(name)]
    if strange:
        return f"has a file that no run has, {min(strange)}; move it away first."
    if own or ".git" in inside:
        return f"has a folder that no run has, {min(own, default='.git')}; move it away first."
    if Path.cwd().is_relative_to(path.resolve()):
        return "is the folder you are in."
    return None


def _is_series(path: Path) -> bool:
    return (path / SEEDS_FILE).is_file() or first_unfinished(path) is not None
