"""Work on several threads ahead of whoever takes the results, in order and never far ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from .. import native

Given = TypeVar("Given")
Result = TypeVar("Result")

PER_THREAD = 2  # pieces that wait for a thread while it is at one


def ahead(work: Callable[[Given, Event], Result], pieces: Iterable[Given]) -> Iterator[Result]:
    """`work(piece, stopped)` of each piece, in order, by as many threads as there are cores.

    The pieces are taken in the caller's thread, a few before their results are wanted. An error in `work` or
    in `pieces` comes out where its result would. When the iterator is closed, no further piece is begun, and
    `stopped` is set for those that are; it waits for these.

    >>> list(ahead(lambda piece, stopped: 2 * piece, range(5)))
    [0, 2, 4, 6, 8]
    """
    stopped = Event()
    threads = native.cores()
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="convscope-reading")
    fault: Exception | None = None
    try:
        given = iter(pieces)
        while fault is None:
            try:
                waiting.append(pool.submit(work, next(given), stopped))
            except StopIteration:
                break
            except Exception as error:
                fault = error
            while waiting and (waiting[0].done() or len(waiting) > (1 + PER_THREAD) * threads):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
        if fault is not None:
            raise fault
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
