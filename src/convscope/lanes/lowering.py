"""From a graph to the forward steps of a plan: operations that follow each other become one pass."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import UnsupportedOperation
from ..graph import Graph, Node
from ..graph.operation import Shape, spell
from .plan import Parameter, Plan, Step, Tensor, Weights

# Those whose derivative follows from their output, and which keep the order of numbers: they fuse with a
# convolution or a normalisation, and with the maximum after or before them.
FUSED = ("relu", "leaky_relu", "relu6", "tanh", "sigmoid")
ACTIVATIONS = (*FUSED, "silu", "gelu", "elu")
LARGEST_WINDOW = 255  # positions of a maximum are kept in a byte


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
        self.consumers: dict[str, list[Node]] = defaultdict(list)
        self.dropouts = 0
        self.norm_phases: dict[int, int] = {}  # the first phase in which a norm's statistics are there
        self._ready: dict[Tensor, int] = {}
        self._used: dict[Tensor, int] = {}
        for node in graph.nodes:
            for name in node.inputs:
                self.consumers[name].append(node)
        self._offset = 0
        self._offsets: dict[str, int] = {}

    def run(self) -> None:
        self._check()
        if self.training:
            for name, spec in self.graph.parameters.items():
                if spec.dtype == "float32":
                    trainable = spec.trainable and name not in self.graph.frozen
                    self._offsets[name] = self._add(spec.shape, _tensor(name), name=name, trainable=trainable)
        for node in self.graph.nodes:
            if node.name not in self.absorbed:
                getattr(self, f"_{_family(node)}")(node)
        logits = self.values[self.graph.output]
        if not self.training:
            self.emit("loss", x=logits.tensor)
        self.plan.steps.sort(key=lambda step: step.phase)

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

    def new_norm(self) -> int:
        self.plan.norms += 1
        return self.plan.norms - 1

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
        value = Value(_like(node.shape), needs_gradient=False)
        self.values[node.name] = value
        self.emit("gather", y=value.tensor)

    def _value(self, node: Node, inputs: tuple[Value, ...], *, last: Node | None = None) -> Value:
        """A new value for the result of `last` (of a fused pass that begins at `node`)."""
        last = last or node
        needs = bool(node.parameters) or any(value.needs_gradient for value in inputs)
        value = Value(_like(last.shape), needs)
        self.values[last.name] = value
        return value

    def _inputs(self, node: Node) -> tuple[Value, ...]:
        return tuple(self.values[name] for name in node.inputs)

    def _record(
        self, kind: str, node: Node, inputs: tuple[Value, ...], output: Value, **fields: Any
    ) -> None:
        self.tape.append(Record(kind, inputs, output, fields, node))

    def _only_consumer(self, node: Node) -> Node | None:
        """The node that alone reads this one's result, unless that result is the network's output."""
        users = self.consumers[node.name]
        return users[0] if len(users) == 1 and node.name != self.graph.output else None

    def _tail(self, node: Node, *, pool: bool = True) -> tuple[Node, dict[str, Any], bool]:
        """Absorb an activation and a 2×2 maximum (in either order) that follow `node` alone.

        Gives the last node of the pass, the activation's fields, and whether there is a pool.
        """
        last, fields, pooled = node, {}, False
        while (following := self._only_consumer(last)) is not None:
            if following.operation in FUSED and not fields and _keeps_order(following):
                fields = activation_fields(following)
            elif pool and not pooled and _is_2x2(following, self.graph):
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
        index = _index(y.tensor) if pooled and self.training else None
        geometry = {**window, "groups": node.attributes["groups"]}
        dense = _like(node.shape) if pooled else y.tensor
        x.tensor.reserve(*input_border(node, self.graph, pooled=pooled))
        self.emit(
            "convolution",
            winograd=uses_winograd(node, x.tensor.channels, dense),
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
        back = x.needs_gradient and uses_winograd(node, dense.channels, x.tensor)
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
        """Weight and bias of a convolution that also does the batch norm after it, with running statistics."""
        shape = self.graph.parameters[conv.parameters["weight"]].shape

        def weight(weights: Weights) -> np.ndarray:
            scale, _ = _scale_and_shift(norm, weights)
            return weights[conv.parameters["weight"]] * scale.reshape(-1, *[1] * (len(shape) - 1))

        def bias(weights: Weights) -> np.ndarray:
            scale, shift = _scale_and_shift(norm, weights)
            own = weights[conv.parameters["bias"]] if "bias" in conv.parameters else 0.0
            return shift + scale * own

        return self._add(shape, weight), self._add(shape[:1], bias)

    def _batch_norm(self, node: Node) -> None:
        (x,) = inputs = self._inputs(node)
        if not self.training:
            self._scale_only(node, x)
            return
        momentum = node.attributes["momentum"]
        norm = self.new_norm()
        parameters = {
            role: self._parameter(node, role) for role in ("weight", "bias", "running_mean", "running_var")
        }
        settings = {**parameters, "momentum": momentum, "epsilon": node.attributes["eps"], "norm": norm}
        statistics = self.emit("statistics", x=x.tensor, norm=norm)
        begin = self.emit("normalization_begin", not_before=statistics.phase, serial=True, x=x.tensor, **settings)
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
        index = _index(z.tensor) if pooled else None
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
        weight = self._add(node.shape[:1], lambda weights: _scale_and_shift(node, weights)[0])
        bias = self._add(node.shape[:1], lambda weights: _scale_and_shift(node, weights)[1])
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
        fields = pool_fields(node, inputs[0].tensor, y.tensor)
        where = _index(y.tensor) if index and self.training else None
        self.emit(kind, x=inputs[0].tensor, y=y.tensor, index=where, **fields)
        self._record(kind, node, inputs, y, geometry=fields, index=where, pool=_is_2x2(node, self.graph))

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
            y = Value(_like(node.shape), first.needs_gradient or other.needs_gradient)
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
        y = Value(_like(node.shape), x.needs_gradient)
        if self._borders(node):
            y.tensor.border = (0, 0, 0, 0)
            source = _like(node.shape)
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
            user.operation.startswith("conv") and any(input_border(user, self.graph))
            for user in self._readers(node)
        )

    def _readers(self, node: Node) -> Iterator[Node]:
        """The nodes that read this one's tensor, a dropout that does nothing being none of them."""
        for user in self.consumers[node.name]:
            if self._is_nothing(user):
                yield from self._readers(user)
            else:
                yield user

    def _is_nothing(self, node: Node) -> bool:
        dropout = _family(node) == "dropout"
        return dropout and (not self.training or node.attributes["p"] == 0)

    # what has no kernel

    def _check(self) -> None:
        owners: dict[str, str] = {}
        if len(self.graph.output_shape) != 1:
            raise UnsupportedOperation(
                f"the lanes engine gives one row of outputs, not {spell(self.graph.output_shape)} "
                f"(layer {self.graph.output!r} of {self.graph.name!r}); the torch engine runs it."
            )
        for node in self.graph.nodes:
            if reason := _refusal(node, self.graph):
                raise UnsupportedOperation(
                    f"the lanes engine has no kernel for {reason} (layer {node.name!r} of {self.graph.name!r}); "
                    "the torch engine runs it."
                )
            for name in node.parameters.values():
                if owners.setdefault(name, node.name) != node.name and self.training:
                    raise UnsupportedOperation(
                        f"the lanes engine does not train {name!r} in two layers at once "
                        f"({owners[name]!r} and {node.name!r}); the torch engine does."
                    )


