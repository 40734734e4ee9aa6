"""Inputs read as they are stored, some at a time: decoded, brought to size, measured against the usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..data import ArrayPreprocessing, InputPreprocessing, Preprocessing, StoredFile
from ..data.stored import HeldFile
from ..data.unlabelled import Element
from ..data.unusual import Unusual, unusual
from ..errors import ConvscopeError
from .inputs import Unreadable, with_path

if TYPE_CHECKING:
    from ..bundle import Bundle

BATCH = 256  # inputs that the network is given at once, or a piece's where that has more
FILES = 64  # read by one thread before it hands them over
NUMBERS = 1024  # pictures of arrays, which need no decoding
BYTES = 1 << 25  # that a piece may hold, as it is stored or as it is packed
_LARGE = 1 << 14  # pixels; smaller pictures of one size are brought to the network's together


@dataclass(frozen=True, slots=True)
class Read:
    """Some inputs: what of them could be read as it is stored, and why not the rest.

    `stored` and `told` have an entry for each input that has no error, in order.
    """

    inputs: list[Any]
    paths: list[str | None]
    errors: dict[int, str]  # by position
    stored: np.ndarray
    told: list[tuple[Unusual, ...]]  # in what each is unlike the training pictures


def batch_of(preprocessing: InputPreprocessing) -> int:
    """How many inputs go through the network at once: a power of two, at most 256.

    >>> batch_of(Preprocessing(height=28, width=28, channels=1)), batch_of(
    ...     Preprocessing(height=512, width=512, channels=3)
    ... )
    (256, 32)
    """
    fitting: int = max(1, min(BATCH, BYTES // preprocessing.blank(1).nbytes))
    return 1 << fitting.bit_length() - 1


def in_pieces(inputs: Iterable[Any], preprocessing: InputPreprocessing) -> Iterator[list[Any]]:
    """The inputs in lists for one thread each: the first short, so that all begin soon, and all bounded."""
    inputs, batch = iter(inputs), batch_of(preprocessing)
    numbers = max(1, min(NUMBERS, BYTES // preprocessing.blank(1).nbytes) // batch) * batch
    length, count = 1, 0
    while piece := list(islice(inputs, 1)):
        left = batch - count % batch  # no piece lies in two batches
        most = min(length, FILES, left)
        if isinstance(piece[0], Element | np.ndarray):
            most = numbers if left == batch else left
        held = _held(piece[0])
        while held == 0 and len(piece) < most and (more := list(islice(inputs, most - len(piece)))):
            piece += more
        while held and len(piece) < most and held < BYTES and (more := list(islice(inputs, 1))):
            piece += more
            held += _held(more[0])
        yield piece
        count += len(piece)
        length *= 2


def _held(one: Any) -> int:
    """Bytes in memory of an input that is not read yet."""
    return len(one.content) if isinstance(one, HeldFile) else 0


def read(piece: list[Any], bundle: Bundle, stopped: Event) -> Read:
    """Read the inputs of a piece. When `stopped` is set, nobody wants them any more."""
    found = _Found(bundle, len(piece))
    paths: list[str | None] = []
    errors: dict[int, str] = {}
    for at, one in enumerate(piece):
        if stopped.is_set():
            break
        if isinstance(one, Unreadable):
            paths.append(one.path)
            errors[at] = one.error
            continue
        path, given = with_path(one)
        paths.append(path)
        try:
            found.add(given)
        except ConvscopeError as error:
            errors[at] = str(error)
    return Read(piece, paths, errors, *found.whole())


class _Found:
    """What of a piece was read, side by side. Small pictures of one size wait for each other."""

    def __init__(self, bundle: Bundle, most: int) -> None:
        self._bundle, self._preprocessing = bundle, bundle.preprocessing
        self._stored = self._preprocessing.blank(most)
        self._sizes = np.ones((most, 2), dtype=np.int64)
        self._colours = np.zeros(most)
        self._waiting: list[np.ndarray] = []
        self._count = 0

    def add(self, given: Any) -> None:
        """One input more; raises `ConvscopeError` where it cannot be read."""
        if not isinstance(self._preprocessing, Preprocessing):
            self._stored[self._count] = self._array(given)
            self._count += 1
            return
        decoded = self._preprocessing.decoded(given)
        if isinstance(decoded, Image.Image) and decoded.width * decoded.height > _LARGE:
            self._bring_to_size()
            known = self._preprocessing.known_image(decoded)
            self._stored[self._count], self._sizes[self._count], self._colours[self._count] = known
            self._count += 1
            return
        pixels = np.asarray(decoded)
        if pixels.ndim == 2:
            pixels = pixels[..., None]
        if self._waiting and self._waiting[0].shape != pixels.shape:
            self._bring_to_size()
        self._waiting.append(pixels)
        if pixels.shape[0] * pixels.shape[1] > _LARGE:
            self._bring_to_size()

    def whole(self) -> tuple[np.ndarray, list[tuple[Unusual, ...]]]:
        """What is stored of those that were added, and in what each is unusual."""
        self._bring_to_size()
        stored, usual = self._stored[: self._count], self._bundle.usual
        if self._count == 0:
            return stored, []
        if not isinstance(self._preprocessing, Preprocessing):
            return stored, unusual(self._preprocessing, usual, stored)
        sizes, colours = self._sizes[: self._count], self._colours[: self._count]
        return stored, unusual(self._preprocessing, usual, stored, sizes, colours)

    def _bring_to_size(self) -> None:
        if not self._waiting:
            return
        assert isinstance(self._preprocessing, Preprocessing)
        pixels = self._waiting[0][None] if len(self._waiting) == 1 else np.stack(self._waiting)
        these = slice(self._count, self._count + len(pixels))
        self._stored[these], self._colours[these] = self._preprocessing.known_pictures(pixels)
        self._sizes[these] = pixels.shape[1:3]
        self._count = these.stop
        self._waiting.clear()

    def _array(self, given: Any) -> np.ndarray:
        if isinstance(given, StoredFile):
            assert isinstance(self._preprocessing, ArrayPreprocessing)
            return self._preprocessing.read(given.read_bytes(), name=str(given))
        return self._preprocessing.one(given)
