"""Pictures, or signals, through a network: read ahead on all cores, predicted in batches, in order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .prediction import Prediction
from .reading import Read, batch_of, read_ahead

if TYPE_CHECKING:
    from ..bundle import Bundle


# Is given each input and why it could not be read, in order; what it returns is kept of the input.
Keep = Callable[[Any, str | None], Any]


def predicted(
    bundle: Bundle, inputs: Iterable[Any], *, top: int, keep: Keep | None = None
) -> Generator[tuple[Any, Prediction], None, None]:
    """What the network says of each of `inputs_in`, in order, while the next are read.

    Before each stands what `keep` returned of it, None without. The input itself is let go once it is read:
    memory is that of some hundred inputs as the network sees them, and of the bytes that may be read ahead
    (`AHEAD_BYTES`). At most `AHEAD` inputs and two batches are taken before the prediction of the first of
    them comes out. Closing the iterator ends the threads.

    What the network gets at once begins and ends at multiples of `batch_of`, whatever could be read: who goes
    on from such a place makes the same batches, and so the same last bits.
    """
    batch, count = batch_of(bundle.preprocessing), 0
    waiting: list[Read] = []
    reads = read_ahead(bundle, inputs)
    with contextlib.closing(reads):
        for found in map(partial(_let_go, keep=keep), reads):
            waiting.append(found)
            count += len(found.inputs)
            if count % batch == 0:
                yield from _predicted(bundle, waiting, top)
                waiting = []
        yield from _predicted(bundle, waiting, top)


def predictions(
    bundle: Bundle, inputs: Iterable[Any], *, top: int, unsure: float | None = None
) -> Iterator[Prediction]:
    """What the network says of each of `inputs_in`, in order, while the next are read.

    Those that are less probable than `unsure` are marked.
    """
    with contextlib.closing(predicted(bundle, inputs, top=top)) as found:
        for _, prediction in found:
            yield prediction.marked(unsure)


def _let_go(found: Read, keep: Keep | None) -> Read:
    """The same without its inputs, but what is kept of them."""
    kept = [keep(one, found.errors.get(at)) if keep else None for at, one in enumerate(found.inputs)]
    return replace(found, inputs=kept)


def _predicted(bundle: Bundle, several: list[Read], top: int) -> Iterator[tuple[Any, Prediction]]:
    batches = [found.stored for found in several if len(found.stored)]
    tops: Iterator[tuple[tuple[str, float], ...]] = iter(())
    if batches:
        stored = batches[0] if len(batches) == 1 else np.concatenate(batches)
        tops = _best(bundle.probabilities(stored), bundle.classes, top)
    for found in several:
        told = iter(found.told)
        for at, (one, path) in enumerate(zip(found.inputs, found.paths, strict=True)):
            if at in found.errors:
                yield one, Prediction(path, error=found.errors[at])
            else:
                yield one, Prediction(path, next(tops), warnings=next(told))


def _best(
    probabilities: np.ndarray, classes: tuple[str, ...], top: int
) -> Iterator[tuple[tuple[str, float], ...]]:
    """The most probable classes of each row with their probabilities; of equal ones the first."""
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
    shares = np.take_along_axis(probabilities, order, axis=1).tolist()
    for best, share in zip(order.tolist(), shares, strict=True):
        yield tuple([(classes[i], p) for i, p in zip(best, share, strict=True)])
