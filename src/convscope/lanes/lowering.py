"""From a graph to the forward steps of a plan: operations that follow each other become one pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..graph import Graph, Node
from ..graph.operation import Shape
from .fields import (
    FUSED,
    activation_fields,
    index_like,
    input_border,
    input_gradient_border,
    is_2x2,
    keeps_order,
    pool_fields,
    tensor_like,
    window_fields,
    winograd_points,
)
from .folding import folded_bias, folded_weight, scale_and_shift
from .plan import Parameter, Plan, Step, Tensor
from .support import FAMILIES, check


@dataclass(eq=False)
class Value:
    """A node's result: where it lies, and whether a gradient has to come back to it."""

    tensor: Tensor
    needs_gradient: bool
    gradient: Tensor | None = None
    gradient_border: tuple[int, int, int, int] = (0, 0, 0, 0)  # what its producer needs around it


@dataclass(eq=False)
class Record:
    """What one lowered operation (or several in one pass) has to undo on the way back."""

    kind: str
    inputs: tuple[Value, ...]
    output: Value
    fields: dict[str, Any]
    node: Node


class Lowering:
    """Walks the graph once. `values` and `tape` are what the backward walk starts from."""

    def __init__(self, graph: Graph, *, training: bool) -> None:
        self.graph = graph
        self.training = training
        self.plan = Plan(graph, training)
        self.values: dict[str, Value] = {}
        self.tape: list[Record] = []
        self.absorbed: set[str] = set()
        self.dropouts = 0
        self.norm_phases: dict[int, int] = {}  # the first phase in which a norm's statistics are there
        self._ready: dict[Tensor, int] = {}
        self._used: dict[Tensor, int] = {}
        self._offset = 0
        self._offsets: dict[str, int] = {}

    def run(self) -> None:
        check(self.graph, training=self.training)
        if self.training:
            for name, spec in self.graph.parameters.items():
                if spec.dtype == "float32":
                    trained = name in self.graph.trained
                    self._offsets[name] = self._add(spec.shape, _tensor(name), name=name, trainable=trained)
        for node in self.graph.nodes:
            if node.name not in self.absorbed:
                getattr(self, f"_{FAMILIES[node.operation]}")(node)
        logits = self.values[self.graph.output]
        if not self.training:
            self.emit("loss", x=logits.tensor)

    # steps and their order

    def emit(self, kind: str, *, not_before: int = 0, serial: bool = False, **fields: Any) -> Step:
        """Append a step in the first phase in which what it reads is there and what it overwrites is used.

        Phases with even numbers run block by block, odd ones once for all blocks.
        """
        step = Step(kind, {name: value for name, value in fields.items() if value is not None})
        written = {fields.get(name) for name in ("y", "index", "gx") if not _reads(kind, name)}
        phase = not_before
        for tensor in step.tensors:
            phase = max(phase, self._ready.get(tensor.root, 0))
            if tensor in written:
                phase = max(phase, self._used.get(tensor.root, 0))
        step.phase = phase + (phase % 2 != serial)
        for tensor in step.tensors:
            self._used[tensor.root] = max(self._used.get(tensor.root, 0), step.phase)
            if tensor in written:
                self._ready[tensor.root] = step.phase
        self.plan.steps.append(step)
        return step

    # parameters

    def _add(self, shape: Shape, value: Any, *, name: str | None = None, trainable: bool = False) -> int:
        offset = self._offset
        self.plan.parameters.append(Parameter(offset, shape, value, name, trainable))
        self._offset += math.prod(shape)
        return offset

    def _parameter(self, node: Node, role: str) -> int | None:
        """Where a node's tensor begins; None where it has none."""
        name = node.parameters.get(role)
        if name is None:
            return None
        if not self.training and name not in self._offsets:
            self._offsets[name] = self._add(self.graph.parameters[name].shape, _tensor(name), name=name)
        return self._offsets[name]

    # values

    def _input(self, node: Node) -> None:
        value = Value(tensor_like(node.shape), needs_gradient=False)
        self.values[node.name] = value
        self.emit("gather", y=value.tensor)

    def _value(self, node: Node, inputs: tuple[Value, ...], *, last: Node | None = None) -> Value:
        """A new value for the result of `last` (of a fused pass that begins at `node`)."""
        last = last or node
        needs = bool(node.parameters) or any(value.needs_gradient for value in inputs)
        value = Value(tensor_like(last.shape), needs)
        self.values[last.name] = value
        return value

    def _inputs(self, node: Node) -> tuple[Value, ...]:
        return tuple(self.values[name] for name in node.inputs)

    def _record(self, kind: str, node: Node, inputs: tuple[Value, ...], output: Value, **fields: Any) -> None:
        self.tape.append(Record(kind, inputs, output, fields, node))

    def _only_consumer(self, node: Node) -> Node | None:
        """The node that alone reads this one's result, unless that result is the network's output."""
        users = self.graph.users[node.name]
        return users[0] if len(users) == 1 and node.name != self.graph.output else None

    def _tail(self, node: Node, *, pool: bool = True) -> tuple[Node, dict[str, Any], bool]:
        """Absorb an activation and a 2×2 maximum (in either order) that follow `node` alone.

        Gives the last node of the pass, the activation's fields, and whether there is a pool.
        """
        fields: dict[str, Any] = {}
        last, pooled = node, False
        while (following := self._only_consumer(last)) is not None:
            if following.operation in FUSED and not fields and keeps_order(following):
                fields = activation_fields(following)
            elif pool and not pooled and is_2x2(following, self.graph):
                pooled = True
            else:
                break
            self.absorbed.add(following.name)
            last = following
        return last, fields, pooled

    # convolution and normalisation

    def _conv(self, node: Node) -> None:
        (x,) = inputs = self._inputs(node)
        following = self._only_consumer(node)
        weight, bias = self._parameter(node, "weight"), self._parameter(node, "bias")
        start = node
        if following is not None and following.operation == "batch_norm" and not self.training:
            weight, bias = self._folded(node, following)
            self.absorbed.add(following.name)
            start = following
        before_norm = self.training and following is not None and following.operation == "batch_norm"
        last, fields, pooled = (node, {}, False) if before_norm else self._tail(start)
        window = window_fields(node)
        y = self._value(node, inputs, last=last)
        index = index_like(y.tensor) if pooled and self.training else None
        geometry = {**window, "groups": node.attributes["groups"]}
        dense = tensor_like(node.shape) if pooled else y.tensor
        x.tensor.reserve(*input_border(node, self.graph, training=self.training, pooled=pooled))
        self.emit(
            "convolution",
            winograd=winograd_points(node, x.tensor.channels, dense, training=self.training),
            x=x.tensor,
            y=y.tensor,
            index=index,
            weight=weight,
            bias=bias,
            pool=pooled,
            **fields,
            **geometry,
        )
        border = input_gradient_border(window, x.tensor, dense) if x.needs_gradient else (0, 0, 0, 0)
        back = winograd_points(node, dense.channels, x.tensor, training=True) if x.needs_gradient else 0
        if back:
            border = (*border[:2], border[2] + x.tensor.height % 2, border[3] + x.tensor.width % 2)
        if not pooled:
            y.gradient_border = border
        self._record(
            "convolution",
            node,
            inputs,
            y,
            weight=weight,
            bias=bias,
            index=index,
            pool=pooled,
            activation=fields,
            geometry=geometry,
            border=border,
            winograd=back,
        )

    def _folded(self, conv: Node, norm: Node) -> tuple[int, int]:
        """Weight and bias of a convolution that also does the batch norm after it."""
        shape = self.graph.parameters[conv.parameters["weight"]].shape
        weight = self._add(shape, lambda weights: folded_weight(conv, norm, weights))
        return weight, self._add(shape[:1], lambda weights: folded_bias(conv, norm, weights))

    def _batch_norm(self, node: Node) -> None:
        (x,) = inputs = self._inputs(node)
        if not self.training:
            self._scale_only(node, x)
            return
        momentum = node.attributes["momentum"]
        norm = self.plan.norms
        self.plan.norms += 1
        parameters = {
            role: self._parameter(node, role) for role in ("weight", "bias", "running_mean", "running_var")
        }
        settings = {**parameters, "momentum": momentum, "epsilon": node.attributes["eps"], "norm": norm}
        statistics = self.emit("statistics", x=x.tensor, norm=norm)
        begin = self.emit(
            "normalization_begin", not_before=statistics.phase, serial=True, x=x.tensor, **settings
        )
        after = begin.phase + 1
        self.norm_phases[norm] = after
        other, start = None, node
        following = self._only_consumer(node)
        if following is not None and following.operation == "add" and len(following.inputs) == 2:
            name = next((name for name in following.inputs if name != node.name), node.name)
            found = self.values.get(name)
            if found is not None and following.shape == self.graph[name].shape == node.shape:
                other, start = found, following
                self.absorbed.add(following.name)
        last, fields, pooled = self._tail(start, pool=other is None)
        inputs = (x,) if other is None else (x, other)
        z = self._value(node, inputs, last=last)
        index = index_like(z.tensor) if pooled else None
        self.emit(
            "normalization",
            not_before=after,
            x=x.tensor,
            x2=other.tensor if other else None,
            y=z.tensor,
            index=index,
            pool=pooled,
            norm=norm,
            **fields,
        )
        self._record(
            "normalization", node, inputs, z, index=index, pool=pooled, activation=fields, settings=settings
        )

    def _scale_only(self, node: Node, x: Value) -> None:
        """Batch norm with running statistics that no convolution precedes: one weight per channel."""
        last, fields, pooled = self._tail(node)
        y = self._value(node, (x,), last=last)
        weight = self._add(node.shape[:1], lambda weights: scale_and_shift(node, weights)[0])
        bias = self._add(node.shape[:1], lambda weights: scale_and_shift(node, weights)[1])
        self.emit(
            "convolution",
            x=x.tensor,
            y=y.tensor,
            weight=weight,
            bias=bias,
            groups=x.tensor.channels,
            pool=pooled,
            **fields,
        )

    # the others, one pass each

    def _linear(self, node: Node) -> None:
        inputs = (self._contiguous(self.values[node.inputs[0]]),)
        y = self._value(node, inputs)
        weight, bias = self._parameter(node, "weight"), self._parameter(node, "bias")
        step = self.emit("linear", x=inputs[0].tensor, y=y.tensor, weight=weight, bias=bias)
        self._record("linear", node, inputs, y, weight=weight, bias=bias, step=step)

    def _max_pool(self, node: Node) -> None:
        self._pool(node, "max_pool", index=True)

    def _average_pool(self, node: Node) -> None:
        self._pool(node, "average_pool", index=False)

    def _pool(self, node: Node, kind: str, *, index: bool) -> None:
        inputs = self._inputs(node)
        y = self._value(node, inputs)
        fields = pool_fields(node)
        where = index_like(y.tensor) if index and self.training else None
        self.emit(kind, x=inputs[0].tensor, y=y.tensor, index=where, **fields)
        self._record(kind, node, inputs, y, geometry=fields, index=where, pool=is_2x2(node, self.graph))

    def _mean(self, node: Node) -> None:
        """A mean over all positions is an average pool to one, with or without the axes that it leaves."""
        (x,) = inputs = self._inputs(node)
        pooled = Value(Tensor(x.tensor.channels), x.needs_gradient)
        self.emit("average_pool", x=x.tensor, y=pooled.tensor, adaptive=True)
        self._record("average_pool", node, inputs, pooled, geometry={"adaptive": True})
        self.values[node.name] = pooled

    def _activation(self, node: Node) -> None:
        inputs = self._inputs(node)
        y = self._value(node, inputs)
        fields = activation_fields(node)
        self.emit("activation", x=inputs[0].tensor, y=y.tensor, **fields)
        self._record("activation", node, inputs, y, activation=fields)

    def _combine(self, node: Node) -> None:
        first, *rest = self._inputs(node)
        for number, other in enumerate(rest, start=1):
            inputs = (first, other)
            y = Value(tensor_like(node.shape), first.needs_gradient or other.needs_gradient)
            if number == len(rest):
                self.values[node.name] = y
            self.emit(node.operation, x=first.tensor, x2=other.tensor, y=y.tensor)
            self._record(node.operation, node, inputs, y)
            first = y

    def _affine(self, node: Node) -> None:
        inputs = self._inputs(node)
        y = self._value(node, inputs)
        self.emit("affine", x=inputs[0].tensor, y=y.tensor, **node.attributes)
        self._record("affine", node, inputs, y, factor=node.attributes["factor"])

    def _concat(self, node: Node) -> None:
        inputs = self._inputs(node)
        y = self._value(node, inputs)
        at = 0
        for value in inputs:
            self.emit("copy", x=value.tensor, y=y.tensor, first_channel=at)
            at += value.tensor.channels
        self._record("concat", node, inputs, y)

    def _pad(self, node: Node) -> None:
        inputs = self._inputs(node)
        y = self._value(node, inputs)
        y.tensor.exclusive = True
        pairs = ((0, 0), (0, 0), *node.attributes["padding"])[-2:]
        corner = {"pad_top": pairs[0][0], "pad_left": pairs[1][0]}
        self.emit("copy", x=inputs[0].tensor, y=y.tensor, **corner)
        self._record("pad", node, inputs, y, corner=corner)

    def _dropout(self, node: Node) -> None:
        inputs = self._inputs(node)
        if self._is_nothing(node):
            self.values[node.name] = inputs[0]
            return
        y = self._value(node, inputs)
        fields = {
            "offset": node.attributes["p"],
            "whole_channels": node.operation == "dropout2d",
            "number": self.dropouts,
        }
        self.dropouts += 1
        self.emit("dropout", x=inputs[0].tensor, y=y.tensor, **fields)
        self._record("dropout", node, inputs, y, settings=fields)

    def _softmax(self, node: Node) -> None:
        inputs = (self._contiguous(self.values[node.inputs[0]]),)
        y = self._value(node, inputs)
        self.emit(node.operation, x=inputs[0].tensor, y=y.tensor)
        self._record(node.operation, node, inputs, y)

    def _reshape(self, node: Node) -> None:
        """The same numbers in the same order: a view of them, copied only where they have a border."""
        (x,) = self._inputs(node)
        flat = self._contiguous(x)
        y = Value(tensor_like(node.shape), x.needs_gradient)
        if self._borders(node):
            source = tensor_like(node.shape)
            source.base = flat.tensor
            self.emit("copy", x=source, y=y.tensor)
            middle = Value(source, x.needs_gradient)
            self._record("view", node, (flat,), middle)
            self._record("copy", node, (middle,), y)
        else:
            y.tensor.base = flat.tensor
            self._record("view", node, (flat,), y)
        self.values[node.name] = y

    def _contiguous(self, value: Value) -> Value:
        """The value without a border; a copy where a convolution reads it with one."""
        producers = [self.graph[name] for name, known in self.values.items() if known is value]
        if not any(map(self._borders, producers)):
            return value
        copied = Value(
            Tensor(value.tensor.channels, value.tensor.height, value.tensor.width), value.needs_gradient
        )
        self.emit("copy", x=value.tensor, y=copied.tensor)
        self._record("copy", producers[0], (value,), copied)
        return copied

    def _borders(self, node: Node) -> bool:
        """Whether some convolution reads this node's result with a border."""
        return any(
            user.operation.startswith("conv") and any(input_border(user, self.graph, training=self.training))
            for user in self._readers(node)
        )

    def _readers(self, node: Node) -> Iterator[Node]:
        """The nodes that read this one's tensor, a dropout that does nothing being none of them."""
        for user in self.graph.users[node.name]:
            if self._is_nothing(user):
                yield from self._readers(user)
            else:
                yield user

    def _is_nothing(self, node: Node) -> bool:
        dropout = FAMILIES[node.operation] == "dropout"
        return dropout and (not self.training or node.attributes["p"] == 0)


def _tensor(name: str) -> Any:
    return lambda weights: weights[name]


def _reads(kind: str, name: str) -> bool:
    """Whether a step only reads the tensor in this field; otherwise it writes it."""
    if name == "y":
        return kind in ("max_pool_input", "activation_input", "softmax_input", "log_softmax_input")
    return name == "index" and kind.endswith(("_input", "_sums", "_weight"))
