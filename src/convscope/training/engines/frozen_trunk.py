"""Training the head alone: each picture goes through the frozen trunk once, and its features are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from ... import inference
from ...data import Dataset, Preprocessing
from ...data.memory import allocate
from ...graph import Graph
from ...graph.head import cut
from ...inference import Forward
from ...recipe import Recipe
from .engine import Engine, StepFigures
from .state import State

Weights = Mapping[str, np.ndarray]
AT_ONCE = 64  # pictures between two words of progress


class FrozenTrunk:
    """Trains a graph's head with another engine, which `make` makes, on the features of the pictures.

    The features are computed when they are first needed, by the trunk in eval mode, and again only where
    other weights are set. Weights and state are those of the whole network. See `Engine`.
    """

    def __init__(
        self,
        graph: Graph,
        weights: Weights,
        dataset: Dataset,
        recipe: Recipe,
        make: Callable[[Graph, Weights, Dataset], Engine],
        reading: Callable[[str, int, int | None], None],
    ) -> None:
        self.name: str = recipe.engine
        self.graph, self.parts = graph, cut(graph)
        self.dataset, self.device = dataset, recipe.device
        self.make, self.reading = make, reading
        self.trunk = {name: weights[name] for name in self.parts.trunk.parameters}
        self.first_head = {name: weights[name] for name in self.parts.head.parameters}
        self._head: Engine | None = None
        self._forward: Forward | None = None
        self._validation: np.ndarray | None = None  # features

    def train(
        self, batches: Sequence[np.ndarray], learning_rates: Sequence[float], *, epoch: int, first_step: int
    ) -> Iterator[StepFigures]:
        yield from self.head.train(batches, learning_rates, epoch=epoch, first_step=first_step)

    def logits(self, images: np.ndarray) -> np.ndarray:
        head, validation = self.head, self.dataset.validation
        kept = self._validation if validation is not None and images is validation.images else None
        return head.logits(self.features(images) if kept is None else kept)

    def weights(self) -> dict[str, np.ndarray]:
        head = self._head.weights() if self._head is not None else self.first_head
        together = {**self.trunk, **head}
        return {name: together[name].copy() for name in self.graph.parameters}

    def set_weights(self, weights: Weights) -> None:
        self._set_trunk(weights)
        self.head.set_weights({name: weights[name] for name in self.parts.head.parameters})

    def state(self) -> dict[str, np.ndarray]:
        return {f"weight/{name}": value.copy() for name, value in self.trunk.items()} | self.head.state()

    def set_state(self, state: Weights) -> None:
        self._set_trunk(State.of_arrays(state, self.graph.parameters, (), moments=0).weights)
        self.head.set_state(state)

    @property
    def head(self) -> Engine:
        """The engine that trains the head, with the features of all pictures."""
        if self._head is None:
            dataset = self.dataset
            train = replace(dataset.train, images=self.features(dataset.train.images, "training"))
            validation = dataset.validation
            if validation is not None:
                self._validation = self.features(validation.images, "validation")
                validation = replace(validation, images=self._validation)
            known = cast(Preprocessing, AsTheyAre())
            features = replace(dataset, preprocessing=known, train=train, validation=validation)
            self._head = self.make(self.parts.head, self.first_head, features)
        return self._head

    def features(self, images: np.ndarray, part: str = "") -> np.ndarray:
        """uint8 (N, H, W, C) → float32 (N, ...), what the trunk gives in eval mode."""
        features = allocate((len(images), *self.parts.trunk.output_shape), np.float32)
        for start in range(0, len(images), AT_ONCE):
            block = images[start : start + AT_ONCE]
            features[start : start + len(block)] = self._through_trunk(block)
            if part:
                self.reading(f"{part} pictures through the trunk", start + len(block), len(images))
        return features

    def _through_trunk(self, images: np.ndarray) -> np.ndarray:
        if self._forward is None:
            graph, weights, preprocessing = self.parts.trunk, self.trunk, self.dataset.preprocessing
            if self.device == "cpu":
                to_module = lambda: graph.to_module(weights).eval()  # noqa: E731
                self._forward = inference.forward(graph, weights, preprocessing, to_module)
            else:
                module = graph.to_module(weights).eval().to(self.device)
                self._forward = lambda x: inference.logits(module, preprocessing, x, device=self.device)
        return self._forward(images)

    def _set_trunk(self, weights: Weights) -> None:
        if all(np.array_equal(weights[name], value) for name, value in self.trunk.items()):
            return
        head = self._head.state() if self._head is not None else None
        self.trunk = {name: np.array(weights[name]) for name in self.trunk}
        self._head = self._forward = self._validation = None
        if head is not None:
            self.head.set_state(head)


class AsTheyAre:
    """The preprocessing of features: they go into the head as they are kept."""

    fill = 0

    def batch(self, features: np.ndarray) -> np.ndarray:
        return features
