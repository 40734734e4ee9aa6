"""The single pictures, or signals, in what a person gives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..data import InputPreprocessing, Preprocessing, StoredFile
from ..data.unlabelled import Pixels, pictures_in
from ..errors import ConvscopeError

Picture = str | os.PathLike[str] | bytes | Image.Image | np.ndarray
PICTURE_TYPES = (str, os.PathLike, bytes, Image.Image, np.ndarray)


class Unreadable(NamedTuple):
    """What is no picture, and why."""

    path: str | None
    error: str


def inputs_in(pictures: Picture | Iterable[Picture], preprocessing: InputPreprocessing) -> Iterator[Any]:
    """The single inputs in what a person gives: the pictures of an array, a folder, a list or an archive.

    One after the other, in an order that is the same each time, and none of them read yet: the first n are
    left out with `itertools.islice(inputs, n, None)`.
    """
    given = preprocessing.apart(pictures) if isinstance(pictures, PICTURE_TYPES) else pictures
    for several in given:
        yield from _all_in(several) if isinstance(preprocessing, Preprocessing) else (several,)


def with_path(one: Any) -> tuple[str | None, Any]:
    """One of `inputs_in` with its path, where it has one."""
    if isinstance(one, Pixels):
        return one
    if isinstance(one, str | os.PathLike):
        return os.fspath(one), one
    return (str(one) if isinstance(one, StoredFile) else None), one


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
