"""A graph as calls of C functions. What each operation means is in `graph/torch_layers.py`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ...data import ArrayPreprocessing, Preprocessing
from ...errors import DataError, UnsupportedOperation
from ...graph import Graph, Node
from ...graph.operation import Shape
from ...lanes.folding import folded_bias, folded_weight, scale_and_shift
from ..entrance import Entrance
from . import geometry
from .decimals import decimal
from .spelling import identifier, in_comment, times
from .steps import Listing, Setting, Step, Value, Weights

Argument = Value | str | int
WRITERS: dict[str, Callable[[Lowering, Node], None]] = {}
POINTWISE = ("relu", "relu6", "sigmoid", "silu", "hardswish", "hardsigmoid", "mish", "selu")


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


class Lowering:
    """A graph on the way to a `Listing`."""

    def __init__(self, graph: Graph, weights: Mapping[str, np.ndarray]) -> None:
        self.graph, self.tensors = graph, weights
        self.listing = Listing()
        self.values: dict[str, Value] = {}  # by the node whose result it is
        self.folded: set[str] = set()  # batch norms that the layer before does
        self._known: dict[bytes, str] = {}  # arrays by their content
        self._names: set[str] = set()
        self._titles: dict[str, str] = {}

    # the ends

    def enter(self, entrance: Entrance) -> None:
        of, node = entrance.preprocessing, self.graph.nodes[0]
        shape = node.shape
        if entrance.inside and isinstance(of, Preprocessing):
            factor, offset = of.factor_and_offset()
            offset = np.zeros_like(factor) if offset is None else offset
            names = self.constants(node, "scaling", {"factor": factor, "offset": offset})
            given = Value(math.prod(shape), "picture")
            plane = math.prod(shape[1:])
            self.step(node, "read_picture", given, ..., shape[0], plane, int(entrance.inverts), *names)
        elif entrance.inside and isinstance(of, ArrayPreprocessing) and not of.changes_nothing:
            mean, std = of.mean or (0.0,) * of.channels, of.std or (1.0,) * of.channels
            given = Value(math.prod(of.shape), "values")
            shape_of_given = self.setting(node, "given", "struct shape", geometry.planes(of.shape))
            down = of.repeat if len(of.shape) == 3 else 1
            names = self.constants(
                node,
                "scaling",
                {"mean": np.array(mean, np.float32), "deviation": np.array(std, np.float32)},
            )
            self.step(node, "read_values", given, ..., f"&{shape_of_given}", down, of.repeat, *names)
        else:
            self.values[node.name] = Value(math.prod(shape), "values")

    def leave(self, outputs: str) -> None:
        """From the last value to the probabilities."""
        node = self.graph[self.graph.output]
        value, result = self.values[node.name], Value(math.prod(node.shape), "probabilities")
        if outputs == "probabilities":
            arguments: tuple[Value | str, ...] = (value, result, "1", "CLASSES", "CLASSES", "0")
            self.listing.steps.append(Step("the probabilities", "copy_columns", arguments, result))
        else:
            arguments = (value, result, "1", "CLASSES", "1")
            self.listing.steps.append(Step("the probabilities", "softmax", arguments, result))

    # what the writers below use

    def input(self, node: Node, number: int = 0) -> Value:
        return self.values[node.inputs[number]]

    def input_shape(self, node: Node, number: int = 0) -> Shape:
        return self.graph[node.inputs[number]].shape

    def tensor(self, node: Node, role: str) -> np.ndarray:
        return self.tensors[node.parameters[role]]

    def next_alone(self, node: Node, operation: str) -> Node | None:
        """The node of that operation that alone uses the result of `node`."""
        users = self.graph.users[node.name]
        alone = len(users) == 1 and node.name != self.graph.output and users[0].operation == operation
        return users[0] if alone else None

    def step(
        self, node: Node, function: str, *arguments: object, result: Value | None = None, also: str = ""
    ) -> Value:
        """A call; `...` among the arguments stands for the result. The inputs are those before it.

        The result may overwrite an input where the arguments say so: see `in_place`.
        """
        value = Value(math.prod(node.shape)) if result is None else result
        filled = tuple(
            value
            if argument is ...
            else argument.value
            if isinstance(argument, InPlace)
            else argument
            if isinstance(argument, Value)
            else str(argument)
            for argument in arguments
        )
        replaceable = tuple(argument.value for argument in arguments if isinstance(argument, InPlace))
        kind = node.operation.replace("_", " ")
        layer = f"{in_comment(node.name)}: {kind}{also}, {times(node.shape)}"
        self.listing.steps.append(Step(layer, function, filled, value, replaceable))
        self.values[node.name] = value
        return value

    def constants(self, node: Node, what: str, arrays: Mapping[str, np.ndarray]) -> list[str]:
        """The names of arrays of a layer, in the file once however often they are used."""
        names, new = [], []
        for role, array in arrays.items():
            values = np.ascontiguousarray(array, dtype=np.float32)
            if not np.isfinite(values).all():
                raise DataError(
                    f"the {role} of {node.name!r} has numbers that are not finite: the training diverged."
                )
            key = hashlib.sha256(values.tobytes()).digest()
            if key not in self._known:
                self._known[key] = self._name(node, role)
                new.append(Weights(self._known[key], values))
            names.append(self._known[key])
        self._keep(node, what, *new)
        return names

    def setting(self, node: Node, role: str, kind: str, initial: str, count: int = 0) -> str:
        """The name of a structure or table of a layer."""
        setting = Setting(self._name(node, role), kind, initial, count)
        self._keep(node, node.operation.replace("_", " "), setting)
        return setting.name

    def window(self, node: Node) -> str:
        initial = geometry.window(node, self.input_shape(node))
        return "&" + self.setting(node, "window", "struct window", initial)

    def _keep(self, node: Node, what: str, *new: Weights | Setting) -> None:
        """Constants under a heading of the layer's."""
        if not new:
            return
        title = self._titles.setdefault(node.name, f"{in_comment(node.name)}: {what}")
        self.listing.constants.setdefault(title, []).extend(new)

    def _name(self, node: Node, role: str) -> str:
        name = plain = f"{identifier(node.name)}_{role}"
        number = 1
        while name in self._names:
            number += 1
            name = f"{plain}_{number}"
        self._names.add(name)
        return name


