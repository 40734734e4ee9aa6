"""Pictures that lie inside another file, of an archive or a table."""

from __future__ import annotations

import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable
from threading import Lock

from ..errors import DataError


class StoredFile(ABC):
    """A file within a file; `str` gives its name for people, such as "photos.zip/train/cat/1.jpg"."""

    @abstractmethod
    def __str__(self) -> str: ...

    @abstractmethod
    def read_bytes(self) -> bytes:
        """The content. Raises `DataError` where it is damaged."""


class HeldFile(StoredFile):
    """A file whose content is in memory, because what it lies in is read once, from its beginning."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content = name, content

    def __str__(self) -> str:
        return self.name

    def read_bytes(self) -> bytes:
        return self.content


class Spool:
    """Contents written one behind the other to a temporary file without a name, read back by their place.

    The file lies in the temporary folder (`TMPDIR`) and goes away with the spool, also when the process is
    killed. `whose` is what the contents are taken out of, for messages.

    >>> spool = Spool("photos.tar.gz")
    >>> place = spool.add([b"ab", b"cde"])
    >>> place, spool.read(*place)
    ((0, 5), b'abcde')
    """

    def __init__(self, whose: str) -> None:
        self.whose = whose
        self._file = tempfile.TemporaryFile(prefix="convscope-", buffering=0)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._lock = Lock()

    def add(self, chunks: Iterable[bytes]) -> tuple[int, int]:
        """Append a content, given in pieces; returns its offset and length. `DataError` on a full disk."""
        offset = self._end
        for chunk in chunks:
            left = memoryview(chunk)
            try:
                while left:
                    left = left[self._file.write(left) :]
            except OSError as error:
                raise DataError(
                    f"the pictures of {self.whose} have no room in {tempfile.gettempdir()} "
                    f"({error.strerror or error}); set TMPDIR to a folder on a larger disk."
                ) from error
            self._end += len(chunk)
        return offset, self._end - offset

    def read(self, offset: int, length: int) -> bytes:
        """The content at a place that `add` returned."""
        with self._lock:
            self._file.seek(offset)
            return self._file.read(length)
