"""The single pictures, or signals, in what a person gives."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ..data import InputPreprocessing, StoredFile
from ..data.unlabelled import Element, inputs_at
from ..errors import ConvscopeError, UsageError
from . import standard_input
from .patterns import is_pattern, matches

Picture = str | os.PathLike[str] | bytes | Image.Image | np.ndarray
PICTURE_TYPES = (str, os.PathLike, bytes, Image.Image, np.ndarray)


class Unreadable(NamedTuple):
    """What is no picture, and why."""

    path: str | None
    error: str
    nothing: bool = False  # of a pattern without a match, or standard input without an input


def inputs_in(pictures: Picture | Iterable[Picture], preprocessing: InputPreprocessing) -> Iterator[Any]:
    """The single inputs in what a person gives: the pictures of an array, a folder, a list or an archive.

    Paths may be patterns (`2024/**/*.jpg`) where nothing has that name, and `-` is standard input. One comes
    after the other, in an order that is the same each time, and none is read yet: the first n are left out
    with `itertools.islice(inputs, n, None)`. What cannot be found is an `Unreadable` in its place.
    """
    if isinstance(pictures, str) and not pictures:
        raise UsageError(f"the path of the {preprocessing.noun}s is empty.")
    given = preprocessing.apart(pictures) if isinstance(pictures, PICTURE_TYPES) else pictures
    if isinstance(given, np.ndarray):  # of many small ones each look counts
        yield from given
        return
    for one in given:
        if isinstance(one, str | os.PathLike):
            yield from _at(os.fspath(one), preprocessing)
        else:
            yield one


def with_path(one: Any) -> tuple[str | None, Any]:
    """One of `inputs_in` with its path, where it has one."""
    if isinstance(one, Element):
        return one
    if isinstance(one, Unreadable):
        return one.path, one
    if isinstance(one, str | os.PathLike):
        return os.fspath(one), one
    return (str(one) if isinstance(one, StoredFile) else None), one


def _at(path: str, preprocessing: InputPreprocessing) -> Iterator[Any]:
    """The inputs at a path, at those that a pattern stands for, or through standard input."""
    if path == standard_input.MARK:
        yield from _through_standard_input(preprocessing)
    elif is_pattern(path) and not os.path.lexists(path):
        nothing = True
        for match in matches(path):
            nothing = False
            yield from _below(match, preprocessing)
        if nothing:
            error = f"there is no {preprocessing.noun} {path}, and nothing matches it as a pattern."
            yield Unreadable(path, error, nothing=True)
    else:
        yield from _below(path, preprocessing)


def _through_standard_input(preprocessing: InputPreprocessing) -> Iterator[Any]:
    nothing = True
    try:
        for one in standard_input.read_standard_input(preprocessing):
            nothing = False
            yield from _below(one, preprocessing) if isinstance(one, str) else (one,)
    except ConvscopeError as error:
        yield Unreadable(standard_input.NAME, str(error), nothing)


def _below(path: str, preprocessing: InputPreprocessing) -> Iterator[Any]:
    """The inputs in a folder or a file of several; else the path, whose faults are said when it is read."""
    try:
        found = inputs_at(path, preprocessing)
    except (OSError, ValueError):  # too long for a name, or with a NUL
        found = None
    if found is None:
        yield path
        return
    try:
        yield from found
    except ConvscopeError as error:
        yield Unreadable(path, str(error))
