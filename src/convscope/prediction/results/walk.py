"""Once through all inputs, from where a stopped run was: what its journal has is taken over."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from ...bundle import Bundle
from ...errors import DataError
from ..inputs import Unreadable
from ..predicting import predicted
from ..reading import BATCH
from .journal import Journal
from .listener import Listener
from .row import Row, key_of
from .spares import Spares

# What goes through the network together is kept together, so that a resumed run makes the same batches, and
# with them the same last bits, as one without a stop.
CHUNK = BATCH


class Walk:
    """Once through all inputs: each has its prediction from the journal, or gets one that goes there.

    Of the inputs only the keys are kept, until their rows are.
    """

    def __init__(
        self, bundle: Bundle, inputs: Iterator[Any], journal: Journal, top: int, listener: Listener
    ) -> None:
        self.bundle, self.inputs, self.journal, self.top = bundle, inputs, journal, top
        self.listener = listener
        self.at = self.resumed = 0
        self.spares: Spares | None = None  # once the inputs are no longer those of the journal

    def all(self) -> Generator[Row, None, None]:
        """The rows of the inputs, in order."""
        yield from self._as_before()
        yield from self._by_key()
        yield from self._new()

    def _as_before(self) -> Iterator[Row]:
        """What the journal has, as long as the inputs are those of the run that was stopped.

        What could not be read is tried again.
        """
        for line in tuple(self.journal.lines):
            before = self.journal.rows_of(line)
            rows = self._filled(lambda at, key, before=before: self._row_before(before, at, key))  # type: ignore[misc]
            if len(rows) < len(before) and self.spares is None:
                self._part_ways(None, before[: len(rows)])
            if rows != before:
                self.journal.write(self.at, rows)
            self.at += len(rows)
            yield from rows
            if rows != before:
                return

    def _row_before(self, before: Sequence[Row], at: int, key: str | None) -> Row | None:
        if self.spares is None:
            if at < len(before) and before[at].key == key:
                return before[at] if before[at].prediction.error is None else None
            self._part_ways(key, before[:at])
        assert self.spares is not None
        return self.spares.row(key)

    def _part_ways(self, key: str | None, alike: Sequence[Row]) -> None:
        """The inputs are others from `key` on, behind those of a chunk that are `alike`."""
        self.listener.note(
            "the pictures are no longer those of the run that was stopped"
            f"{f', the first other one {key}' if key else ''}; "
            "what it predicted is taken over by path."
        )
        self.journal.write(self.at, [])
        self.spares = Spares(self.journal)
        for row in alike:
            self.spares.row(row.key)

    def _by_key(self) -> Iterator[Row]:
        """What is spare in the journal, wherever it is among the inputs, and all others between."""
        if self.journal.count > self.at:
            self.journal.write(self.at, [])
        spares = self.spares or Spares(self.journal)
        while spares.left:
            rows = self._filled(lambda _, key: spares.row(key))
            if not rows:
                self._without(spares)
                return
            self._keep(rows)
            yield from rows

    def _without(self, spares: Spares) -> None:
        """What the run that was stopped predicted, and is not among the inputs, which have ended.

        Raises `DataError` where some of it lies below a path that cannot be read: it may be back later.
        """
        errors = {row.key: row.prediction.error for row in self.journal.rows() if row.prediction.error}
        below: Counter[str] = Counter()
        for key in spares.keys_left() if errors else ():
            below.update(place for place in _above(key) if place in errors)
        if below:
            ((place, count),) = below.most_common(1)
            raise DataError(
                f"{errors[place]} The run that was stopped predicted {count:,} in it; leave out {place} "
                "to finish without them."
            )
        self.listener.note(
            f"{spares.left:,} that the run that was stopped predicted are not among the "
            f"{self.bundle.preprocessing.noun}s that are given now, and are left out."
        )

    def _new(self) -> Iterator[Row]:
        """All others, read ahead without a break."""

        def key(one: Any, error: str | None) -> str | None:
            self.listener.read(one, error)
            return key_of(one)

        with contextlib.closing(predicted(self.bundle, self.inputs, top=self.top, keep=key)) as found:
            while rows := [Row(*kept) for kept in islice(found, CHUNK)]:
                self._keep(rows)
                yield from rows

    def _filled(self, find: Callable[[int, str | None], Row | None]) -> list[Row]:
        """The rows of the next chunk: those that `find` knows by place and key, and the others predicted."""
        keys: list[str | None] = []
        known: list[Row | None] = []

        def others() -> Iterator[Any]:
            for one in islice(self.inputs, CHUNK):
                keys.append(key_of(one))
                known.append(find(len(known), keys[-1]))
                if known[-1] is None:
                    yield one
                else:
                    self.resumed += 1
                    self.listener.read(one, None)

        with contextlib.closing(
            predicted(self.bundle, others(), top=self.top, keep=self.listener.read)
        ) as found:
            made = [prediction for _, prediction in found]
        rest = iter(made)
        return [row or Row(key, next(rest)) for key, row in zip(keys, known, strict=True)]

    def _keep(self, rows: Sequence[Row]) -> None:
        self.journal.write(self.at, rows)
        self.at += len(rows)


def there(inputs: Iterable[Any]) -> Iterator[Any]:
    """The inputs; raises `DataError` where a pattern has no match, or standard input nothing."""
    for one in inputs:
        if isinstance(one, Unreadable) and one.nothing:
            raise DataError(one.error)
        yield one


def _above(path: str) -> Iterator[str]:
    """The folders, or the archive, that a path lies in.

    >>> list(_above("a/b.zip/c.png"))
    ['a', 'a/b.zip']
    """
    for sign in re.finditer(r"[/\\]", path):
        if sign.start():
            yield path[: sign.start()]
