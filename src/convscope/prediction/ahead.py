"""Work on several threads ahead of whoever takes the results, in order and never far ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from .. import native

Given = TypeVar("Given")
Result = TypeVar("Result")

PER_THREAD = 2  # pieces that wait for a thread while it is at one


def ahead(
    work: Callable[[Given, Event], Result],
    pieces: Iterable[Given],
    *,
    share: Callable[[Given], float] = lambda _: 0.0,
) -> Generator[Result, None, None]:
    """`work(piece, stopped)` of each piece, in order, by as many threads as there are cores.

    The pieces are taken in the caller's thread, a few before their results are wanted: no further one once
    those ahead have a `share` above 1 together. An error in `work` or in `pieces` comes out where its result
    would. When the iterator is closed, no further piece is begun, and `stopped` is set for those that are; it
    waits for these.

    >>> list(ahead(lambda piece, stopped: 2 * piece, range(5)))
    [0, 2, 4, 6, 8]
    """
    stopped = Event()
    threads = native.cores()
    waiting: deque[tuple[Future[Result], float]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="convscope-reading")
    fault: Exception | None = None
    try:
        given = iter(pieces)
        while fault is None:
            try:
                piece = next(given)
                waiting.append((pool.submit(work, piece, stopped), share(piece)))
                del piece  # which may hold much
            except StopIteration:
                break
            except Exception as error:
                fault = error
            while waiting and (
                waiting[0][0].done()
                or len(waiting) > (1 + PER_THREAD) * threads
                or sum(taken for _, taken in waiting) > 1
            ):
                yield waiting.popleft()[0].result()
        while waiting:
            yield waiting.popleft()[0].result()
        if fault is not None:
            raise fault
    finally:
        stopped.set()
        pool.shutdown(cancel_futures=True)
