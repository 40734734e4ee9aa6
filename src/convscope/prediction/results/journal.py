"""What is predicted so far, kept beside the file that will hold it, so that a stopped run can go on.

The journal of `out.csv` is `out.csv.part`, in JSON lines: a head that says of what it is, then a line for
each chunk of predictions with the place of its first. A line counts in place of all before it that begin
there or later; what is in those is spare. So whatever happens, the file is only ever added to, and a line
that is torn is the last. Where a line before is damaged, what is whole behind it is spare.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ... import atomic, lock
from ...errors import ConvscopeError
from .row import Row

MAGIC, VERSION = b'{"convscope": "predictions", ', 1
ENDING = ".part"
PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)  # bytes, and of no file that a link names


@dataclass(frozen=True, slots=True)
class Line:
    """Where a chunk is in the journal, and which predictions it has."""

    at: int
    count: int
    offset: int
    length: int


class Journal:
    """The chunks that count, in order, and the spare ones."""

    def __init__(self, path: Path, descriptor: int, content: BinaryIO) -> None:
        self.path, self._descriptor, self._content = path, descriptor, content
        self._end = 0
        self.damaged = False
        self.lines: list[Line] = []
        self.spare: list[Line] = []

    @property
    def count(self) -> int:
        """Predictions that are in it, without spare ones."""
        return self.lines[-1].at + self.lines[-1].count if self.lines else 0

    @property
    def whole(self) -> int:
        """Predictions that are in it, with spare ones; some may be there twice."""
        return self.count + sum(line.count for line in self.spare)

    def write(self, at: int, rows: Sequence[Row]) -> None:
        """The predictions from the place `at` on; what was there and beyond becomes spare."""
        content = json.dumps({"at": at, "rows": [row.to_json() for row in rows]}).encode() + b"\n"
        self._put(content)
        self._place(Line(at, len(rows), self._end - len(content), len(content)))

    def rows(self) -> Iterator[Row]:
        """Those that count, in order."""
        for line in self.lines:
            yield from self.rows_of(line)

    def rows_of(self, line: Line) -> list[Row]:
        """Those of a line."""
        self._content.seek(line.offset)
        return _rows(json.loads(self._content.read(line.length)))

    def begin(self, head: dict[str, Any]) -> None:
        """Write the head of an empty journal."""
        os.ftruncate(self._descriptor, 0)
        self._put(_first_line(head))

    def read(self) -> dict[str, Any] | None:
        """Its head, and all that is whole behind it; None where there is nothing to go on with.

        Raises `ConvscopeError` for a file that is no journal.
        """
        first = self._content.readline()
        if not first.endswith(b"\n") and (MAGIC.startswith(first) or first.startswith(MAGIC)):
            return None  # empty, or torn in its first line
        try:
            head: dict[str, Any] = json.loads(first)
            if not first.startswith(MAGIC) or head["version"] != VERSION:
                raise ValueError
        except (ValueError, LookupError) as error:
            raise ConvscopeError(
                f"{self.path} is no journal of this convscope's predictions; move it to another place."
            ) from error
        offset = self._end = len(first)
        for content in self._content:
            line = _whole(content, offset)
            offset += len(content)
            if line is not None:
                self._end = offset
                self._place(line)
            else:
                self.damaged |= content.endswith(b"\n")
        return head

    def cut(self) -> None:
        """Remove what is torn at its end."""
        os.ftruncate(self._descriptor, self._end)

    def _place(self, line: Line) -> None:
        if line.at > self.count:  # what lay between is damaged
            self.spare.append(line)
            return
        while self.lines and self.lines[-1].at >= line.at:
            self.spare.append(self.lines.pop())
        if line.count:
            self.lines.append(line)

    def _put(self, content: bytes) -> None:
        left = memoryview(content)
        try:
            os.lseek(self._descriptor, self._end, os.SEEK_SET)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            raise atomic.cannot_write(self.path, error) from error
        self._end += len(content)


@contextlib.contextmanager
def journal_of(out: Path, head: dict[str, Any], *, resume: bool) -> Iterator[Journal]:
    """The journal of `out`, new or to go on with; it goes at the end, and stays where there is an error.

    `head` says what the predictions depend on. Raises `ConvscopeError` where one is there that is of
    something else, or that nobody asked to `resume`, and where another process is at work on `out`.
    """
    path = out.with_name(out.name + ENDING)
    with contextlib.ExitStack() as behind, _locked(path, out) as descriptor, path.open("rb") as content:
        journal = Journal(path, descriptor, content)
        kept = journal.read()
        if kept is None:
            journal.begin(head)
        elif not resume:
            raise ConvscopeError(
                f"{path} has {journal.whole:,} predictions of a run that was stopped: "
                "--resume goes on with it; remove it to begin anew."
            )
        elif other := [_said(name, kept.get(name)) for name in head if kept.get(name) != head[name]]:
            raise ConvscopeError(
                f"{path} is of a run with {', '.join(other)}: "
                "give the same to go on, or remove it to begin anew."
            )
        else:
            journal.cut()
        try:
            yield journal
        except BaseException as error:
            if journal.count or journal.spare:
                what = "What was predicted is" if journal.spare else f"{journal.count:,} predictions are"
                error.add_note(f"{what} kept in {path}; the same again with --resume goes on from there.")
            else:
                _remove(path, behind)
            raise
        _remove(path, behind)


def _remove(path: Path, behind: contextlib.ExitStack) -> None:
    """At once, while it is locked, so that nobody gets the lock of a journal that is about to go.

    Where what is open cannot be removed, on Windows, it goes when it is closed, `behind` the lock; there is
    no lock there that could pass to another process meanwhile.
    """
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        behind.callback(_remove_closed, path)


def _remove_closed(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConvscopeError(
            f"{path} is no longer needed, and cannot be removed ({error.strerror or error}); remove it."
        ) from error


@contextlib.contextmanager
def _locked(path: Path, out: Path) -> Iterator[int]:
    """The file at `path`, made where there is none, which no other process has open here."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | PLAIN, 0o666)
        except OSError as error:
            raise atomic.cannot_write(path, error) from error
        try:
            if not lock.take(descriptor):
                raise ConvscopeError(f"{out} is being written by another process.")
            if path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor)):
                yield descriptor
                return
        finally:
            os.close(descriptor)
        # the process that had it has finished, and removed it, meanwhile


def _first_line(head: dict[str, Any]) -> bytes:
    return MAGIC + json.dumps({"version": VERSION, **head}).encode()[1:] + b"\n"


def _whole(content: bytes, offset: int) -> Line | None:
    """A line as it was written; None where it is torn or damaged."""
    try:
        document = json.loads(content)
        at, count = int(document["at"]), len(_rows(document))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return Line(at, count, offset, len(content)) if content.endswith(b"\n") and at >= 0 else None


def _rows(document: dict[str, Any]) -> list[Row]:
    return [Row.of_json(kept) for kept in document["rows"]]


def _said(name: str, value: Any) -> str:
    """A setting as the command line has it.

    >>> _said("top", 5), _said("invert", False), _said("unsure", None), _said("model", "0d3f")
    ('--top 5', 'no --invert', 'no --unsure', 'another model')
    """
    if name == "model":
        return "another model"
    if value is None or value is False:
        return f"no --{name}"
    return f"--{name}" if value is True else f"--{name} {value:g}"
