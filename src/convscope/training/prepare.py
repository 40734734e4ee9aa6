"""Before training: the data opened and split, the network made, and every open choice of the recipe made."""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import data as datasets
from .. import native, nets
from ..bundle import Bundle
from ..data import ArrayPreprocessing, Dataset, InputPreprocessing, Preprocessing, Source
from ..data.arrays import off_scale
from ..errors import ConvscopeWarning, UnsupportedOperation, UsageError
from ..graph import Graph
from ..graph.head import cut
from ..recipe import Recipe
from .augment import resolve_augmentation
from .batches import batch_starts
from .engines.choice import choose_engine
from .network import Network, is_own, open_network
from .progress import Progress
from .transfer.pretrained import expected_pictures, network_of, open_pretrained, origin
from .transfer.weights_file import WeightsFile, read_weights
from .uneven import uneven_note, weighted
from .watch.watched import watched_layers

ARRAYS = "arrays"  # what data are called that were given as such
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
    pretrained: dict[str, Any] | None = None  # where the first weights come from


def prepare(recipe: Recipe, net: Any, progress: Progress, *, source: Source | None = None) -> Prepared:
    """Open the data, choose what the recipe leaves open, make the network and read the pictures.

    `net` is what `open_network` takes, or None for the default; `source` is the recipe's data where it is
    open already. The network comes before the pictures: a size it cannot take is said before thousands of
    them are read.
    """
    begun = net.info.get("pretrained") if isinstance(net, Bundle) else None  # a run that is taken up again
    file = read_weights(recipe.pretrained) if recipe.pretrained is not None and begun is None else None
    if source is None:
        source = open_source(recipe, progress)
    inputs = prepare_inputs(recipe, net, source, file)
    recipe, preprocessing, notes = inputs.recipe, inputs.preprocessing, [*inputs.notes]
    if begun is not None:
        notes += begun["notes"]
    if is_own(inputs.net) or recipe.engine == "torch":
        progress.waiting("loading PyTorch" + (" and tracing the network" if is_own(inputs.net) else ""))
    if file is None:
        network = open_network(inputs.net, preprocessing.input_shape, len(source.classes), seed=recipe.seed)
    else:
        shape = preprocessing.input_shape
        network, taken = open_pretrained(file, inputs.net, shape, source.classes, seed=recipe.seed)
        notes += [inputs.expected, taken]
        begun = origin(file, (inputs.expected, taken))
    if not isinstance(inputs.net, str | Bundle):
        notes.append(f"{network.name} was given from Python, so recipe.toml alone does not replay the run.")
    if recipe.watches:
        watched_layers(network)  # raises for a network that has none
    trained = _trained(recipe, network)
    if recipe.freeze and file is None and not network.own:
        notes.append("what --freeze keeps has random weights; --pretrained begins with better ones.")
    engine, why = choose_engine(recipe, trained, network.name)
    recipe = recipe.but(engine=engine)
    notes += [why] if why else []
    dataset = weighted(load(source, preprocessing, recipe, progress), recipe)
    if note := uneven_note(dataset.train.labels, dataset.classes, recipe):
        notes.append(note)
    if recipe.early_stopping and dataset.validation is None:
        raise UsageError(f"--early-stopping needs validation {source.noun}s; give --validation 0.1, say.")
    cores = os.cpu_count() or 1
    if recipe.threads and recipe.threads > cores:
        notes.append(f"--threads {recipe.threads} on {cores} cores would only wait; {cores} are used.")
        recipe = recipe.but(threads=cores)
    if isinstance(dataset.preprocessing, ArrayPreprocessing) and dataset.preprocessing.mean is None:
        scale = off_scale(dataset.preprocessing.with_statistics(dataset.train.images))
        notes += [scale] if scale else []
    if dataset.test is None and dataset.validation is None:
        noun = source.noun
        notes.append(f"no test and no validation {noun}s: the final figures are of the training {noun}s.")
    recipe = _resolve(recipe, network, trained, dataset)
    if recipe.freeze and trained is not None:
        network = replace(network, parameters=trained.parameter_count)
    return Prepared(recipe, dataset, network, (*dataset.notes, *notes), begun)


@dataclass(frozen=True)
class Inputs:
    """What the inputs of a network become, before any is read.

    `recipe` has a number for each move of the augmentation; `expected` says what the file of weights that
    the training begins with was made for.
    """

    recipe: Recipe
    net: Any
    preprocessing: InputPreprocessing
    notes: tuple[str, ...]
    expected: str = ""


