"""Networks that judge pictures they have not seen: a data set in folds, one training for each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ... import inference
from ...data import Dataset, Split
from ...data.memory import allocate, take
from ...data.source import Names
from ...errors import DataError, UnsupportedOperation, UsageError
from ...graph.head import cut
from ...inference import Forward
from ...metrics import probabilities
from ...recipe import MOVES, Recipe
from ..engines.engine import Engine
from ..engines.making import make_engine
from ..loop import Loop
from ..prepare import Prepared
from ..progress import Progress, SeriesProgress
from ..uneven import weighted

PARTS = ("train", "validation", "test")
AT_ONCE = 1024  # pictures through the trunk


@dataclass(frozen=True, eq=False)
class Whole:
    """All pictures of a data set in one row: those of training, of validation, of the test."""

    dataset: Dataset
    images: np.ndarray
    labels: np.ndarray
    starts: dict[str, int]  # where each part begins

    @classmethod
    def of(cls, dataset: Dataset) -> Whole:
        """The parts of a data set one behind the other."""
        splits = _parts(dataset)
        count = sum(map(len, splits.values()))
        images = dataset.train.images
        if len(splits) > 1:
            images = allocate((count, *images.shape[1:]), images.dtype)
        starts, start = {}, 0
        for part, split in splits.items():
            if len(splits) > 1:
                images[start : start + len(split)] = split.images
            starts[part], start = start, start + len(split)
        labels = np.concatenate([split.labels for split in splits.values()])
        return cls(dataset, images, labels, starts)

    def __len__(self) -> int:
        return len(self.labels)

    def place(self, position: int) -> tuple[str, int, str]:
        """The part of a picture, its position there, and its name."""
        part = [part for part, start in self.starts.items() if start <= position][-1]
        within = position - self.starts[part]
        return part, within, _parts(self.dataset)[part].names[within]


@dataclass(frozen=True, eq=False)
class Judged:
    """What one network says of the pictures at positions `held`, none of which was in its training.

    `features` (H, F) are theirs before the last layer, `known` (R, F) those of `others`, some of the
    pictures that it was trained on.
    """

    held: np.ndarray
    trained: np.ndarray
    probabilities: np.ndarray  # float32 (H, classes)
    features: np.ndarray
    others: np.ndarray
    known: np.ndarray


def check_classes(classes: Sequence[str]) -> None:
    """Raises `DataError` where there is nothing that a network could tell apart."""
    if len(classes) < 2:
        raise DataError(
            f"there is one class, {classes[0]!r}, and a network judges pictures of two or more; "
            "--kind duplicate needs none."
        )


def assign_folds(labels: np.ndarray, folds: int, *, seed: int, classes: Sequence[str]) -> np.ndarray:
    """The fold (N,) of each picture, 0 to `folds` - 1: of each class as many in every fold, to within one.

    Raises `UsageError` for fewer than two folds, `DataError` for a class with fewer pictures than folds.

    >>> assign_folds(np.array([0, 0, 0, 1, 1, 1]), 3, seed=0, classes=["a", "b"])
    array([1, 2, 0, 2, 1, 0])
    """
    if folds < 2:
        raise UsageError(f"--folds {folds} should be 2 or more: a network judges what it has not seen.")
    counts = np.bincount(labels, minlength=len(classes))
    rarest = int(counts.argmin())
    if counts[rarest] < folds:
        few = int(counts[rarest])
        ways = "Add pictures, or leave the class out" if few < 2 else f"--folds {few}, or add pictures"
        raise DataError(
            f"class {classes[rarest]!r} has {few} of the pictures, and {folds} folds need {folds} of each "
            f"class. {ways}; --kind duplicate needs no folds."
        )
    random = np.random.default_rng(seed)
    fold = np.empty(len(labels), np.int64)
    dealt = 0  # so that the folds are of one size too
    for label in range(len(classes)):
        of_class = random.permutation(np.flatnonzero(labels == label))
        fold[of_class] = (dealt + np.arange(len(of_class))) % folds
        dealt += len(of_class)
    return fold


def judge(
    prepared: Prepared, whole: Whole, folds: int, progress: Progress, *, references: int
) -> Iterator[Judged]:
    """For each fold a network that was trained on the others, to the end of the recipe, and what it says.

    Pictures are not augmented, and none are held out of a training: its last weights count. At most
    `references` of a training's pictures have features. Raises as `assign_folds` does, and `UsageError` for
    first weights that come from a training on the same data.
    """
    recipe = out_of_fold_recipe(prepared.recipe)
    _check_first_weights(prepared)
    fold = assign_folds(whole.labels, folds, seed=recipe.seed, classes=prepared.dataset.classes)
    listener = SeriesProgress(progress, folds, "fold")
    for number in range(folds):
        held, trained = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        of_fold = replace(prepared, recipe=recipe, dataset=_without(whole, trained, recipe))
        started = time.perf_counter()
        engine = make_engine(of_fold, listener)
        _train(of_fold, engine, folds, listener)
        logits = engine.logits(take(whole.images, held))
        says = probabilities(logits) if prepared.network.outputs == "logits" else logits
        random = np.random.default_rng((recipe.seed, number))
        others = np.sort(random.permutation(trained)[:references])
        features = _features(of_fold, engine)
        yield Judged(
            held,
            trained,
            says,
            _through(features, whole.images, held),
            others,
            _through(features, whole.images, others),
        )
        agree = f"{(says.argmax(axis=1) == whole.labels[held]).mean():.1%}".replace("%", " %")
        seconds = time.perf_counter() - started
        listener.seed(
            f"fold {number + 1}/{folds}  {agree} of the labels as the network says  {seconds:.1f} s"
        )


def out_of_fold_recipe(recipe: Recipe) -> Recipe:
    """The same training on plain pictures, to its last epoch, with nothing held out."""
    return recipe.but(validation=0.0, early_stopping=None, keep="last", augment=False, **MOVES)


def _parts(dataset: Dataset) -> dict[str, Split]:
    splits = (dataset.train, dataset.validation, dataset.test)
    return {part: split for part, split in zip(PARTS, splits, strict=True) if split is not None}


def _without(whole: Whole, trained: np.ndarray, recipe: Recipe) -> Dataset:
    """A data set whose training part is some of the pictures, and that has nothing else."""
    split = Split(take(whole.images, trained), whole.labels[trained], Names("fold", trained))
    return weighted(replace(whole.dataset, train=split, validation=None, test=None), recipe)


def _train(prepared: Prepared, engine: Engine, folds: int, progress: Progress) -> None:
    recipe, network, dataset = prepared.recipe, prepared.network, prepared.dataset
    noun = dataset.preprocessing.noun
    progress.begin(
        f"Training {network.name} ({network.parameters:,} parameters) {folds} times on {dataset.name},\n"
        f"{len(dataset.train):,} {noun}s each, {recipe.epochs} epochs, {engine.name} engine; each network "
        f"judges the\n{noun}s that it has not seen.",
        recipe.epochs or 0,
    )
    try:
        for _ in Loop(engine, dataset, recipe, progress).run():
            pass
    finally:
        progress.end()


def _check_first_weights(prepared: Prepared) -> None:
    before = (prepared.pretrained or {}).get("data")
    if before and before.get("checksum") == prepared.dataset.checksum:
        name = prepared.dataset.name
        raise UsageError(
            f"the weights to begin with were trained on {name} itself and know its labels; give others."
        )


def _features(prepared: Prepared, engine: Engine) -> Forward:
    """What the layers before the last give; of a network that has no such layer, its outputs."""
    graph, dataset, recipe = prepared.network.graph, prepared.dataset, prepared.recipe
    try:
        trunk = cut(graph).trunk if graph is not None else None
    except UnsupportedOperation:
        trunk = None
    if trunk is None:
        return engine.logits
    weights = engine.weights()
    weights = {name: weights[name] for name in trunk.parameters}
    if recipe.device == "cpu":
        return inference.forward(
            trunk, weights, dataset.preprocessing, lambda: trunk.to_module(weights).eval()
        )
    module = trunk.to_module(weights).eval().to(recipe.device)
    return lambda images: inference.logits(module, dataset.preprocessing, images, device=recipe.device)


def _through(features: Forward, images: np.ndarray, positions: np.ndarray) -> np.ndarray:
    blocks = [
        features(images[positions[start : start + AT_ONCE]]) for start in range(0, len(positions), AT_ONCE)
    ]
    return np.concatenate([block.reshape(len(block), -1) for block in blocks])
