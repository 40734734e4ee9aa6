"""A network's forward pass on the native engine, as a function of batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import native
from .given import Array, Inputs, Net, as_arrays, as_pictures, graph_and_weights, like
from .network import Network
from .settings import thread_count


class Compiled:
    """Calls like a function: float32 (N, C, H, W) or (N, C, L) → float32 (N, classes), in eval mode.

    Tensors in, tensors out; arrays in, arrays out. No gradients flow. A maximum does not pass a NaN on as
    PyTorch's does. Made by `compile`.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.graph = network.graph

    def executed_flops(self) -> int:
        """Floating-point operations for one picture, as `Plan.operations` counts them."""
        return self._network.plan.operations

    def __repr__(self) -> str:
        return f"Compiled({self.graph.name!r}, inputs of {self.graph.input_shape})"

    def __call__(self, images: Array) -> Any:
        return like(self._network.outputs(as_pictures(images)), images)

    def set_weights(self, weights: Mapping[str, Array]) -> None:
        """Take other weights by name, such as `module.state_dict()` after more training.

        Raises `ShapeError` naming one that is missing or of another shape.
        """
        self._network.set_weights(as_arrays(weights))


def compile(
    net: Net,
    example: Inputs | None = None,
    *,
    weights: Mapping[str, Array] | None = None,
    threads: int | None = None,
) -> Compiled:
    """The forward pass of `net` on the native CPU engine, batch norms folded, for batches of any size.

    `net` is an `nn.Module`, a `Graph` or a `Bundle`; a module needs an `example` of its inputs, a batch
    (N, C, H, W) or (N, C, L) whose values do not matter, or the shape (C, H, W) or (C, L) of one. The
    weights are copied: those of `weights` by name, else the network's own (fresh ones for a graph alone);
    what changes in the module afterwards is not seen, `set_weights` brings it over. `threads` is all cores
    where it is not given; the bits do not depend on it. A bundle's network takes what its
    `preprocessing.batch` gives.

    Raises `UnsupportedOperation` naming the layer that the graph or the engine cannot do, `ShapeError` for an
    example that the network does not take, `UsageError` for arguments that no network could use, and
    `ConvscopeError` where the engine is not available.

    >>> import numpy as np
    >>> from convscope import nets
    >>> classify = compile(nets.graph("simple-cnn-4-8"))
    >>> classify(np.zeros((3, 1, 28, 28), dtype=np.float32)).shape
    (3, 10)
    """
    native.module()  # says why it is not there, before a module is traced
    count = thread_count(threads)
    graph, own = graph_and_weights(net, example, weights)
    return Compiled(Network(graph, own, training=False, threads=count))
