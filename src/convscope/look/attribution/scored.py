"""A bundle's network as a module that scores classes, as attributions want it: before the softmax."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...bundle import Bundle
from ...errors import DataError
from ...graph import Graph

if TYPE_CHECKING:
    from torch import nn

SOFTMAXES = ("softmax", "log_softmax")


@dataclass(frozen=True, eq=False)
class Scored:
    """The module in eval mode, what its outputs are, and its graph where it has one.

    Each node of the graph is a submodule of its own, under the node's name, however often a module or a
    function was used in the code that it was traced from.
    """

    module: nn.Module
    score: Literal["logit", "probability"]
    graph: Graph | None

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """The scores of a batch, float32 (N, classes), where no gradients are wanted: by the native engine
        where it has a plan."""
        return self._forward(inputs)

    @cached_property
    def _forward(self) -> Callable[[np.ndarray], np.ndarray]:
        import torch

        from ...graph.module import state_arrays
        from ...inference import plan_network

        plan = plan_network(self.graph, state_arrays(self.module))
        if plan is not None:
            return plan.outputs

        def by_torch(inputs: np.ndarray) -> np.ndarray:
            with torch.no_grad():
                result: np.ndarray = self.module(torch.from_numpy(inputs)).numpy()
            return result

        return by_torch


def scored(bundle: Bundle) -> Scored:
    """The network without a softmax at its end.

    A probability hardly changes where it is near 1, and rises when other classes fall; so attributions are of
    the logit wherever there is one (Simonyan et al. 2014, section 3). An exported program that ends in
    softmax does not show its logits. Raises `DataError` for weights that are not finite.
    """
    for name, values in bundle.weights.items():
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            raise DataError(f"the weights {name!r} are not all finite: the training diverged.")
    graph = bundle.graph
    if graph is None:
        return Scored(
            bundle.to_module(), "probability" if bundle.outputs == "probabilities" else "logit", None
        )
    last = graph[graph.output]
    if last.operation in SOFTMAXES:
        below = tuple(node for node in graph.nodes if node is not last)
        graph = dataclasses.replace(graph, nodes=below, output=last.inputs[0])
    return Scored(graph.to_module(bundle.weights).eval(), "logit", graph)


def randomised(network: Scored, seed: int) -> Scored:
    """The same layers with weights that have learnt nothing.

    Every tensor of two axes or more is drawn anew from a normal distribution around 0 with the tensor's own
    root mean square, so that the network's values keep their scale. Biases and the scales and statistics of
    normalisations stay.
    """
    import copy

    import torch

    module = copy.deepcopy(network.module)
    random = np.random.default_rng([seed, 0])
    for tensor in module.state_dict().values():
        if tensor.is_floating_point() and tensor.ndim >= 2:
            size = float(tensor.double().square().mean().sqrt())
            tensor.copy_(torch.from_numpy(random.normal(0.0, size, tuple(tensor.shape))))
    return dataclasses.replace(network, module=module)
