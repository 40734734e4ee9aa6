"""Whether a run is finished, at work or interrupted."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from ..errors import ConvscopeError

try:
    import fcntl
except ImportError:  # Windows: who is at work is not known there
    fcntl = None  # type: ignore[assignment]

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
    lock = _lock(folder)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def is_at_work(folder: Path) -> bool:
    """Whether a process is at work in `folder`."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(descriptor)
    return False


def _lock(folder: Path) -> int | None:
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(50):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:  # someone may just be looking, in `is_at_work`
            time.sleep(0.01)
        except OSError:
            break
    else:
        os.close(descriptor)
        raise ConvscopeError(f"{folder} is at work in another process.")
    os.close(descriptor)
    return None
