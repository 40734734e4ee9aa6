"""Before training: the data opened and split, the network made, and every open choice of the recipe made."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import data as datasets
from .. import native, nets
from ..data import Dataset, Preprocessing, Source
from ..errors import UsageError
from .choice import choose_engine
from .loop import batch_starts
from .network import Network, is_own, open_network
from .progress import Progress
from .recipe import Recipe

STEPS = 4000  # a training run's default length; an epoch is counted whole
FEWEST_EPOCHS, MOST_EPOCHS = 5, 20
PEAK_RATES = {"sgd": 0.1, "adam": 0.005, "adamw": 0.005}  # of cosine and one-cycle
CONSTANT_RATES = {"sgd": 0.01, "adam": 0.001, "adamw": 0.001}
WEIGHT_DECAYS = {"sgd": 0.0, "adam": 0.0, "adamw": 0.01}  # PyTorch's defaults


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data, network and the recipe with every choice made: ready to train."""

    recipe: Recipe
    dataset: Dataset
    network: Network
    notes: tuple[str, ...]


def prepare(recipe: Recipe, net: Any, progress: Progress, *, source: Source | None = None) -> Prepared:
    """Open the data, choose what the recipe leaves open, make the network and read the pictures.

    `net` is what `open_network` takes, or None for the default; `source` is the recipe's data where it is
    open already. The network comes before the pictures: a size it cannot take is said before thousands of
    them are read.
    """
    if source is None:
        source = open_source(recipe, progress)
    preprocessing = source.default_preprocessing(
        size=recipe.size, channels=recipe.channels, resize=recipe.resize, invert=recipe.invert
    )
    notes = []
    if net is None:
        net = default_net(source, preprocessing)
        recipe = recipe.but(net=net)
    if recipe.size is None and not is_own(net):
        before = (preprocessing.height, preprocessing.width)
        height, width = nets.fitting_size(net, preprocessing.channels, before)
        if (height, width) != before:
            preprocessing = preprocessing.model_copy(update={"height": height, "width": width})
            notes.append(
                f"pictures are enlarged from {before[0]}×{before[1]} to {height}×{width}, which {net} needs."
            )
    _check_augmentation(recipe, preprocessing)
    network = open_network(net, preprocessing.input_shape, len(source.classes), seed=recipe.seed)
    engine, why = choose_engine(recipe, network.graph, network.name)
    recipe = recipe.but(engine=engine)
    notes += [why] if why else []
    dataset = load(source, preprocessing, recipe, progress)
    if recipe.early_stopping and dataset.validation is None:
        raise UsageError("--early-stopping needs validation pictures; give --validation 0.1, say.")
    cores = os.cpu_count() or 1
    if recipe.threads and recipe.threads > cores:
        notes.append(f"--threads {recipe.threads} on {cores} cores would only wait; {cores} are used.")
        recipe = recipe.but(threads=cores)
    if dataset.test is None and dataset.validation is None:
        notes.append("no test and no validation pictures: the final figures are of the training pictures.")
    return Prepared(_resolve(recipe, network, dataset), dataset, network, (*dataset.notes, *notes))


def _check_augmentation(recipe: Recipe, preprocessing: Preprocessing) -> None:
    """Raises `UsageError` for moves that leave nothing of a picture."""
    height, width = preprocessing.height, preprocessing.width
    for name in ("shift", "crop", "cutout"):
        pixels = getattr(recipe, name)
        if pixels >= min(height, width):
            raise UsageError(f"--{name} {pixels} is too much for pictures of {height}×{width}.")


def open_source(recipe: Recipe, progress: Progress) -> Source:
    """The data set that the recipe names."""
    return datasets.open_source(
        recipe.data, data_dir=recipe.data_dir, strict=recipe.strict, progress=progress.reading
    )


def load(source: Source, preprocessing: Preprocessing, recipe: Recipe, progress: Progress) -> Dataset:
    """The data set, split as the recipe says; with `normalize`, by the training part's mean and deviation."""
    dataset = datasets.load(
        source,
        preprocessing,
        validation=recipe.validation,
        test_fraction=recipe.test_fraction,
        seed=recipe.seed,
        progress=progress.reading,
    )
    if recipe.normalize and preprocessing.mean is None:
        measured = datasets.with_statistics(preprocessing, dataset.train.images)
        dataset = replace(dataset, preprocessing=measured)
    return dataset


def default_net(source: Source, preprocessing: Preprocessing) -> str:
    """`convnet-bn` for small grey pictures that are no photos, `resnet-8` for the others."""
    small = max(preprocessing.height, preprocessing.width) <= 32
    return "convnet-bn" if small and preprocessing.channels == 1 and not source.is_photos else "resnet-8"


def _resolve(recipe: Recipe, network: Network, dataset: Dataset) -> Recipe:
    """The recipe with a value for everything that it left open and that a replay needs."""
    preprocessing = dataset.preprocessing
    steps = len(batch_starts(len(dataset.train), recipe.batch_size))
    rates = CONSTANT_RATES if recipe.schedule == "constant" else PEAK_RATES
    path = Path(recipe.data).expanduser()
    is_path = recipe.data not in datasets.catalogue() and path.exists()
    return recipe.but(
        data=str(path.resolve()) if is_path else recipe.data,
        data_dir=str(Path(recipe.data_dir).expanduser().resolve()) if recipe.data_dir else None,
        net=recipe.net or network.name,
        size=(preprocessing.height, preprocessing.width),
        channels=preprocessing.channels,
        resize=preprocessing.resize,
        epochs=recipe.epochs or min(max(round(STEPS / steps), FEWEST_EPOCHS), MOST_EPOCHS),
        lr=recipe.lr or rates[recipe.optimizer],
        threads=recipe.threads or _default_threads(recipe, network),
        weight_decay=WEIGHT_DECAYS[recipe.optimizer] if recipe.weight_decay is None else recipe.weight_decay,
    )


def _default_threads(recipe: Recipe, network: Network) -> int:
    if recipe.engine == "lanes":
        return native.cores()
    from .torch_engine import default_threads

    return default_threads(network.graph, recipe.batch_size)
