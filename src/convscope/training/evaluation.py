"""A bundle measured again: on the data it was trained for, split the same way, or on other data."""

from __future__ import annotations

from typing import Any

from ..bundle import Bundle
from ..data import Dataset, Source
from ..errors import DataError, UnknownName, UsageError
from ..metrics import Evaluation, evaluate
from ..recipe import Recipe
from .prepare import ARRAYS, load, open_source
from .progress import Progress, Silent


def evaluate_bundle(
    bundle: Bundle, data: str | Source | None = None, *, progress: Progress | None = None, **settings: Any
) -> tuple[Evaluation, tuple[str, ...]]:
    """The evaluation on the test pictures (validation where there are none), and what a person should know.

    `settings` replace fields of the bundle's recipe, such as `data_dir` or `test_fraction`.
    """
    dataset, notes = data_of(bundle, data, progress=progress, **settings)
    name, split = dataset.evaluation
    return evaluate(bundle.logits(split.images), split.labels, bundle.classes, split=name), notes


def data_of(
    bundle: Bundle, data: str | Source | None = None, *, progress: Progress | None = None, **settings: Any
) -> tuple[Dataset, tuple[str, ...]]:
    """The data that a bundle was trained on, split the same way, or other data; with notes for a person.

    Raises `UsageError` where the bundle does not say which data these are, `DataError` for other classes.
    """
    listener = progress or Silent()
    trained_on = bundle.info.get("data")
    if data is None and trained_on and trained_on["name"] == ARRAYS:
        raise UsageError("the bundle was trained on arrays in memory, which are not kept; give the data.")
    if data is None and trained_on is None:
        raise UsageError("the bundle does not say which data it was trained on; give the data.")
    recipe = Recipe.of(**bundle.info.get("recipe", {})).but(**settings)
    if isinstance(data, str):
        recipe = recipe.but(data=data)
    try:
        source = data if isinstance(data, Source) else open_source(recipe, listener)
    except UnknownName as error:
        if data is not None:
            raise
        raise UsageError(f"{error} For a network trained on arrays, give their source.") from error
    _check_classes(bundle, source)
    dataset = load(source, bundle.preprocessing, recipe, listener)
    notes = list(dataset.notes)
    if data is None and trained_on and dataset.checksum != trained_on["checksum"]:
        notes.append(f"{source.name} has changed since the training; its test {source.noun}s may be others.")
    return dataset, tuple(notes)


def _check_classes(bundle: Bundle, source: Source) -> None:
    if tuple(source.classes) == bundle.classes:
        return
    missing = sorted(set(bundle.classes) - set(source.classes))
    extra = sorted(set(source.classes) - set(bundle.classes))
    raise DataError(
        f"{source.name} does not have the classes of the bundle: "
        f"missing {', '.join(missing) or 'none'}; unknown to the network {', '.join(extra) or 'none'}."
    )
