"""One process at work in a run directory: a lock that the system drops with the process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import ConvscopeError

try:
    import fcntl
except ImportError:  # Windows: nothing is held there, and nobody is kept out
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file at `path`; raises `ConvscopeError` where another process does."""
    with path.open("w") as file:
        if not _taken(file):
            raise ConvscopeError(f"{path.parent.parent} is at work in another process.")
        yield


def is_held(path: Path) -> bool:
    """Whether a process holds the lock file at `path`; one that is not there is not held."""
    try:
        with path.open() as file:
            return not _taken(file, shared=True)
    except OSError:
        return False


def _taken(file: IO[str], *, shared: bool = False) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
