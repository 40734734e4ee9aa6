"""What a name or path opens to: classes, counts and natural sizes, before any picture is resized."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, overload

import numpy as np

from ..errors import UsageError
from .input_preprocessing import InputPreprocessing
from .memory import allocate
from .preprocessing import Preprocessing
from .resizing import Resize
from .subject import GREY, PHOTOS, Subject

#: Told how far something is: (what, done, whole), in bytes for downloads and in pictures for reading.
#: `whole` is None where it is not known. It is called from the thread that asked, on stderr's side only.
Progress = Callable[[str, int, int | None], None]

#: Pictures up to this size on both sides keep it by default; others become 64×64.
LARGEST_NATURAL_SIDE = 96
DEFAULT_SIDE = 64

_BLOCK = 1024  # pictures that are resized at a time


@dataclass(frozen=True, eq=False)
class Part:
    """The labels and names of one given part of a source: "train", "validation" or "test"."""

    labels: np.ndarray  # int64 (N,)
    names: Sequence[str]
    sizes: np.ndarray | None = None  # (N, 2), height and width of each picture before it is resized

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Reading:
    """Pictures that were read: `images[i]` is the picture at position `kept[i]` of the part."""

    images: np.ndarray  # uint8 (K, H, W, C), or signals: float32 (K, C, L)
    kept: np.ndarray  # int64 (K,), in the order asked for, less the broken ones
    broken: tuple[tuple[int, str], ...] = ()  # (position, a sentence) per picture that could not be read
    digests: tuple[tuple[str, str], ...] = ()  # (name, content hash) of what was read from files


class Source(ABC):
    """An opened data set; `load` makes a `Dataset` of it.

    `size` is the natural (height, width), None where pictures differ. `channels` is 1 where every
    picture is grey, else 3. `subject` says what they show, and so how they may be changed.
    A source of signals (`SignalSource`) has no size, and any number of channels.
    """

    #: what one input is called in sentences
    noun = "picture"

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int] | None
    channels: int
    subject: Subject
    parts: Mapping[str, Part]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Pictures per given part, such as {"train": 60000, "test": 10000}."""
        return {name: len(part) for name, part in self.parts.items()}

    def class_counts(self, part: str) -> dict[str, int]:
        """Pictures per class in one part, in the order of `classes`."""
        counts = np.bincount(self.parts[part].labels, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}

    def default_preprocessing(
        self,
        size: int | tuple[int, int] | None = None,
        channels: Literal[1, 3] | None = None,
        resize: Resize | None = None,
        invert: bool = False,
    ) -> InputPreprocessing:
        """The preprocessing that suits this source; an argument that is given wins.

        `size` is one side or (height, width). Without it pictures keep the size they share where both
        sides are at most 96, else they become 64×64. Raises `UsageError` for an impossible size.
        """
        if size is None:
            natural = self.size is not None and max(self.size) <= LARGEST_NATURAL_SIDE
            height, width = self.size if natural and self.size else (DEFAULT_SIDE, DEFAULT_SIDE)
        else:
            height, width = (size, size) if isinstance(size, int) else size
        if not (1 <= height <= 8192 and 1 <= width <= 8192):
            raise UsageError(f"--size {height}×{width} is not possible: each side is 1 to 8192 pixels.")
        if channels not in (None, 1, 3):
            raise UsageError(f"--channels is {channels}, but pictures have 1 (grey) or 3 (colour).")
        return Preprocessing(
            height=height,
            width=width,
            channels=channels or cast(Literal[1, 3], self.channels),
            resize=resize or "fit",
            invert=invert,
        )

    @abstractmethod
    def read(
        self, part: str, positions: np.ndarray, preprocessing: Any, progress: Progress | None = None
    ) -> Reading:
        """The inputs at `positions` of a part, each through a `preprocessing` of this source's kind."""

    @abstractmethod
    def checksum(self, digests: Mapping[str, str]) -> str:
        """sha256 of the content; `digests` holds what the readings of all pictures returned."""


class Names(Sequence[str]):
    """Names such as "mnist/test/17" for pictures that come from an array; made when asked for.

    >>> list(Names("digits", np.array([3, 5])))
    ['digits/3', 'digits/5']
    """

    def __init__(self, prefix: str, positions: np.ndarray) -> None:
        self.prefix = prefix
        self.positions = positions

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Names: ...
    def __getitem__(self, index: int | slice) -> str | Names:
        if isinstance(index, slice):
            return Names(self.prefix, self.positions[index])
        return f"{self.prefix}/{self.positions[index]}"

    def pick(self, positions: np.ndarray) -> Names:
        """The names at some positions."""
        return Names(self.prefix, self.positions[positions])


class ArraySource(Source):
    """A source whose pictures are arrays: digits, IDX and CIFAR files, .npz and .npy.

    `images` and `labels` are given per part: uint8 (N, H, W, C) and int64 (N,).
    """

    def __init__(
        self,
        name: str,
        classes: Sequence[str],
        images: Mapping[str, np.ndarray],
        labels: Mapping[str, np.ndarray],
        *,
        subject: Subject | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.classes = tuple(classes)
        self._images = dict(images)
        shapes = {part: pictures.shape[1:] for part, pictures in images.items()}
        height, width, channels = next(iter(shapes.values()))
        assert channels in (1, 3)
        assert len(set(shapes.values())) == 1
        self.size = (height, width)
        self.channels = cast(Literal[1, 3], channels)
        self.subject = subject or (GREY if channels == 1 else PHOTOS)
        self.notes = tuple(notes)
        if names is None:
            names = {part: Names(f"{name}/{part}", np.arange(len(labels[part]))) for part in labels}
        self.parts = {
            part: Part(labels[part], names[part], np.broadcast_to([height, width], (len(labels[part]), 2)))
            for part in labels
        }

    def read(
        self, part: str, positions: np.ndarray, preprocessing: Preprocessing, progress: Progress | None = None
    ) -> Reading:
        images = self._images[part]
        everything = len(positions) == len(images) and bool((positions == np.arange(len(images))).all())
        shape = (preprocessing.height, preprocessing.width, preprocessing.channels)
        if everything and shape == images.shape[1:] and not preprocessing.invert:
            return Reading(preprocessing.pictures(images), positions)  # not copied
        prepared = allocate((len(positions), *shape))
        for start in range(0, len(positions), _BLOCK):
            block = positions[start : start + _BLOCK]
            prepared[start : start + _BLOCK] = preprocessing.pictures(images[block])
            if progress and shape != images.shape[1:]:
                progress(f"resizing {part} pictures", start + len(block), len(positions))
        return Reading(prepared, positions)

    def checksum(self, digests: Mapping[str, str]) -> str:
        return checksum_of(self, self._images)


def checksum_of(source: Source, arrays: Mapping[str, np.ndarray]) -> str:
    """sha256 of a source whose inputs are arrays by part: its classes, their bytes and its labels."""
    whole = hashlib.sha256("\0".join(source.classes).encode())
    for part in sorted(arrays):
        values = arrays[part]
        whole.update(f"\0{part} {values.shape}\0".encode())
        ordered = values.dtype.newbyteorder("<")
        for start in range(0, len(values), _BLOCK):
            whole.update(np.ascontiguousarray(values[start : start + _BLOCK], ordered).data)
        whole.update(source.parts[part].labels.astype("<i8").tobytes())
    return whole.hexdigest()
