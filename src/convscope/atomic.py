"""Files that are whole or not there: written beside their name, synced, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
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
    with written(path, content):
        pass


@contextlib.contextmanager
def written(path: Path, content: bytes) -> Iterator[Path]:
    """The same in two steps: what is done within sees the content in a file beside `path`, of its ending.

    `path` is replaced when that ends well; when it raises, the old file is untouched and nothing is left.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with written(file, b"whole") as beside:
    ...     print(beside.read_bytes(), beside.suffix, file.exists())
    b'whole' .txt False
    >>> file.read_bytes()
    b'whole'
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    temporary = Path(name)
    try:
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
        except OSError as error:
            raise _unwritable(path, error) from error
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error
    except BaseException:  # Ctrl-C too
        temporary.unlink(missing_ok=True)
        raise


def _unwritable(path: Path, error: OSError) -> ConvscopeError:
    advice = ADVICE.get(error.errno or 0, "choose another place")
    return ConvscopeError(f"cannot write {path}: {error.strerror or error}; {advice}.")


def write_text(path: Path, content: str) -> None:
    """`write_bytes` for UTF-8 text; what has no UTF-8 (file names may) becomes a backslash escape."""
    write_bytes(path, content.encode("utf-8", "backslashreplace"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
