"""The whole graph as calls of C functions. What each operation means is in `graph/torch_layers.py`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...errors import UnsupportedOperation
from ...graph import Graph
from ..entrance import Entrance
from . import layers, pointwise, shapes, windows  # noqa: F401  (each writes its operations)
from .lowering import WRITERS, Lowering
from .steps import Listing


def lower(graph: Graph, weights: Mapping[str, np.ndarray], entrance: Entrance, outputs: str) -> Listing:
    """The calls from what enters to the probabilities; `outputs` says what the graph gives.

    Raises `UnsupportedOperation` for what has no C function, `DataError` for weights that are not finite.
    """
    lowering = Lowering(graph, weights)
    lowering.enter(entrance)
    for node in graph.nodes[1:]:
        if node.name in lowering.folded:
            continue
        if node.operation not in WRITERS:
            raise UnsupportedOperation(f"{node.name!r} ({node.operation}) has no C function.")
        WRITERS[node.operation](lowering, node)
    lowering.leave(outputs)
    return lowering.listing