class InPlace:
    """An input that the result may overwrite where nothing else reads it."""

    def __init__(self, value: Value) -> None:
        self.value = value


def _writes(*names: str) -> Callable[[Callable[[Lowering, Node], None]], Callable[[Lowering, Node], None]]:
    def record(function: Callable[[Lowering, Node], None]) -> Callable[[Lowering, Node], None]:
        WRITERS.update(dict.fromkeys(names, function))
        return function

    return record


# layers with weights


def _with_norm(at: Lowering, node: Node, *, can_fold: bool) -> tuple[list[str], Node, str]:
    """Names of weight and bias, the node whose result it is, and what else it does: a batch norm after it."""
    norm = at.next_alone(node, "batch_norm") if can_fold else None
    if norm is None:
        weight = at.tensor(node, "weight")
        bias = at.tensor(node, "bias") if "bias" in node.parameters else np.zeros(len(weight), np.float32)
        kind = node.operation.replace("_", " ")
        return at.constants(node, kind, {"weight": weight, "bias": bias}), node, ""
    at.folded.add(norm.name)
    arrays = {"weight": folded_weight(node, norm, at.tensors), "bias": folded_bias(node, norm, at.tensors)}
    name = in_comment(norm.name)
    what = f"{node.operation}, with the batch norm {name} in it"
    return at.constants(node, what, arrays), norm, f", {name}: batch norm"


@_writes("conv1d", "conv2d")
def _conv(at: Lowering, node: Node) -> None:
    names, last, also = _with_norm(at, node, can_fold=True)
    if geometry.mixes_channels_only(node):
        channels, outputs, plane = at.input_shape(node)[0], node.shape[0], math.prod(node.shape[1:])
        at.step(node, "mix_channels", at.input(node), ..., channels, outputs, plane, *names, also=also)
    else:
        at.step(node, "convolve", at.input(node), ..., at.window(node), *names, also=also)
    at.values[last.name] = at.values[node.name]


@_writes("linear")
def _linear(at: Lowering, node: Node) -> None:
    names, last, also = _with_norm(at, node, can_fold=len(node.shape) == 1)
    rows, features = math.prod(node.shape[:-1]), at.input_shape(node)[-1]
    at.step(node, "linear", at.input(node), ..., rows, features, node.shape[-1], *names, also=also)
    at.values[last.name] = at.values[node.name]


@_writes("batch_norm")
def _batch_norm(at: Lowering, node: Node) -> None:
    factor, offset = scale_and_shift(node, at.tensors)
    names = at.constants(node, "batch norm", {"factor": factor, "offset": offset})
    plane = math.prod(node.shape[1:])
    at.step(node, "scale_and_shift", InPlace(at.input(node)), ..., node.shape[0], plane, *names)


def _scale(at: Lowering, node: Node, shape: Shape) -> list[str]:
    ones, zeros = np.ones(shape, np.float32), np.zeros(shape, np.float32)
    weight = at.tensor(node, "weight") if "weight" in node.parameters else ones
    bias = at.tensor(node, "bias") if "bias" in node.parameters else zeros
    return at.constants(node, node.operation.replace("_", " "), {"weight": weight, "bias": bias})


