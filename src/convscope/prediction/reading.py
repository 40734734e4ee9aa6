"""Inputs read as they are stored, some at a time: decoded, brought to size, measured against the usual."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from .. import native
from ..data import ArrayPreprocessing, InputPreprocessing, Preprocessing, StoredFile
from ..data.stored import HeldFile
from ..data.unlabelled import Element
from ..data.unusual import Unusual, unusual
from ..errors import ConvscopeError
from .ahead import ahead
from .inputs import Unreadable, with_path

if TYPE_CHECKING:
    from ..bundle import Bundle

BATCH = 256  # inputs that the network is given at once
FILES = 64  # read by one thread before it hands them over; of arrays, which need no decoding, a batch
BYTES = 1 << 25  # that a batch may have, as it is stored
PIECE_BYTES = 1 << 23  # in memory, above which a piece takes no more
AHEAD, AHEAD_BYTES = 1024, 1 << 27  # inputs that are read ahead, and what they may hold
_LARGE = 1 << 14  # pixels; smaller pictures of one size are brought to the network's together


@dataclass(frozen=True, slots=True)
class Read:
    """Some inputs: what of them could be read as it is stored, and why not the rest.

    `stored` and `told` have an entry for each input that has no error, in order.
    """

    inputs: list[Any]  # or what is kept of them
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


class Piece(NamedTuple):
    """Inputs that one thread reads."""

    inputs: list[Any]
    held: int  # bytes in memory, of what is given and of what is made of it

    @property
    def share(self) -> float:
        """Of what may be read ahead at most."""
        return max(len(self.inputs) / AHEAD, self.held / AHEAD_BYTES)


def in_pieces(inputs: Iterable[Any], preprocessing: InputPreprocessing) -> Iterator[Piece]:
    """The inputs in pieces for one thread each: the first short, so that all begin soon, and all bounded.

    No piece lies in two batches, none has more than a batch, and none takes a further input once it holds
    `PIECE_BYTES`.
    """
    inputs, batch, stored = iter(inputs), batch_of(preprocessing), preprocessing.blank(1).nbytes
    files = max(1, min(FILES, AHEAD // (2 * native.cores())))
    length, count = 1, 0
    while first := list(islice(inputs, 1)):
        left = batch - count % batch
        most = left if isinstance(first[0], Element | np.ndarray) else min(length, files, left)
        held = _held(first[0]) + stored
        piece = Piece(first, held)
        if held < PIECE_BYTES:
            for one in islice(inputs, most - 1):
                first.append(one)
                held += _held(one) + stored
                if held >= PIECE_BYTES:
                    break
            piece = Piece(first, held)
        count += len(first)
        length *= 2
        yield piece
        del piece, first  # before the next is made


def _held(one: Any) -> int:
    """Bytes that an input takes in memory, or will as soon as it is read; 0 for what is in a file."""
    kind = type(one)
    if kind is np.ndarray:
        return int(one.nbytes)
    if kind is Element:
        return int(one.values.nbytes)
    if isinstance(one, HeldFile):
        return len(one.content)
    if isinstance(one, bytes):
        return len(one)
    if isinstance(one, Image.Image):
        return one.width * one.height * (1 if one.mode in ("1", "L", "P") else 4)  # as Pillow has it
    return int(one.nbytes) if isinstance(one, np.ndarray) else 0


def read_ahead(bundle: Bundle, inputs: Iterable[Any]) -> Generator[Read, None, None]:
    """Each of `inputs_in` read, some at a time, in order, on all cores ahead of whoever takes them."""
    return ahead(
        lambda piece, stopped: read(piece.inputs, bundle, stopped),
        in_pieces(inputs, bundle.preprocessing),
        share=lambda piece: piece.share,
    )


def read(inputs: list[Any], bundle: Bundle, stopped: Event) -> Read:
    """The inputs of a piece, read. When `stopped` is set, nobody wants them any more."""
    found = _Found(bundle, len(inputs))
    paths: list[str | None] = []
    errors: dict[int, str] = {}
    pixels = _alike(inputs) if isinstance(bundle.preprocessing, Preprocessing) else None
    if pixels is not None:
        found.add_pictures(pixels)
        paths = [one.name if isinstance(one, Element) else None for one in inputs]
        return Read(inputs, paths, errors, *found.whole())
    for at, one in enumerate(inputs):
        if stopped.is_set():
            break
        path, given = with_path(one)
        paths.append(path)
        if isinstance(given, Unreadable):
            errors[at] = given.error
            continue
        try:
            found.add(given)
        except ConvscopeError as error:
            errors[at] = str(error)
    return Read(inputs, paths, errors, *found.whole())


def _alike(inputs: list[Any]) -> np.ndarray | None:
    """Pictures of arrays as one array (N, H, W, C); None where something is of another kind or size."""
    rows = [one.values if isinstance(one, Element) else one for one in inputs]
    shape: tuple[int, ...] = getattr(rows[0], "shape", ())
    sound = len(shape) == 3 and shape[2] in (1, 3) and 0 not in shape
    if not sound or not all(type(row) is np.ndarray and row.shape == shape for row in rows):
        return None
    return _stacked(rows) if all(row.dtype == np.uint8 for row in rows) else None


def _stacked(rows: list[np.ndarray]) -> np.ndarray:
    """Arrays of one shape (H, W, C) as one (N, H, W, C), in half of the time of np.stack."""
    return rows[0][None] if len(rows) == 1 else np.concatenate(rows).reshape(len(rows), *rows[0].shape)


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
        self.add_pictures(_stacked(self._waiting))
        self._waiting.clear()

    def add_pictures(self, pixels: np.ndarray) -> None:
        """Pictures of one size, uint8 (N, H, W, 1 or 3)."""
        assert isinstance(self._preprocessing, Preprocessing)
        these = slice(self._count, self._count + len(pixels))
        self._stored[these], self._colours[these] = self._preprocessing.known_pictures(pixels)
        self._sizes[these] = pixels.shape[1:3]
        self._count = these.stop

    def _array(self, given: Any) -> np.ndarray:
        if isinstance(given, StoredFile):
            assert isinstance(self._preprocessing, ArrayPreprocessing)
            return self._preprocessing.read(given.read_bytes(), name=str(given))
        return self._preprocessing.one(given)