def uses_winograd(node: Node, in_channels: int, written: Tensor) -> bool:
    """Whether a convolution (or its input gradient, which reads the output's channels) is worth transforming."""
    attributes = node.attributes
    plain = {"stride": (1, 1), "dilation": (1, 1), "groups": 1}
    return (
        node.operation == "conv2d"
        and attributes["kernel_size"] in ((3, 3), (5, 5))
        and all(attributes[key] == value for key, value in plain.items())
        and max(map(max, attributes["padding"])) < attributes["kernel_size"][0]
        and min(in_channels, written.channels) >= 8
        and in_channels * written.channels >= 128
        and min(written.height, written.width) >= 4
    )


def activation_fields(node: Node) -> dict[str, Any]:
    """The native fields of an activation."""
    name = node.operation
    if name == "gelu" and node.attributes["approximate"] == "tanh":
        name = "gelu_tanh"
    slope = node.attributes.get("negative_slope", node.attributes.get("alpha", 0.0))
    return {"activation": name, "slope": float(slope)}


def window_fields(node: Node) -> dict[str, Any]:
    """The native fields of a convolution's or pool's window; signals are pictures of one row."""
    kernel, stride = _both(node.attributes["kernel_size"]), _both(node.attributes["stride"])
    dilation = _both(node.attributes.get("dilation", (1,)))
    (top, _), (left, _) = _pairs(node.attributes["padding"])
    return {
        "kernel_height": kernel[0],
        "kernel_width": kernel[1],
        "stride_height": stride[0],
        "stride_width": stride[1],
        "pad_top": top,
        "pad_left": left,
        "dilation_height": dilation[0],
        "dilation_width": dilation[1],
    }


