"""Files that are whole or not there: written beside their name, synced, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .errors import ConvscopeError

ADVICE = {
    errno.ENOENT: "choose a folder that exists",
    errno.ENOSPC: "free some space or choose another place",
    errno.EDQUOT: "free some space or choose another place",
}


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content`; a reader or a crash sees the old file or the new one.

    Raises `ConvscopeError` with the path when it cannot be written (no space, no permission);
    the old file is then untouched and nothing is left beside it.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_bytes(file, b"whole")
    >>> file.read_bytes()
    b'whole'
    """
    with writing(path) as file:
        file.write(content)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which becomes `path` at the end: for what is more than memory should hold.

    Until then it has a name that nobody can have taken or guessed. Raises what `write_bytes` does, for any
    `OSError` inside, so that only writing belongs there; other errors leave the old file as well.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with writing(path) as file:
    ...     _ = file.write(b"whole")
    ...     path.exists()
    False
    >>> path.read_bytes()
    b'whole'
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        except BaseException:  # Ctrl-C too
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> ConvscopeError:
    """The sentence that says so, why, and what to do."""
    advice = ADVICE.get(error.errno or 0, "choose another place")
    return ConvscopeError(f"cannot write {path}: {error.strerror or error}; {advice}.")


def write_text(path: Path, content: str) -> None:
    """`write_bytes` for UTF-8 text; what has no UTF-8 (file names may) becomes a backslash escape."""
    write_bytes(path, content.encode("utf-8", "backslashreplace"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
