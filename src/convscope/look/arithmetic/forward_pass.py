"""One picture through a network: every number of every layer, and why each is what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...errors import UnsupportedOperation
from ...graph import Graph
from ...graph.graph import Node
from ...graph.pixels_seen import pixels_seen, unclipped
from ...graph.receptive_field import ReceptiveField, receptive_fields
from ..inside.activations import ACTIVATIONS, activations
from ..inside.seen import Seen
from . import of_layers, of_windows  # noqa: F401  (each registers its operations)
from .cell import Cell
from .pixel import about_pixel, pixel_steps
from .terms import Numbers, arithmetic
from .why import Sight, Why

if TYPE_CHECKING:
    from ...bundle import Bundle

PROBABILITY = "probability"  # the layer that is added behind a network whose outputs are logits


class ForwardPass:
    """What a network computes for one picture, kept so that one number after the other can be asked for.

    picture: whatever `bundle.predict` takes as one, or what `seen` says of one. `stored` is the picture as
    the bundle stores it, `outputs` every layer's numbers without the batch, float32, by the names of `graph`.
    That is the bundle's, with a last layer `probability` where its outputs are logits. Raises as `why` does.
    """

    def __init__(self, bundle: Bundle, picture: Any) -> None:
        if bundle.graph is None:
            raise UnsupportedOperation(
                f"the network {bundle.net} is an exported program, not layers that convscope knows, so its "
                "numbers cannot be taken apart; predict, eval and attributions work with it."
            )
        self.bundle = bundle
        self.graph = with_probabilities(bundle.graph, bundle.outputs)
        self.stored = picture.stored if isinstance(picture, Seen) else bundle.preprocessing.one(picture)
        inputs = bundle.preprocessing.batch(self.stored[None])
        computed = activations(self.graph, bundle.weights, inputs)
        self.outputs = {name: values[0] for name, values in computed.items()}

    @cached_property
    def fields(self) -> dict[str, ReceptiveField]:
        """The receptive field of every layer, as `summary` states it."""
        return receptive_fields(self.graph)

    def value(self, place: Cell | str) -> float:
        """The number at a place."""
        cell = self.cell(place)
        return float(self.outputs[cell.layer][cell.index])

    def cell(self, place: Cell | str) -> Cell:
        """A place such as `conv2:3:5:7`, checked. Raises `UnknownName`, `UsageError` and `ShapeError`."""
        return Cell.parse(place, self.graph) if isinstance(place, str) else place.checked(self.graph)

    def why(self, place: Cell | str) -> Why:
        """The arithmetic of the number at a place."""
        cell = self.cell(place)
        node = self.graph[cell.layer]
        if node.operation == "input":
            return self._pixel(cell)
        answer = self._answer(cell, node, apart=False)
        if (
            not answer.agrees and len(answer.layers) > 1
        ):  # the rounding of a layer between shows in this number
            answer = self._answer(cell, node, apart=True)
        return answer

    def path(self, place: Cell | str) -> Iterator[Why]:
        """From a place down to the input, each time to the number that adds most (`Why.next`)."""
        following: Cell | str | None = place
        while following is not None:
            answer = self.why(following)
            yield answer
            following = answer.next

    def source(self, cell: Cell) -> Cell:
        """Where a number comes from unchanged: the place below layers that only move numbers."""
        while self.graph[cell.layer].operation in ("flatten", "reshape", "dropout", "dropout2d", "concat"):
            below = self.why(cell).next
            assert below is not None
            cell = below
        return cell

    def label(self, cell: Cell) -> str | None:
        """The class whose output a number is, of the outputs and of what makes probabilities of them."""
        last = self.graph[self.graph.output]
        softmax = last.operation in ("softmax", "log_softmax")
        if len(last.shape) != 1 or cell.layer not in (last.name, *(last.inputs if softmax else ())):
            return None
        return self.bundle.classes[cell.index[0]]

    def sight(self, cell: Cell) -> Sight:
        """What a number sees of the input."""
        field = self.fields[cell.layer]
        position = cell.index[1:]
        return Sight(
            field.size, field.whole, unclipped(field, position), pixels_seen(self.graph, cell.layer, position)
        )

    def followers(self, node: Node) -> tuple[str, ...]:
        """The layers that take a node's numbers next, on to the first that is no norm or activation."""
        names: list[str] = []
        while True:
            taking = [other for other in self.graph.nodes if node.name in other.inputs]
            names += [other.name for other in taking]
            if len(taking) != 1 or taking[0].operation not in ("batch_norm", *ACTIVATIONS):
                return tuple(names)
            node = taking[0]

    def _answer(self, cell: Cell, node: Node, *, apart: bool) -> Why:
        numbers = Numbers(self.graph, self.bundle.weights, self.outputs, apart)
        account = arithmetic(numbers, node, cell.index)
        return Why(
            cell,
            node.operation,
            self.value(cell),
            account.layers,
            account.windows,
            account.steps,
            self.sight(cell),
            account.folds,
            account.follow,
            self.followers(node),
            self.label(cell),
        )

    def _pixel(self, cell: Cell) -> Why:
        preprocessing = self.bundle.preprocessing
        answer = Why(
            cell,
            "input",
            self.value(cell),
            (cell.layer,),
            (),
            pixel_steps(preprocessing, self.stored, cell.index),
            self.sight(cell),
            followers=self.followers(self.graph[cell.layer]),
        )
        return replace(answer, about=about_pixel(preprocessing, cell.index))


def with_probabilities(graph: Graph, outputs: str) -> Graph:
    """The graph whose outputs are "logits" with a last layer that makes probabilities of them."""
    if outputs == "probabilities" or PROBABILITY in graph.by_name:
        return graph
    last = Node(PROBABILITY, "softmax", (graph.output,), {"dim": 1}, graph.output_shape, {})
    return Graph(graph.name, (*graph.nodes, last), PROBABILITY, graph.frozen)
