"""`latest` in a folder of runs: the one to use where none is named."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from .. import atomic
from ..bundle import FILE_NAME, LATEST, named_in


def point_latest_to(run: Path, root: Path) -> None:
    """`latest` becomes a link to the run below `root`; a file with its name where there are no links."""
    temporary, latest, target = root / f".{LATEST}-{os.getpid()}", root / LATEST, run.relative_to(root)
    try:
        temporary.symlink_to(target, target_is_directory=True)
        temporary.replace(latest)
    except OSError:
        temporary.unlink(missing_ok=True)
        atomic.write_text(latest, target.as_posix())


def target_of(latest: Path) -> Path | None:
    """The run that `latest` stands for, whether it is there or not; None where it stands for none."""
    if latest.is_symlink():
        return latest.parent / latest.readlink()
    return named_in(latest)


def last_begun(root: Path) -> Path | None:
    """The run, or the series, below `root` that was begun last, finished or not; None where there is none."""
    begun = {
        file: file.parents[depth]
        for pattern, depth in (("*/recipe.toml", 0), ("*/seed-*/recipe.toml", 1))
        for file in root.glob(pattern)
        if not file.parents[depth].is_symlink() and not file.parents[depth].name.startswith(".")
    }
    return begun[max(begun, key=lambda file: file.stat().st_mtime_ns)] if begun else None


def mend_latest(root: Path, removed: Collection[Path]) -> tuple[bool, Path | None]:
    """A `latest` that stood for a removed run becomes the newest that has a bundle, or goes if none has.

    Returns whether it had to be mended, and the run that it stands for now. What else is called `latest`
    is left alone.
    """
    latest = root / LATEST
    before = target_of(latest)
    gone = [run.resolve() for run in removed]
    if before is None or not any(before.resolve().is_relative_to(run) for run in gone):
        return False, before
    bundles = [file for depth in ("*", "*/seed-*") for file in root.glob(f"{depth}/{FILE_NAME}")]
    runs = [file.parent for file in bundles if not file.relative_to(root).parts[0].startswith(".")]
    if not runs:
        latest.unlink()
        return True, None
    newest = max(runs, key=lambda run: (run / FILE_NAME).stat().st_mtime)
    point_latest_to(newest, root)
    return True, newest