@_writes("group_norm")
def _group_norm(at: Lowering, node: Node) -> None:
    groups, channels, plane = node.attributes["num_groups"], node.shape[0], math.prod(node.shape[1:])
    eps, names = decimal(node.attributes["eps"]), _scale(at, node, (channels,))
    x = InPlace(at.input(node))
    at.step(node, "group_norm", x, ..., groups, channels // groups, plane, eps, *names)


@_writes("layer_norm")
def _layer_norm(at: Lowering, node: Node) -> None:
    shape: Shape = node.attributes["normalized_shape"]
    columns = math.prod(shape)
    eps, names = decimal(node.attributes["eps"]), _scale(at, node, shape)
    x = InPlace(at.input(node))
    at.step(node, "layer_norm", x, ..., math.prod(node.shape) // columns, columns, eps, *names)


# windows


@_writes("max_pool1d", "max_pool2d", "average_pool1d", "average_pool2d", "lp_pool1d", "lp_pool2d")
def _pool(at: Lowering, node: Node) -> None:
    function = node.operation[: -len("1d")]
    x = at.input(node)
    more = {
        "max_pool": [],
        "average_pool": [int(node.attributes.get("count_include_pad", True))],
        "lp_pool": [decimal(node.attributes.get("p", 2.0))],
    }[function]
    in_place = geometry.pools_in_place(node, at.input_shape(node))
    at.step(node, function, InPlace(x) if in_place else x, ..., at.window(node), *more)


@_writes(*(f"adaptive_{kind}_pool{rank}d" for kind in ("average", "max") for rank in (1, 2)))
def _adaptive_pool(at: Lowering, node: Node) -> None:
    shape = at.input_shape(node)
    sizes = at.setting(node, "in", "struct shape", geometry.planes(shape))
    out = at.setting(node, "out", "struct pair", geometry.pair(node.shape[1:], 1))
    in_place = geometry.shares_out_in_place(node, shape)
    x = at.input(node)
    at.step(node, node.operation[: -len("1d")], InPlace(x) if in_place else x, ..., f"&{sizes}", f"&{out}")


@_writes("pad")
def _pad(at: Lowering, node: Node) -> None:
    sources, in_rows, in_columns = geometry.padded_from(node, at.input_shape(node))
    tables = []
    for axis, source in zip(("planes", "rows", "columns"), sources, strict=True):
        whole = source == list(range(len(source)))
        text = ", ".join(map(str, source))
        tables.append("0" if whole else at.setting(node, f"from_{axis}", "long", text, len(source)))
    sizes = [len(source) for source in sources]
    initial = ", ".join([*map(str, [*sizes, in_rows, in_columns]), *tables])
    padding = at.setting(node, "padding", "struct padding", initial)
    at.step(node, "pad", at.input(node), ..., f"&{padding}", decimal(node.attributes["value"]))


# shapes


@_writes("flatten", "reshape", "dropout", "dropout2d")
def _nothing(at: Lowering, node: Node) -> None:
    at.values[node.name] = at.input(node)


@_writes("mean")
def _mean(at: Lowering, node: Node) -> None:
    shape = list(at.input_shape(node))
    axes = {dim - 1 for dim in node.attributes["dim"]}
    value = at.input(node)
    for outer, count, inner in geometry.runs(shape, axes):
        result = Value(outer * inner)
        if inner == 1:
            at.step(node, "means_of_rows", InPlace(value), ..., outer, count, result=result)
        else:
            at.step(node, "mean_over", value, ..., outer, count, inner, result=result)
        value = result


@_writes("concat")
def _concat(at: Lowering, node: Node) -> None:
    axis = node.attributes["dim"] - 1
    rows, columns = math.prod(node.shape[:axis]), math.prod(node.shape[axis:])
    result, start = Value(math.prod(node.shape)), 0
    for number in range(len(node.inputs)):
        own = math.prod(at.input_shape(node, number)[axis:])
        sizes = (rows, own, columns, start)
        at.step(node, "copy_columns", at.input(node, number), ..., *sizes, result=result)
        start += own


@_writes("add", "multiply")
def _combine(at: Lowering, node: Node) -> None:
    result = Value(math.prod(node.shape))
    first, shape = InPlace(at.input(node)), at.input_shape(node)
    for number in range(1, len(node.inputs)):
        other_shape = at.input_shape(node, number)
        second: object = at.input(node, number)
        if number == 1:  # later the result is half done, and must not lie where an input does
            second = InPlace(at.input(node, number))
        if shape == other_shape == node.shape:
            at.step(node, node.operation, first, second, ..., result.size, result=result)
        else:
            initial = geometry.stretching(node, shape, other_shape)
            how = "&" + at.setting(node, "stretching", "struct stretching", initial)
            at.step(node, f"{node.operation}_stretched", first, second, ..., how, result=result)
        first, shape = InPlace(result), node.shape


# numbers by themselves


@_writes(*POINTWISE, "tanh", "leaky_relu", "elu", "gelu", "affine")
def _pointwise(at: Lowering, node: Node) -> None:
    function = node.operation
    settings: Sequence[str] = [
        decimal(node.attributes[name])
        for name in ("negative_slope", "alpha", "factor", "offset")
        if name in node.attributes
    ]
    if function == "tanh":
        function = "tanh_each"
    elif function == "gelu" and node.attributes["approximate"] == "tanh":
        function = "gelu_tanh"
    at.step(node, function, InPlace(at.input(node)), ..., math.prod(node.shape), *settings)


@_writes("softmax", "log_softmax")
def _softmax(at: Lowering, node: Node) -> None:
    axis = node.attributes["dim"] - 1
    sizes: Iterable[int] = (math.prod(node.shape[:axis]), node.shape[axis], math.prod(node.shape[axis + 1 :]))
    at.step(node, node.operation, InPlace(at.input(node)), ..., *sizes)
