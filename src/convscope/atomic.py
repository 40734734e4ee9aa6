"""Files that are whole or not there: written beside their name, synced, then renamed."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

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
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(path)
        except BaseException:  # Ctrl-C too
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        advice = ADVICE.get(error.errno or 0, "choose another place")
        raise ConvscopeError(f"cannot write {path}: {error.strerror or error}; {advice}.") from error


def write_text(path: Path, content: str) -> None:
    """`write_bytes` for UTF-8 text; what has no UTF-8 (file names may) becomes a backslash escape."""
    write_bytes(path, content.encode("utf-8", "backslashreplace"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
