"""Predictions of a stopped run by what their pictures are known by, where these have changed meanwhile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from .journal import Journal, Line
from .row import Row

HELD = 256  # lines of the journal that are in memory, because pictures mostly come in their order


class Spares:
    """What a journal has beside the predictions that count; 17 bytes of memory for each.

    What could not be read is none of them: that is tried again.
    """

    def __init__(self, journal: Journal) -> None:
        lines: Sequence[Line] = tuple(journal.spare)
        self._rows_of = lru_cache(HELD)(lambda number: journal.rows_of(lines[number]))
        digests: list[np.ndarray] = [np.zeros(0, np.uint64)]
        places: list[np.ndarray] = [np.zeros((0, 2), np.int32)]
        for number, line in enumerate(lines):
            rows = journal.rows_of(line)
            sound = [k for k, row in enumerate(rows) if row.key is not None and row.prediction.error is None]
            digests.append(np.array([_digest(rows[k].key or "") for k in sound], np.uint64))
            places.append(np.array([(number, k) for k in sound], np.int32).reshape(-1, 2))
        self._digests, firsts = np.unique(np.concatenate(digests), return_index=True)
        self._places = np.concatenate(places)[firsts]
        counting = (_digest(row.key) for row in journal.rows() if lines and row.key is not None)
        self._taken = np.isin(self._digests, np.fromiter(counting, np.uint64))

    @property
    def left(self) -> int:
        """How many nobody has asked for; those that count as well are none of them."""
        return len(self._taken) - int(self._taken.sum())

    def keys_left(self) -> Iterator[str]:
        """What these are known by."""
        places = self._places[~self._taken]
        for number, place in places[np.lexsort((places[:, 1], places[:, 0]))]:
            yield self._rows_of(int(number))[place].key or ""

    def row(self, key: str | None) -> Row | None:
        """The prediction of what is known by `key`, if there is one."""
        if key is None:
            return None
        digest = np.uint64(_digest(key))
        at = int(np.searchsorted(self._digests, digest))
        if at == len(self._digests) or self._digests[at] != digest:
            return None
        number, place = self._places[at]
        row: Row = self._rows_of(int(number))[place]
        if row.key != key:
            return None
        self._taken[at] = True
        return row


def _digest(key: str) -> int:
    """Of 63 bits: should two keys share it, the one is kept, and the other predicted again."""
    content = key.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest()) >> 1
