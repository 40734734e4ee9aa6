"""Pictures, or signals, through a network: read on several threads, predicted in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..data import InputPreprocessing, Preprocessing
from ..data.unusual import unusual
from ..errors import ConvscopeError
from .inputs import Unreadable, with_path
from .prediction import Prediction

if TYPE_CHECKING:
    from ..bundle import Bundle

READ_AT_ONCE = 256


class Reading(NamedTuple):
    """One input that was read, as it is stored; of a picture, what it was before (`Known`)."""

    path: str | None
    stored: np.ndarray
    size: tuple[int, int] | None = None
    colour: float = 0.0


def predicted(bundle: Bundle, inputs: Iterable[Any], *, top: int) -> Iterator[tuple[Any, Prediction]]:
    """Each of `inputs_in` with what the network says of it, in order, a few being read ahead."""
    inputs = iter(inputs)
    with ThreadPoolExecutor() as pool:
        while chunk := list(islice(inputs, READ_AT_ONCE)):
            read = list(pool.map(lambda one: _read(one, bundle.preprocessing), chunk))
            yield from zip(chunk, _predicted(bundle, read, top), strict=True)


def predictions(bundle: Bundle, inputs: Iterable[Any], *, top: int) -> Iterator[Prediction]:
    """What the network says of each of `inputs_in`, in order, a few being read ahead."""
    for _, prediction in predicted(bundle, inputs, top=top):
        yield prediction


def _read(one: Any, preprocessing: InputPreprocessing) -> Reading | Unreadable:
    if isinstance(one, Unreadable):
        return one
    path, given = with_path(one)
    try:
        if not isinstance(preprocessing, Preprocessing):
            return Reading(path, preprocessing.one(given))
        return Reading(path, *preprocessing.known(given))
    except ConvscopeError as error:
        return Unreadable(path, str(error))


def _predicted(bundle: Bundle, read: Sequence[Reading | Unreadable], top: int) -> Iterator[Prediction]:
    sound = [one for one in read if isinstance(one, Reading)]
    if sound:
        stored = np.stack([one.stored for one in sound])
        sizes = [one.size for one in sound if one.size]
        colours = np.array([one.colour for one in sound])
        told = unusual(
            bundle.preprocessing, bundle.usual, stored, np.array(sizes) if sizes else None, colours
        )
        scored = iter(zip(bundle.probabilities(stored), told, strict=True))
    for one in read:
        if isinstance(one, Unreadable):
            yield Prediction(one.path, error=one.error)
        else:
            row, warnings = next(scored)
            best = np.argsort(-row, kind="stable")[:top]
            shares = tuple((bundle.classes[i], float(row[i])) for i in best)
            yield Prediction(one.path, shares, warnings=warnings)
