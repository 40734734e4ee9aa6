"""A lock on a file or folder: a process is at work there. The system takes it back from one that dies."""

from __future__ import annotations

import os
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: who is at work is not known there
    fcntl = None  # type: ignore[assignment]


def take(descriptor: int) -> bool:
    """Lock what is open, until it is closed; False where another process has locked it.

    Where there are no locks, as on some network drives, nobody has.
    """
    if fcntl is None:
        return True
    for _ in range(50):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:  # someone may just be looking, in `is_taken`
            time.sleep(0.01)
        except OSError:
            return True
    return False


def is_taken(path: Path) -> bool:
    """Whether a process has locked what is there."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY)
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
