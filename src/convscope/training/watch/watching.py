"""A training watched: when there is a snapshot of its filters and feature maps. It changes nothing of it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from ...columns import in_bytes
from ...errors import ConvscopeError, DataError
from ...look import activations
from ...look.inside.snapshot import Snapshot, Watched, file_name, steps_in
from ...runs.state import WATCH
from ..batches import batch_starts
from ..finishing import Weights
from ..loop import Loop
from ..prepare import Prepared
from .watched import chosen_pictures, kept_maps, watched_layers

SNAPSHOTS = 60  # about, where the recipe does not say how many


def stops_of(total: int, every: int | None) -> list[int]:
    """After how many of `total` steps there is a snapshot, 0 and `total` among them.

    Without `every` the i-th of n is at total · (i / n)², because a network changes most in the beginning.

    >>> stops_of(100, 40)
    [0, 40, 80, 100]
    >>> stops_of(4000, None)[:8], len(stops_of(4000, None))
    ([0, 1, 4, 10, 18, 28, 40, 54], 61)
    """
    if every is not None:
        return [*range(0, total, every), total]
    return sorted({round(total * (i / SNAPSHOTS) ** 2) for i in range(SNAPSHOTS + 1)})


class Watch:
    """Takes the snapshots of a training in a run directory.

    The pictures are of the validation part, else of the training part, as a network sees them when it
    predicts: without augmentation.
    """

    def __init__(self, run: Path, prepared: Prepared) -> None:
        recipe, dataset, network = prepared.recipe, prepared.dataset, prepared.network
        assert network.graph is not None
        assert recipe.epochs is not None
        from threadpoolctl import ThreadpoolController  # who does not watch waits for no import

        self.folder, self.graph = run / WATCH, network.graph
        part = dataset.validation or dataset.train
        chosen = chosen_pictures(part.labels)
        steps = len(batch_starts(len(dataset.train), recipe.batch_size))
        self.watched = Watched(
            net=network.name,
            data=dataset.name,
            noun=dataset.preprocessing.noun,
            layers=watched_layers(network),
            images=part.images[chosen],
            labels=tuple(dataset.classes[part.labels[position]] for position in chosen),
            names=tuple(str(part.names[position]) for position in chosen),
            epochs=recipe.epochs,
            steps_of_epoch=steps,
            planned=tuple(stops_of(steps * recipe.epochs, recipe.watch_every)),
        )
        self.planned = frozenset(self.watched.planned)
        self.pools = ThreadpoolController()
        self.inputs = np.ascontiguousarray(dataset.preprocessing.batch(self.watched.images))

    @property
    def announcement(self) -> str:
        """What is kept, how often, and how much that takes."""
        watched, pictures = self.watched, len(self.watched.images)
        size = sum(
            4 * math.prod(layer.filters_shape) + 2 * pictures * math.prod(layer.maps_shape)
            for layer in watched.layers
        )
        count = len(watched.planned)
        layers, pictures_of = (
            f"{number} {noun}{'s' * (number != 1)}"
            for number, noun in ((len(watched.layers), "layer"), (pictures, watched.noun))
        )
        return f"Watching {layers} with {pictures_of}: {count:,} snapshots, {in_bytes(count * size)}."

    def begin(self, step: int | None) -> None:
        """Make the folder ready to go on from a checkpoint after so many steps; None begins anew."""
        try:
            self.folder.mkdir(exist_ok=True)
            for later in steps_in(self.folder):
                if step is None or later > step:
                    (self.folder / file_name(later)).unlink()
        except OSError as error:
            raise ConvscopeError(f"cannot write in {self.folder}: {error.strerror}.") from error
        self.watched.save(self.folder)

    def look(self, loop: Loop) -> None:
        """Take a snapshot where it is time for one, and there is none yet."""
        step = loop.first_step
        if (step in self.planned or loop.over) and not (self.folder / file_name(step)).is_file():
            self._snapshot(loop, loop.engine.weights()).save(self.folder)

    def _snapshot(self, loop: Loop, weights: Weights) -> Snapshot:
        standing = loop.standing
        epoch, loss, accuracy = standing.epoch - 1, None, None
        if standing.steps:
            epoch = standing.epoch
            loss, accuracy = standing.loss_sum / standing.steps, standing.correct / standing.pictures
        elif standing.history:
            loss, accuracy = standing.history[-1].train_loss, standing.history[-1].train_accuracy
        try:
            with self.pools.limit(limits=1, user_api="blas"):  # its threads would wait for the engine's
                outputs = activations(self.graph, weights, self.inputs)
        except DataError:  # weights that are not finite: the next loss will say so
            outputs = None
        filters, maps = {}, {}
        for layer in self.watched.layers:
            node = self.graph[layer.name]
            count, inputs, *_ = layer.filters_shape
            filters[layer.name] = weights[node.parameters["weight"]][:count, :inputs]
            if outputs is None:
                maps[layer.name] = np.full((len(self.inputs), *layer.maps_shape), np.nan, np.float32)
            else:
                maps[layer.name] = kept_maps(outputs[layer.nodes[-1]], layer)
        return Snapshot(loop.first_step, epoch, loss, accuracy, filters, maps)
