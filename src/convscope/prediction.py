"""What a bundle says of pictures, or signals, as people give them, and what is unusual about these."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image

from .data import InputPreprocessing, Preprocessing, StoredFile
from .data.unlabelled import Pixels, pictures_in
from .data.unusual import Unusual, unusual
from .errors import ConvscopeError, DataError

if TYPE_CHECKING:
    from .bundle import Bundle

READ_AT_ONCE = 256

Picture = str | os.PathLike[str] | bytes | Image.Image | np.ndarray
PICTURE_TYPES = (str, os.PathLike, bytes, Image.Image, np.ndarray)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one picture, or signal: the most probable classes, or why not.

    `warnings` say in what it is unlike the training pictures: each is a sentence (`str`) with a `kind`.
    """

    path: str | None
    top: tuple[tuple[str, float], ...] = ()  # (class, probability in 0..1), the most probable first
    error: str | None = None
    warnings: tuple[Unusual, ...] = ()

    @property
    def label(self) -> str:
        """The most probable class; raises `DataError` for a picture that could not be read."""
        return self._best[0]

    @property
    def probability(self) -> float:
        """Its probability, 0..1; raises `DataError` for a picture that could not be read."""
        return self._best[1]

    @property
    def _best(self) -> tuple[str, float]:
        if self.error is not None:
            raise DataError(self.error)
        return self.top[0]

    def to_dict(self) -> dict[str, Any]:
        """A record of `convscope predict --json`.

        >>> Prediction("a.png", (("cat", 0.75), ("dog", 0.25))).to_dict()["top"]
        [{'class': 'cat', 'probability': 0.75}, {'class': 'dog', 'probability': 0.25}]
        >>> Prediction("b.png", error="b.png is empty (0 bytes).").to_dict()
        {'path': 'b.png', 'error': 'b.png is empty (0 bytes).'}
        """
        if self.error is not None:
            return {"path": self.path, "error": self.error}
        return {
            "path": self.path,
            "class": self.label,
            "probability": self.probability,
            "top": [{"class": label, "probability": probability} for label, probability in self.top],
            "warnings": [warning.to_dict() for warning in self.warnings],
        }


class Unreadable(NamedTuple):
    """What is no picture, and why."""

    path: str | None
    error: str


class Reading(NamedTuple):
    """One input that was read, as it is stored; of a picture, what it was before (`Known`)."""

    path: str | None
    stored: np.ndarray
    size: tuple[int, int] | None = None
    colour: float = 0.0


def inputs_in(pictures: Picture | Iterable[Picture], preprocessing: InputPreprocessing) -> list[Any]:
    """The single inputs in what a person gives: the pictures of an array, a folder, a list or an archive."""
    given = preprocessing.apart(pictures) if isinstance(pictures, PICTURE_TYPES) else list(pictures)
    if isinstance(preprocessing, Preprocessing):
        given = [one for several in given for one in _all_in(several)]
    return given


def with_path(one: Any) -> tuple[str | None, Any]:
    """One of `inputs_in` with its path, where it has one."""
    if isinstance(one, Pixels):
        return one
    if isinstance(one, str | os.PathLike):
        return os.fspath(one), one
    return (str(one) if isinstance(one, StoredFile) else None), one


def predictions(bundle: Bundle, inputs: Sequence[Any], *, top: int) -> list[Prediction]:
    """One for each of `inputs_in`, in order."""
    found: list[Prediction] = []
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(inputs), READ_AT_ONCE):
            chunk = inputs[start : start + READ_AT_ONCE]
            read = list(pool.map(lambda one: _read(one, bundle.preprocessing), chunk))
            found += _predicted(bundle, read, top)
    return found


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


def _all_in(given: Any) -> Iterable[Any]:
    """The pictures at a path; what is no path is one."""
    if not isinstance(given, str | os.PathLike):
        return (given,)
    try:
        found = pictures_in(Path(given))
    except ConvscopeError as error:
        return (Unreadable(os.fspath(given), str(error)),)
    except (OSError, ValueError):  # too long for a name, or with a NUL: said where it is read
        return (given,)
    return (given,) if found is None else found
