"""What a network is made of, layer by layer: shapes, parameters, work, memory, receptive field."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import Any

from ..columns import columns, in_bytes
from .graph import Graph, Node
from .operation import Shape, spell
from .receptive_field import ReceptiveField, receptive_fields

BYTES_PER_NUMBER = 4  # float32
HEADINGS = ("layer", "kind", "output", "params", "MACs", "memory", "sees")
NUMBERS = (3, 4, 5)  # the columns that are set to the right
COLUMNS = 80  # a table wider than a terminal is set closer


@dataclass(frozen=True, slots=True)
class Layer:
    """One row: sizes without the batch, work and memory for one picture."""

    name: str
    kind: str
    output_shape: Shape
    parameters: int  # trainable; a tensor shared with an earlier layer counts there
    macs: int  # multiply-accumulates of convolutions and linear layers
    activation_bytes: int  # float32 output
    receptive_field: ReceptiveField
    dense_parameters: int | None  # a linear layer between the same shapes; None where that is no comparison

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, with the receptive field's parts flat."""
        field = self.receptive_field
        return {
            "name": self.name, "kind": self.kind, "output_shape": list(self.output_shape),
            "parameters": self.parameters, "macs": self.macs, "activation_bytes": self.activation_bytes,
            "receptive_field": {
                "size": list(field.size), "jump": list(field.jump),
                "centre": list(field.centre), "whole": field.whole,
            },
            "dense_parameters": self.dense_parameters,
        }  # fmt: skip


@dataclass(frozen=True)
class Summary:
    """A network's layers and totals; prints as a table, shows as one in a notebook."""

    name: str
    input_shape: Shape
    layers: tuple[Layer, ...]

    @property
    def parameters(self) -> int:
        """Trainable numbers in all."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one picture, forward."""
        return sum(layer.macs for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """Memory of all layer outputs of one picture, float32."""
        return sum(layer.activation_bytes for layer in self.layers)

    def to_dict(self) -> dict[str, Any]:
        """The document that `convscope summary --json` prints."""
        return {
            "net": self.name,
            "input_shape": list(self.input_shape),
            "layers": [layer.to_dict() for layer in self.layers],
            "totals": {
                "parameters": self.parameters, "macs": self.macs, "activation_bytes": self.activation_bytes,
                "parameter_bytes": self.parameters * BYTES_PER_NUMBER,
            },
        }  # fmt: skip

    def __str__(self) -> str:
        rows = [HEADINGS, *(_cells(layer) for layer in self.layers)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
        gap = 2 if sum(widths) + 2 * (len(widths) - 1) <= COLUMNS else 1
        lines = columns(rows, right=NUMBERS, gap=gap)
        lines.insert(1, "─" * (sum(widths) + gap * (len(widths) - 1)))
        lines.insert(0, f"{self.name}, input {spell(self.input_shape)}")
        return "\n".join([*lines, "", *self._remarks()])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in _cells(layer)) + "</tr>"
            for layer in self.layers
        )
        headings = "".join(f"<th>{heading}</th>" for heading in HEADINGS)
        remarks = "<br>".join(map(html.escape, self._remarks()))
        return (
            f"<b>{html.escape(self.name)}</b>, input {spell(self.input_shape)}"
            f"<table><tr>{headings}</tr>{rows}</table>{remarks}"
        )

    def _remarks(self) -> list[str]:
        noun = "signal" if len(self.input_shape) == 2 else "picture"
        remarks = [
            f"{self.parameters:,} parameters ({in_bytes(self.parameters * BYTES_PER_NUMBER)} as float32), "
            f"{self.macs:,} MACs and",
            f"{in_bytes(self.activation_bytes)} of activations per {noun}.",
        ]
        shared = next((layer for layer in self.layers if layer.dense_parameters), None)
        if shared:
            remarks.append(
                f"Weight sharing in {shared.name}: {shared.parameters:,} instead of "
                f"{shared.dense_parameters:,} parameters."
            )
        return remarks


def summarize(graph: Graph) -> Summary:
    """The summary of a graph.

    >>> from convscope import nets
    >>> summary = summarize(nets.graph("simple-cnn-4-8"))
    >>> summary.parameters, summary.layers[0].parameters, summary.layers[0].dense_parameters
    (2346, 40, 2122640)
    """
    fields = receptive_fields(graph)
    counted: set[str] = set()
    layers = []
    for node in graph.nodes[1:]:
        own = set(node.parameters.values()) - counted
        counted |= own
        specs = [graph.parameters[name] for name in own]
        inputs = graph.input_shapes(node)
        layers.append(
            Layer(
                name=node.name,
                kind=node.operation,
                output_shape=node.shape,
                parameters=sum(math.prod(spec.shape) for spec in specs if spec.trainable),
                macs=node.rule.macs(inputs, node.shape, node.attributes),
                activation_bytes=BYTES_PER_NUMBER * math.prod(node.shape),
                receptive_field=fields[node.name],
                dense_parameters=_dense_parameters(node, inputs),
            )
        )
    return Summary(graph.name, graph.input_shape, tuple(layers))


def _dense_parameters(node: Node, inputs: tuple[Shape, ...]) -> int | None:
    if not node.operation.startswith("conv"):
        return None
    outputs = math.prod(node.shape)
    return outputs * math.prod(inputs[0]) + (outputs if node.attributes["bias"] else 0)


def _cells(layer: Layer) -> tuple[str, ...]:
    field = layer.receptive_field
    return (
        layer.name,
        kind_in_words(layer.kind, layer.output_shape),
        spell(layer.output_shape),
        count_in_words(layer.parameters),
        count_in_words(layer.macs),
        in_bytes(layer.activation_bytes),
        "all" if field.whole else spell(field.size),
    )


def kind_in_words(operation: str, output_shape: Shape) -> str:
    """The operation in words that fit a column.

    >>> kind_in_words("batch_norm", (8, 5, 5)), kind_in_words("adaptive_average_pool2d", (8, 1, 1))
    ('batch norm', 'global avg pool')
    """
    words = operation.replace("_", " ").replace("average", "avg")
    if words.startswith("adaptive") and set(output_shape[1:]) == {1}:
        words = words.replace("adaptive", "global").removesuffix("1d").removesuffix("2d")
    return words


def count_in_words(count: int) -> str:
    """Exact below a million; nothing for 0.

    >>> count_in_words(20_490), count_in_words(11_689_512), count_in_words(0)
    ('20,490', '11.69M', '')
    """
    if count >= 1e6:
        return f"{count / 1e6:.2f}M" if count < 999.995e6 else f"{count / 1e9:.2f}G"
    return f"{count:,}" if count else ""
