"""The last values that were made, as many as fit, for several threads at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by their keys, up to `most` bytes in all; the one that was not asked for longest goes first.

    >>> kept = Kept[str](most=10)
    >>> kept.get("a", lambda: "made", lambda value: 8), kept.get("a", lambda: "again", lambda value: 8)
    ('made', 'made')
    >>> kept.get("b", lambda: "other", lambda value: 8), kept.held
    ('other', 8)
    """

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0
        self._lock = threading.Lock()
        self._futures: dict[Hashable, Future[T]] = {}  # of what is being made
        self._values: OrderedDict[Hashable, tuple[T, int]] = (
            OrderedDict()
        )  # the last one asked for at the end

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """The value of a key. Threads that ask at once wait for one that makes it; what it raises, all raise.

        `size` gives the bytes that the value holds.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
            future = self._futures.get(key)
            mine = future is None
            if future is None:
                future = self._futures[key] = Future()
        if not mine:
            return future.result()
        try:
            value = make()
            held = size(value)
        except BaseException as error:
            with self._lock:
                del self._futures[key]
            future.set_exception(error)
            raise
        with self._lock:
            del self._futures[key]
            self._keep(key, value, held)
        future.set_result(value)
        return value

    def _keep(self, key: Hashable, value: T, held: int) -> None:
        if held > self.most:
            return
        self._values[key] = value, held
        self.held += held
        while self.held > self.most:
            _, (_, freed) = self._values.popitem(last=False)
            self.held -= freed
