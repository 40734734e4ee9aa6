"""A run as people name it: by its path, by its name in `runs/`, or as `latest`."""

from __future__ import annotations

from pathlib import Path

from ..bundle import LATEST, RUNS


def named_run(name: Path) -> Path:
    """The path of the run that `name` means; what means none stays as it is.

    >>> named_run(Path("no/such/run"))
    PosixPath('no/such/run')
    """
    inside = RUNS / name
    is_name = len(name.parts) == 1 and not name.is_absolute()
    return inside if is_name and not _is_there(name) and (_is_there(inside) or name.name == LATEST) else name


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
