"""Some training pictures as a network will see them, epoch by epoch; nothing is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data import Dataset, Preprocessing
from ..data.augmentation import Augmentation
from ..errors import UsageError
from ..recipe import Recipe
from .engines.moves import EpochMoves
from .prepare import load, open_source, prepare_inputs
from .progress import Progress


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as it is in one epoch, uint8 (H, W, C), and what was drawn for it."""

    epoch: int
    image: np.ndarray
    drawn: dict[str, Any]


@dataclass(frozen=True, eq=False)
class Picture:
    """A training picture, at its position in the training part, before anything happens to it, and after."""

    name: str
    label: int
    position: int
    image: np.ndarray  # uint8 (H, W, C)
    epochs: tuple[Seen, ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """What is to be shown: the data set as `train` would read it, and some pictures of each class."""

    dataset: Dataset
    preprocessing: Preprocessing
    natural_size: tuple[int, int] | None  # (height, width) before preprocessing; None: they differ
    recipe: Recipe  # with a number for each move
    augmentation: Augmentation
    notes: tuple[str, ...]
    pictures: tuple[Picture, ...]  # class by class


def show(recipe: Recipe, progress: Progress, *, count: int | None, epochs: int, classes: int) -> Shown:
    """`count` pictures of each of the first `classes` classes, spread over them, in the first epochs.

    Without a `count` it is 2, or 8 where nothing happens to the pictures. Raises as `train` does for data
    and settings, and `UsageError` for what are no pictures.
    """
    source = open_source(recipe, progress)
    inputs = prepare_inputs(recipe, recipe.net, source)
    recipe, preprocessing, notes = inputs.recipe, inputs.preprocessing, inputs.notes
    if not isinstance(preprocessing, Preprocessing):
        raise UsageError(f"{source.name} has signals, and a sheet is made of pictures.")
    dataset = load(source, preprocessing, recipe, progress)
    moves = EpochMoves(dataset, recipe)
    if count is None:
        count = 2 if moves.augmentation else 8
    positions: list[int] = []
    for label in range(min(classes, len(dataset.classes))):
        of_class = np.flatnonzero(dataset.train.labels == label)
        spread = np.linspace(0, len(of_class) - 1, min(count, len(of_class))).round().astype(int)
        positions += of_class[spread].tolist()
    seen = [_seen(dataset, moves, positions, epoch) for epoch in range(1, epochs + 1) if moves.augmentation]
    train = dataset.train
    pictures = tuple(
        Picture(
            train.names[position],
            int(train.labels[position]),
            position,
            train.images[position],
            tuple(epoch[number] for epoch in seen),
        )
        for number, position in enumerate(positions)
    )
    return Shown(
        dataset, preprocessing, source.size, recipe, moves.augmentation, (*dataset.notes, *notes), pictures
    )


def _seen(dataset: Dataset, moves: EpochMoves, positions: list[int], epoch: int) -> list[Seen]:
    table = moves.table(epoch)
    assert table is not None
    images = moves.augmentation.apply(dataset.train.images, table, np.array(positions, dtype=np.int64))
    drawn = [moves.augmentation.described(table[position]) for position in positions]
    for one in drawn:
        if "partner" in one:
            one["partner_class"] = dataset.classes[dataset.train.labels[one["partner"]]]
    return [Seen(epoch, image, one) for image, one in zip(images, drawn, strict=True)]
