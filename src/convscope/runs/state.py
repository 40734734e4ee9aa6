"""Whether a run is finished, at work or interrupted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from .. import lock
from ..errors import ConvscopeError

RESULT, CHECKPOINTS, WATCH = "result.json", "checkpoint", "watch"

State = Literal["finished", "at work", "interrupted"]


def state_of(run: Path) -> State:
    """The state of a run directory."""
    if is_at_work(run):
        return "at work"
    return "finished" if is_finished(run) else "interrupted"


def is_finished(run: Path) -> bool:
    """Whether nothing is left to do for the run: its results are there, and its checkpoint is gone."""
    return (run / RESULT).is_file() and not (run / CHECKPOINTS).is_dir()


@contextlib.contextmanager
def at_work(folder: Path) -> Iterator[None]:
    """While this is open, a process is at work in `folder`, and everyone can tell, until it ends in any way.

    It is a lock on the folder, which the system takes back from a process that dies. Raises `ConvscopeError`
    where another one is at work there.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with at_work(folder):
    ...     is_at_work(folder)
    True
    >>> is_at_work(folder)
    False
    """
    if os.name != "posix":  # a folder cannot be opened
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if not lock.take(descriptor):
            raise ConvscopeError(f"{folder} is at work in another process.")
        yield
    finally:
        os.close(descriptor)


def is_at_work(folder: Path) -> bool:
    """Whether a process is at work in `folder`."""
    return lock.is_taken(folder)
