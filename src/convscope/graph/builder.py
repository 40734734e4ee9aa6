"""Builds a `Graph` node by node; every shape is checked as it is added."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from ..errors import ConvscopeError, ShapeError, UsageError
from ..ops.padding import Padding, per_axis, resolve_padding
from .graph import Graph, Node
from .operation import LARGEST, Attribute, operation, spell


class Builder:
    """Writes a network in a few lines; methods are named and set as in PyTorch.

    Each method takes and returns `Node`s, so branches are ordinary variables. A layer that does
    not fit raises `ShapeError` naming the layer and the size. Layers get names like `conv1`,
    `relu1`, `pool1`; `name=` gives another, and parameters are named `<layer>.weight` and so on.

    >>> b = Builder("residual")
    >>> x = b.input(3, 32, 32)
    >>> y = b.relu(b.batch_norm(b.conv2d(x, 16, kernel_size=3, padding="same")))
    >>> y = b.add(y, b.conv2d(x, 16, kernel_size=1))
    >>> graph = b.build(b.linear(b.global_average_pool(y), 10))
    >>> list(graph.parameters)[:2], graph.output_shape
    (['conv1.weight', 'conv1.bias'], (10,))
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: dict[str, Node] = {}
        self._counts: Counter[str] = Counter()

    # the general way: everything below ends here

    def append(
        self,
        kind: str,
        *inputs: Node,
        name: str | None = None,
        parameters: Mapping[str, str] | None = None,
        **attributes: Attribute,
    ) -> Node:
        """Append any operation by its name; `parameters` names tensors (to share them), role by role."""
        rule = operation(kind)
        if not self._nodes and kind != "input":
            raise UsageError("a network begins with its input: call input(...) first.")
        if kind == "input" and self._nodes:
            raise UsageError("a network has one input.")
        if len(inputs) != rule.arity if rule.arity is not None else len(inputs) < 2:
            raise UsageError(f"{kind} takes {rule.arity or 'two or more'} inputs, not {len(inputs)}.")
        for node in inputs:
            if self._nodes.get(node.name) is not node:
                raise UsageError(f"{node.name!r} is not a node of the network {self.name!r}.")
        name = self._automatic_name(rule.prefix) if name is None else name
        if name in self._nodes:
            raise UsageError(f"two nodes of {self.name!r} are called {name!r}.")
        shapes = [node.shape for node in inputs]
        complete = rule.complete(attributes)
        try:
            shape = rule.output_shape(shapes, complete)
            roles = rule.parameters(shapes, complete)
            for size in (shape, *(spec.shape for spec in roles.values())):
                if math.prod(size) > LARGEST:
                    raise ShapeError(f"{spell(size)} is more than {LARGEST:,} numbers.")
        except ShapeError as error:
            raise ShapeError(f"layer {name!r} ({kind}) of {self.name!r} is impossible: {error}") from None
        names = {role: f"{name}.{role}" for role in roles} if parameters is None else dict(parameters)
        if set(names) != set(roles):
            raise UsageError(f"{name!r} ({kind}) has the parameters {sorted(roles)}, not {sorted(names)}.")
        for path in (name, *names.values()):
            if not all(path.split(".")):
                raise UsageError(f"{path!r} is not a name: it has an empty part.")
        node = Node(
            name,
            kind,
            tuple(n.name for n in inputs),
            MappingProxyType(complete),
            shape,
            MappingProxyType(names),
        )
        self._nodes[name] = node
        return node

    def __getitem__(self, name: str) -> Node:
        """The node called `name`."""
        return self._nodes[name]

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def build(self, output: Node, *, frozen: Iterable[str] = ()) -> Graph:
        """The finished graph; nodes the output does not depend on are left out."""
        if self._nodes.get(output.name) is not output:
            raise UsageError(f"{output.name!r} is not a node of the network {self.name!r}.")
        needed = {output.name}
        for node in reversed(self._nodes.values()):
            if node.name in needed:
                needed.update(node.inputs)
        nodes = tuple(node for node in self._nodes.values() if node.name in needed)
        graph = Graph(self.name, nodes, output.name, frozenset(frozen))
        if unknown := graph.frozen - set(graph.parameters):
            raise UsageError(f"frozen={sorted(unknown)} are not parameters of {self.name!r}.")
        self._check_sharing(graph)
        return graph

    # layers

    def input(self, *shape: int) -> Node:
        """One picture of `shape` (C, H, W), or a signal (C, L); the batch is not counted."""
        return self.append("input", name="input", shape=shape)

    def conv2d(
        self,
        x: Node,
        out_channels: int,
        *,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] = 1,
        padding: Padding = 0,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        bias: bool = True,
        name: str | None = None,
    ) -> Node:
        """Cross-correlation with `out_channels` kernels; (C, H, W) to (out_channels, H', W')."""
        window = self._window(x, 2, kernel_size, stride, padding, dilation)
        return self.append(
            "conv2d", x, name=name, out_channels=out_channels, groups=groups, bias=bias, **window
        )

    def conv1d(
        self,
        x: Node,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int = 1,
        padding: Padding = 0,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
        name: str | None = None,
    ) -> Node:
        """Cross-correlation of a signal; (C, L) to (out_channels, L')."""
        window = self._window(x, 1, kernel_size, stride, padding, dilation)
        return self.append(
            "conv1d", x, name=name, out_channels=out_channels, groups=groups, bias=bias, **window
        )

    def max_pool(
        self,
        x: Node,
        kernel_size: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        name: str | None = None,
    ) -> Node:
        """Maximum over each window, of a picture or a signal; the stride is the window unless given."""
        return self._pool("max_pool", x, kernel_size, stride, padding, name, ceil_mode=ceil_mode)

    def average_pool(
        self,
        x: Node,
        kernel_size: int | Sequence[int],
        *,
        stride: int | Sequence[int] | None = None,
        padding: Padding = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        name: str | None = None,
    ) -> Node:
        """Mean over each window, of a picture or a signal; the stride is the window unless given."""
        return self._pool(
            "average_pool",
            x,
            kernel_size,
            stride,
            padding,
            name,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
        )

    def global_average_pool(self, x: Node, *, name: str | None = None) -> Node:
        """Mean of each channel over all positions; (C, H, W) or (C, L) to (C,)."""
        rank = _signal_or_picture(x)
        return self.flatten(
            self.append(f"adaptive_average_pool{rank}d", x, name=name, output_size=(1,) * rank)
        )

    def linear(self, x: Node, out_features: int, *, bias: bool = True, name: str | None = None) -> Node:
        """Weighted sums of all features; (features,) to (out_features,)."""
        return self.append("linear", x, name=name, out_features=out_features, bias=bias)

    def batch_norm(
        self, x: Node, *, eps: float = 1e-5, momentum: float = 0.1, name: str | None = None
    ) -> Node:
        """Batch normalisation per channel, with scale and shift."""
        return self.append("batch_norm", x, name=name, eps=eps, momentum=momentum)

    def flatten(self, x: Node, *, name: str | None = None) -> Node:
        """(C, H, W) to (C·H·W,), channel by channel, row by row."""
        return self.append("flatten", x, name=name)

    def relu(self, x: Node, *, name: str | None = None) -> Node:
        """max(x, 0)."""
        return self.append("relu", x, name=name)

    def tanh(self, x: Node, *, name: str | None = None) -> Node:
        """Hyperbolic tangent."""
        return self.append("tanh", x, name=name)

    def dropout(self, x: Node, p: float = 0.5, *, name: str | None = None) -> Node:
        """Zeroes numbers with probability `p` while training."""
        return self.append("dropout", x, name=name, p=p)

    def add(self, *inputs: Node, name: str | None = None) -> Node:
        """The sum of two or more values of one shape."""
        return self.append("add", *inputs, name=name)

    def concat(self, *inputs: Node, name: str | None = None) -> Node:
        """Values one behind the other along the channels."""
        return self.append("concat", *inputs, name=name)

    # parts of the above

    def _pool(
        self,
        kind: str,
        x: Node,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int] | None,
        padding: Padding,
        name: str | None,
        **attributes: Attribute,
    ) -> Node:
        rank = _signal_or_picture(x)
        window = self._window(x, rank, kernel_size, stride if stride is not None else kernel_size, padding, 1)
        if kind != "max_pool":
            del window["dilation"]
        return self.append(f"{kind}{rank}d", x, name=name, **window, **attributes)

    @staticmethod
    def _window(
        x: Node,
        rank: int,
        kernel_size: int | Sequence[int],
        stride: int | Sequence[int],
        padding: Padding,
        dilation: int | Sequence[int],
    ) -> dict[str, Attribute]:
        kernel = per_axis(kernel_size, rank, "kernel_size")
        strides = per_axis(stride, rank, "stride")
        dilations = per_axis(dilation, rank, "dilation")
        pairs = resolve_padding(
            padding, x.shape[-rank:], kernel_size=kernel, stride=strides, dilation=dilations
        )
        return {"kernel_size": kernel, "stride": strides, "padding": pairs, "dilation": dilations}

    def _automatic_name(self, prefix: str) -> str:
        while True:
            self._counts[prefix] += 1
            name = f"{prefix}{self._counts[prefix]}"
            if name not in self._nodes:
                return name

    @staticmethod
    def _check_sharing(graph: Graph) -> None:
        for node in graph.nodes:
            for role, spec in node.rule.parameters(graph.input_shapes(node), node.attributes).items():
                first = graph.parameters[node.parameters[role]]
                if (first.shape, first.dtype, first.trainable) != (spec.shape, spec.dtype, spec.trainable):
                    raise ConvscopeError(
                        f"layer {node.name!r} shares {node.parameters[role]!r} of shape {first.shape}, "
                        f"but its own sizes need {spec.shape}."
                    )


def _signal_or_picture(x: Node) -> int:
    """1 or 2 axes to pool over; an input that is neither is refused under its layer's name."""
    return min(max(len(x.shape) - 1, 1), 2)