def pool_fields(node: Node, x: Tensor, y: Tensor) -> dict[str, Any]:
    """The native fields of a pool."""
    if node.operation.startswith("adaptive"):
        return {"adaptive": True}
    (_, bottom), (_, right) = _pairs(node.attributes["padding"])
    counted = node.attributes.get("count_include_pad", True)
    return {**window_fields(node), "pad_bottom": bottom, "pad_right": right, "count_padding": counted}


def input_border(node: Node, graph: Graph, *, pooled: bool = False) -> tuple[int, int, int, int]:
    """The border (top, left, bottom, right) of its input that a convolution reads."""
    (top, bottom), (left, right) = _pairs(node.attributes["padding"])
    dense = _like(node.shape)
    # tiles of 2×2 read one row or column more where an unpooled output has an odd size
    if uses_winograd(node, graph[node.inputs[0]].shape[0], dense) and not pooled:
        bottom, right = bottom + dense.height % 2, right + dense.width % 2
    return top, left, bottom, right


def input_gradient_border(window: dict[str, Any], x: Tensor, y: Tensor) -> tuple[int, int, int, int]:
    """The border (top, left, bottom, right) of y's gradient that the gradient of x reads.

    Position i of x is seen by output (i + p - k d) / s for each k; the border holds those below 0 and
    beyond the last.
    """

    def along(size: int, outputs: int, axis: str) -> tuple[int, int]:
        padding = window["pad_top" if axis == "height" else "pad_left"]
        kernel, stride, dilation = (window[f"{what}_{axis}"] for what in ("kernel", "stride", "dilation"))
        first = -((dilation * (kernel - 1) - padding) // stride)
        last = (size - 1 + padding) // stride
        return max(0, -first), max(0, last - (outputs - 1))

    top, bottom = along(x.height, y.height, "height")
    left, right = along(x.width, y.width, "width")
    return top, left, bottom, right


def _refusal(node: Node, graph: Graph) -> str | None:
    """What about this node no kernel can do; None where all is well."""
    shapes, operation = graph.input_shapes(node), node.operation
    family = _family(node)
    if not hasattr(Lowering, f"_{family}"):
        return operation
    if operation == "input" and len(node.shape) not in (2, 3):
        return f"an input of {spell(node.shape)}"
    if operation == "linear" and len(shapes[0]) != 1:
        return f"linear over the last axis of {spell(shapes[0])}"
    if operation in ("softmax", "log_softmax") and len(shapes[0]) != 1:
        return f"{operation} of {spell(shapes[0])}"
    if family == "combine" and len(set(shapes)) > 1:
        return f"{operation} of {' and '.join(map(spell, shapes))}"
    if operation == "concat" and node.attributes["dim"] != 1:
        return f"concat along dimension {node.attributes['dim']}"
    if operation == "mean" and set(node.attributes["dim"]) != set(range(2, len(shapes[0]) + 1)):
        return f"mean over {node.attributes['dim']}"
    if operation == "pad" and (
        node.attributes["mode"] != "zeros"
        or node.attributes["value"] != 0
        or len(node.attributes["padding"]) >= len(shapes[0])
        or min(min(pair) for pair in node.attributes["padding"]) < 0
    ):
        return f"padding {node.attributes['padding']} with {node.attributes['mode']}"
    if operation.startswith("max_pool") and math.prod(node.attributes["kernel_size"]) > LARGEST_WINDOW:
        return f"{operation} over more than {LARGEST_WINDOW} positions"
    if operation.startswith("adaptive_max") and _largest_window(shapes[0], node.shape) > LARGEST_WINDOW:
        return f"{operation} over more than {LARGEST_WINDOW} positions"
    if len(node.shape) > 3:
        return f"{operation} to {spell(node.shape)}"
    return None


def _family(node: Node) -> str:
    """The method that lowers a node."""
    name = node.operation
    for prefix in ("conv", "max_pool", "average_pool"):
        if name.startswith((f"{prefix}1", f"{prefix}2", f"adaptive_{prefix}")):
            return prefix if prefix != "conv" else "conv"
    if name in ACTIVATIONS:
        return "activation"
    families = {"add": "combine", "multiply": "combine", "flatten": "reshape", "dropout2d": "dropout"}
    return families.get(name, "softmax" if name == "log_softmax" else name)


def _keeps_order(node: Node) -> bool:
    return node.operation != "leaky_relu" or node.attributes["negative_slope"] > 0


def _is_2x2(node: Node, graph: Graph) -> bool:
    if node.operation != "max_pool2d":
        return False
    channels, height, width = graph[node.inputs[0]].shape
    plain = {"kernel_size": (2, 2), "stride": (2, 2), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    return all(node.attributes[key] == value for key, value in plain.items()) and node.shape == (
        channels,
        height // 2,
        width // 2,
    )


def _largest_window(shape: Shape, outputs: Shape) -> int:
    return math.prod(-(-n // m) + 1 for n, m in zip(shape[1:], outputs[1:], strict=True))


def _like(shape: Shape) -> Tensor:
    """(features,), (channels, length) or (channels, height, width)."""
    if len(shape) == 2:
        return Tensor(shape[0], 1, shape[1])
    return Tensor(*shape)


def _index(tensor: Tensor) -> Tensor:
    return Tensor(tensor.channels, tensor.height, tensor.width, bytes=True)


def _both(values: tuple[int, ...]) -> tuple[int, int]:
    return (1, values[0]) if len(values) == 1 else (values[0], values[1])


def _pairs(padding: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    return ((0, 0), padding[0]) if len(padding) == 1 else (padding[0], padding[1])


def _tensor(name: str) -> Any:
    return lambda weights: weights[name]


def _scale_and_shift(norm: Node, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """A batch norm with running statistics as x * scale + shift, in float64."""
    mean, variance = (weights[norm.parameters[f"running_{what}"]].astype(np.float64) for what in ("mean", "var"))
    scale = 1 / np.sqrt(variance + norm.attributes["eps"])
    if "weight" in norm.parameters:
        scale = scale * weights[norm.parameters["weight"]]
    shift = -mean * scale
    if "bias" in norm.parameters:
        shift = shift + weights[norm.parameters["bias"]]
    return scale, shift


def _reads(kind: str, name: str) -> bool:
    """Whether a step only reads the tensor in this field; otherwise it writes it."""
    if name == "y":
        return kind in ("max_pool_input", "activation_input", "softmax_input", "log_softmax_input")
    return name == "index" and kind.endswith(("_input", "_sums"))
