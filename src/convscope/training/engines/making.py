"""The engine that a prepared run trains with, made: lanes or torch, for the network or its last layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...data import Dataset
from ...graph import Graph
from ...recipe import Recipe
from ..prepare import Prepared
from ..progress import Progress
from ..schedule import rate_ratios
from .engine import Engine

if TYPE_CHECKING:
    from torch import nn


def make_engine(prepared: Prepared, progress: Progress) -> Engine:
    """The engine that `prepare` chose; with `freeze`, behind the features of all pictures."""
    network, dataset, recipe = prepared.network, prepared.dataset, prepared.recipe
    if not recipe.freeze:
        return _engine(network.graph, network.weights, network.to_module, dataset, recipe)
    from .frozen_trunk import FrozenTrunk

    def of_head(graph: Graph, weights: Mapping[str, np.ndarray], features: Dataset) -> Engine:
        return _engine(graph, weights, lambda: graph.to_module(weights), features, recipe)

    assert network.graph is not None
    return FrozenTrunk(network.graph, network.weights, dataset, recipe, of_head, progress.reading)


def _engine(
    graph: Graph | None,
    weights: Mapping[str, np.ndarray],
    to_module: Callable[[], nn.Module],
    dataset: Dataset,
    recipe: Recipe,
) -> Engine:
    assert recipe.lr is not None
    ratios = rate_ratios(graph, recipe.lr, recipe.trunk_lr) if graph is not None else {}
    if recipe.engine == "lanes":
        from .lanes_engine import LanesEngine

        assert graph is not None
        return LanesEngine(graph, weights, dataset, recipe, ratios=ratios)
    from .torch_engine import TorchEngine  # imports torch, which the other does without

    return TorchEngine(to_module(), dataset, recipe, ratios=ratios)
