"""The inputs that an exported network and its bundle are compared on.

They come from `training.evaluation`: which pictures a bundle was tested on is decided where it was trained,
and a second answer here could be another one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..data import Dataset, Preprocessing, Source, catalogue
from ..data.loading import skipped
from ..data.opening import needs_download, path_of
from ..errors import ConvscopeError, DataError, UsageError
from ..prediction.inputs import inputs_in
from ..prediction.reading import read_ahead
from ..training.evaluation import dataset_of
from ..training.progress import Progress, Silent
from .sampling import positions, sample
from .synthetic import synthetic

COMPARED = 256


@dataclass(frozen=True, eq=False)
class Compared:
    """Inputs as they are stored, with their names; `what` they are, and what a person should know of them."""

    stored: np.ndarray
    names: Sequence[str]
    what: str  # such as "256 test pictures of digits"
    notes: tuple[str, ...] = ()
    dataset: Dataset | None = None  # they were drawn from, where they have classes


def compared_inputs(
    bundle: Bundle,
    data: str | os.PathLike[str] | Source | None = None,
    *,
    labelled: bool = False,
    progress: Progress | None = None,
    count: int = COMPARED,
    **settings: Any,
) -> Compared:
    """At most `count` of the bundle's test inputs (validation where there are none), drawn by a fixed seed.

    Of `data` where it is given: a data set of the same classes, or any pictures that `predict` takes. Without
    it, and where the bundle's own data cannot be had without a download, they are made up, and a note says
    why; with `labelled` a download is made, and a data set there has to be. `settings` replace fields of the
    bundle's recipe, such as `data_dir`. Raises `ConvscopeError` for data that cannot be used.
    """
    listener = progress or Silent()
    if data is not None:
        if labelled or isinstance(data, Source) or not _of_files(bundle, data, settings):
            given = data if isinstance(data, Source) else os.fspath(data)
            return _drawn(*dataset_of(bundle, given, progress=listener, **settings), count)
        return _from_files(bundle, path_of(data, data_dir=settings.get("data_dir")), listener, count)
    try:
        if not labelled:
            _require_here(bundle, settings)
        return _drawn(*dataset_of(bundle, progress=listener, **settings), count)
    except ConvscopeError as error:
        noun = bundle.preprocessing.noun
        if labelled and type(error) is UsageError:  # it does not say which data
            raise UsageError(
                f"{error} int8 is calibrated on training {noun}s and measured on validation {noun}s: "
                "--data names a labelled data set of the same classes."
            ) from error
        if labelled:
            raise
        why = str(error).splitlines()[0].rstrip(".:").removesuffix("; give the data")
        note = f"the {noun}s that are compared are made up: {why}. --data names {noun}s like those to come."
        names = [f"made-up {noun} {number}" for number in range(count)]
        return Compared(synthetic(bundle.preprocessing, count), names, f"{count:,} made-up {noun}s", (note,))


def _drawn(dataset: Dataset, notes: Sequence[str], count: int) -> Compared:
    part, split = dataset.evaluation
    chosen = positions(len(split), count)
    what = f"{len(chosen):,} {part} {_nouns(dataset.preprocessing.noun, len(chosen))} of {dataset.name}"
    names = [split.names[int(i)] for i in chosen]
    kept = tuple(note for note in notes if "--test-fraction" not in note)  # of figures, which are not here
    return Compared(split.images[chosen], names, what, kept, dataset)


def _from_files(bundle: Bundle, path: Path, progress: Progress, count: int) -> Compared:
    """Of what `predict` would take, with classes or without."""
    noun = bundle.preprocessing.noun
    progress.waiting(f"looking for {noun}s in {path}")
    given = sample(inputs_in([path], bundle.preprocessing), count)

    found = list(read_ahead(bundle, given))
    broken = [reason for several in found for reason in several.errors.values()]
    sound = [
        str(path) for several in found for at, path in enumerate(several.paths) if at not in several.errors
    ]
    if not sound:
        raise DataError(broken[0] if broken else f"{path} has no {noun}s in it.")
    what = f"{len(sound):,} {_nouns(noun, len(sound))} of {path}"
    stored = np.concatenate([several.stored for several in found])
    return Compared(stored, sound, what, tuple(skipped(broken, noun)))


def _of_files(bundle: Bundle, data: str | os.PathLike[str], settings: dict[str, Any]) -> bool:
    """Whether they are found as `predict` finds them, not as a data set: pictures at a path, one signal."""
    if os.fspath(data) in catalogue():
        return False
    path = path_of(data, data_dir=settings.get("data_dir"))
    return path.exists() and (
        isinstance(bundle.preprocessing, Preprocessing) or path.suffix.lower() == ".npy"
    )


def _require_here(bundle: Bundle, settings: dict[str, Any]) -> None:
    """Raises `UsageError` where the bundle's own data would have to be downloaded."""
    recipe = {**bundle.info.get("recipe", {}), **settings}
    name = str(recipe.get("data", ""))
    if needs_download(name, data_dir=recipe.get("data_dir")):
        raise UsageError(f"{name}, which it was trained on, is not on this machine")


def _nouns(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