def prepare_inputs(recipe: Recipe, net: Any, source: Source, file: WeightsFile | None = None) -> Inputs:
    """What pictures or signals become, with which augmentation, and for which network."""
    preprocessing = source.default_preprocessing(
        size=recipe.size, channels=recipe.channels, resize=recipe.resize, invert=recipe.invert
    )
    notes: list[str] = []
    expected = ""
    if isinstance(net, Bundle):  # of a run that is taken up again
        preprocessing = net.preprocessing if "pretrained" in net.info else preprocessing
    if file is not None:
        recipe = recipe.but(pretrained=file.pinned)
        net = network_of(file) if net is None else net
        preprocessing, expected = expected_pictures(file, net, source, recipe)
    if net is None:
        net = default_net(source, preprocessing)
    if isinstance(net, str):
        recipe = recipe.but(net=net)
    if isinstance(preprocessing, Preprocessing) and recipe.size is None and net in nets.names():
        before = (preprocessing.height, preprocessing.width)
        height, width = nets.fitting_size(net, preprocessing.channels, before)
        if (height, width) != before:
            preprocessing = preprocessing.model_copy(update={"height": height, "width": width})
            notes.append(
                f"pictures are enlarged from {before[0]}×{before[1]} to {height}×{width}, which {net} needs."
            )
    recipe, chosen = resolve_augmentation(recipe, source.subject, preprocessing)
    return Inputs(recipe, net, preprocessing, (*notes, *chosen), expected)


def _trained(recipe: Recipe, network: Network) -> Graph | None:
    """What the engine trains, the network or its last layer; None where it has no graph.

    Raises `UnsupportedOperation` where a setting needs a trunk and a last layer, and there are none.
    """
    if not recipe.freeze and recipe.trunk_lr is None:
        return network.graph
    if network.graph is None:
        raise UnsupportedOperation(
            f"{network.name} is not in convscope's graph, so that its last layer is not known; "
            f"leave out --{'freeze' if recipe.freeze else 'trunk-lr'}."
        )
    parts = cut(network.graph)
    return parts.head if recipe.freeze else network.graph


def prepare_aloud(
    recipe: Recipe, net: Any, progress: Progress, *, source: Source | None = None, unsaid: str = ""
) -> Prepared:
    """`prepare`, with convscope's warnings and the notes but `unsaid` told to `progress`, once each.

    Others' warnings stay warnings.
    """
    caught: list[warnings.WarningMessage] = []
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvscopeWarning)
            prepared = prepare(recipe, net, progress, source=source)
    finally:  # also where it fails: a warning may say why
        told = []
        for warning in caught:
            if isinstance(warning.message, ConvscopeWarning):
                told.append(f"warning: {warning.message}")
                progress.note(told[-1])
            else:
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
    for sentence in prepared.notes:
        if sentence != unsaid:
            progress.note(f"note: {sentence}")
    return replace(prepared, notes=(*told, *prepared.notes))


def open_source(recipe: Recipe, progress: Progress, *, fewest_classes: int = 2) -> Source:
    """The data set that the recipe names."""
    return datasets.open_source(
        recipe.data,
        data_dir=recipe.data_dir,
        strict=recipe.strict,
        progress=progress.reading,
        fewest_classes=fewest_classes,
    )


def load(source: Source, preprocessing: InputPreprocessing, recipe: Recipe, progress: Progress) -> Dataset:
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
        measured = preprocessing.with_statistics(dataset.train.images)
        dataset = replace(dataset, preprocessing=measured)
    return dataset


def default_net(source: Source, preprocessing: InputPreprocessing) -> str:
    """`convnet-bn` for small grey pictures that are no photos, `resnet-8` for the others; 1-D for signals."""
    if not isinstance(preprocessing, Preprocessing):
        return "simple-cnn-1d"
    small = max(preprocessing.height, preprocessing.width) <= 32
    return "convnet-bn" if small and preprocessing.channels == 1 and not source.subject.photos else "resnet-8"


def _resolve(recipe: Recipe, network: Network, trained: Graph | None, dataset: Dataset) -> Recipe:
    """The recipe with a value for everything that it left open and that a replay needs."""
    preprocessing = dataset.preprocessing
    path, named = Path(recipe.data).expanduser(), recipe.data in datasets.catalogue()
    of_pictures = {}
    if isinstance(preprocessing, Preprocessing):
        of_pictures = {
            "size": (preprocessing.height, preprocessing.width),
            "channels": preprocessing.channels,
            "resize": preprocessing.resize,
        }
    recipe = with_defaults(recipe, trained, len(dataset.train))
    return recipe.but(
        data=str(path.resolve()) if path.exists() and not named else recipe.data,
        data_dir=str(Path(recipe.data_dir).expanduser().resolve()) if recipe.data_dir else None,
        net=recipe.net or network.name,
        **of_pictures,
    )


def with_defaults(recipe: Recipe, trained: Graph | None, count: int, *, fewest_steps: int = 0) -> Recipe:
    """The recipe with its open numbers chosen, for `count` training pictures and at least so many steps."""
    steps = len(batch_starts(count, recipe.batch_size))  # of an epoch
    usual = min(max(round(STEPS / steps), FEWEST_EPOCHS), MOST_EPOCHS)
    rates = CONSTANT_RATES if recipe.schedule == "constant" else PEAK_RATES
    return recipe.but(
        epochs=recipe.epochs or max(usual, math.ceil(fewest_steps / steps)),
        lr=recipe.lr or rates[recipe.optimizer],
        threads=recipe.threads or _default_threads(recipe, trained),
        weight_decay=WEIGHT_DECAYS[recipe.optimizer] if recipe.weight_decay is None else recipe.weight_decay,
    )


def _default_threads(recipe: Recipe, graph: Graph | None) -> int:
    if recipe.engine == "lanes":
        return native.cores()
    from .engines.torch_engine import default_threads

    return default_threads(graph, recipe.batch_size)
