"""What the native engine will do for a graph: steps in order, tensors with borders, parameters in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import UnsupportedOperation
from ..graph import Graph
from ..graph.operation import spell

Weights = Mapping[str, np.ndarray]
TENSOR_FIELDS = ("x", "x2", "y", "index", "gx", "gy")


@dataclass(eq=False)
class Tensor:
    """A value of one picture, as (channels, height, width) with a border of zeros around each channel.

    A tensor with a `base` is another view of the same memory. `exclusive` memory serves nothing else, so
    that what no step writes stays zero. The planner fills in the last three fields.
    """

    channels: int
    height: int = 1
    width: int = 1
    bytes: bool = False
    base: Tensor | None = None
    exclusive: bool = False
    border: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, left, bottom, right
    kept: bool = False
    shared: bool = False
    offset: int = 0

    @property
    def root(self) -> Tensor:
        """Whose memory it is."""
        return self.base.root if self.base is not None else self

    @property
    def elements(self) -> int:
        """Vectors of memory, the border included; four numbers of a byte tensor lie in one."""
        top, left, bottom, right = self.border
        count = self.channels * (top + self.height + bottom) * (left + self.width + right)
        return -(-count // 4) if self.bytes else count

    def reserve(self, top: int, left: int, bottom: int, right: int) -> None:
        """Make the border at least this wide."""
        wanted = (top, left, bottom, right)
        self.border = tuple(map(max, self.border, wanted))  # type: ignore[assignment]


@dataclass(eq=False)
class Step:
    """One call of a kernel: its kind, its tensors and settings by the native field names, and its phase."""

    kind: str
    fields: dict[str, Any]
    phase: int = 0

    @property
    def tensors(self) -> list[Tensor]:
        """The tensors it reads or writes."""
        return [self.fields[name] for name in TENSOR_FIELDS if self.fields.get(name) is not None]


@dataclass(frozen=True)
class Parameter:
    """Some of the numbers in the row: a tensor of the graph, or what is made of several of them."""

    offset: int
    shape: tuple[int, ...]
    value: Callable[[Weights], np.ndarray]
    name: str | None = None  # of the graph's tensor, where it is one
    trainable: bool = False

    @property
    def end(self) -> int:
        return self.offset + int(np.prod(self.shape))


@dataclass(eq=False)
class Plan:
    """Everything the native engine needs to know of a graph."""

    graph: Graph
    training: bool
    steps: list[Step] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    norms: int = 0
    thread_elements: int = 0
    block_elements: int = 0

    @property
    def size(self) -> int:
        """How many numbers the parameters are."""
        return self.parameters[-1].end if self.parameters else 0

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors, in the order of first use."""
        return list(dict.fromkeys(tensor for step in self.steps for tensor in step.tensors))

    @property
    def operations(self) -> int:
        """Floating-point operations that the plan executes for one picture.

        Two per product of its convolutions and linear layers, of Winograd's where a step uses it; the
        additions of its transforms, activations and pools are not counted.

        >>> from convscope import nets
        >>> plan(nets.graph("simple-cnn-4-8"), training=False).operations
        110272
        """
        return 2 * sum(_products(step) for step in self.steps)

    def describe(self) -> str:
        """A line per step: phase, kind, what is read and written; for people who read plans.

        >>> from convscope import nets
        >>> print(plan(nets.graph("simple-cnn-4-8"), training=False).describe().splitlines()[1])
        0  convolution           x=1×28×28 y=4×13×13 pool activation=relu
        """
        lines = []
        for step in self.steps:
            words = []
            for name, value in step.fields.items():
                if isinstance(value, Tensor):
                    words.append(f"{name}={value.channels}×{value.height}×{value.width}")
                elif name in ("activation", "accumulate", "pool", "winograd") and value:
                    words.append(name if value is True else f"{name}={value}")
            lines.append(f"{step.phase}  {step.kind:<20}  {' '.join(words)}")
        return "\n".join(lines)


def _products(step: Step) -> int:
    """Multiplications of a step for one picture."""
    fields = step.fields
    if step.kind.startswith("linear"):
        read, written = (
            (fields["gy"], fields["gx"]) if step.kind == "linear_input" else (fields["x"], fields["y"])
        )
        both_ways = 2 if step.kind == "linear" and "gy" in fields else 1  # the update computes the weights'
        return int(both_ways * read.channels * written.channels)
    if not step.kind.startswith("convolution"):
        return 0
    read = fields["gy"] if step.kind == "convolution_input" else fields["x"]
    written = {"convolution": "y", "convolution_input": "gx", "convolution_weight": "gy"}[step.kind]
    scale = 2 if fields.get("pool") and step.kind == "convolution" else 1
    pairs = read.channels * fields[written].channels // fields.get("groups", 1)
    kernel = fields.get("kernel_height", 1) * fields.get("kernel_width", 1)
    if fields.get("winograd") and step.kind != "convolution_weight":
        height, width = fields[written].height * scale, fields[written].width * scale
        points, size = fields["winograd"], fields["kernel_height"]
        outputs = 2 if points == 4 else points + 1 - size
        tiles = -(-height // outputs) * -(-width // outputs)
        return int(pairs * tiles * (49 if (points, size) == (4, 5) else points**2))
    positions = fields["gy"] if step.kind == "convolution_input" else fields[written]
    return int(pairs * positions.height * positions.width * scale**2 * kernel)


def plan(graph: Graph, *, training: bool) -> Plan:
    """The plan that trains `graph`, or the one that only computes its outputs, with batch norm folded.

    Raises `UnsupportedOperation` naming the operation and the layer where there is no kernel for it, and
    for outputs that are no row of scores.
    """
    from .backward import Backward
    from .lowering import Lowering
    from .memory import place

    if len(graph.output_shape) != 1:
        raise UnsupportedOperation(
            f"the lanes engine gives a score per class; {graph.name} ends in {spell(graph.output_shape)}."
        )
    forward = Lowering(graph, training=training)
    forward.run()
    if training:
        Backward(forward).run()
    forward.plan.steps.sort(key=lambda step: step.phase)
    place(forward.plan)
    return forward.plan
