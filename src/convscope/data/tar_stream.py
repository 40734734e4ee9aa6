"""A stream that a tar is read from: once, from its beginning, in little memory, with its end checked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

PIECE = 1 << 20  # bytes of a content that are read at once
_LONGEST_HEAD = 1 << 24
_FURTHEST = 1 << 62


class TarStream:
    """A stream that is read once, from its beginning, and knows what was read of it last."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._at = 0
        self.last = b""

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int) -> None:
        """Forward; what has no places, as a pipe, is read up to there."""
        if offset > _FURTHEST:
            raise EOFError("a member has no length that can be")
        if self._stream.seekable() and offset > self._at:
            self._at = self._stream.seek(offset)
        while self._at < offset and self.read(min(PIECE, offset - self._at)):
            pass

    def read(self, size: int) -> bytes:
        if size > _LONGEST_HEAD:  # contents are read in smaller pieces
            raise EOFError(f"a head of {size:,} bytes")
        self.last = self._stream.read(size)
        self._at += len(self.last)
        return self.last

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes; fewer where it ends."""
        while size and (piece := self.read(min(PIECE, size))):
            size -= len(piece)
            yield piece

    def check_end(self) -> None:
        """Raises `EOFError` where what was read last is not the end of a tar."""
        if not self.last:
            raise EOFError("it has no end")
        if self.last.strip(b"\0"):  # tarfile takes a damaged head for the end
            raise EOFError("a head in its middle is no head")

    def close(self) -> None:
        pass
