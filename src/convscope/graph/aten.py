"""One call of a `torch.export` program → one node of a graph."""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

from torch import nn
from torch.export import ExportedProgram
from torch.fx import Node as FxNode

from ..errors import UnsupportedOperation
from .builder import Builder
from .graph import Graph, Node
from .operation import Attribute, Shape, operation
from .windows import Padding, resolve_padding

PASS_THROUGH = {
    "contiguous",
    "clone",
    "alias",
    "to",
    "type_as",
    "_assert_tensor_metadata",
}
IGNORED = {"sym_size", "_assert_scalar", "sym_constrain_range_for_size", "_assert_tensor_metadata"}
ACTIVATIONS = {"relu", "relu6", "sigmoid", "tanh", "silu", "hardswish", "hardsigmoid", "mish", "selu"}
# positions of tensors in the call that become parameters, by role
PARAMETERS = {
    "conv1d": {"weight": 1, "bias": 2},
    "conv2d": {"weight": 1, "bias": 2},
    "linear": {"weight": 1, "bias": 2},
    "batch_norm": {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4},
    "group_norm": {"weight": 2, "bias": 3},
    "layer_norm": {"weight": 2, "bias": 3},
}


class Translation:
    """Builds the graph while the calls of one exported program go by."""

    def __init__(self, name: str, input_shape: Shape, module: nn.Module, program: ExportedProgram) -> None:
        self.builder = Builder(name)
        self.module = module
        signature = program.graph_signature
        parameters = dict(module.named_parameters(remove_duplicate=False))
        first: dict[nn.Parameter, str] = {}  # tied weights go by their first name, as in `named_parameters`
        own = {key: first.setdefault(parameter, key) for key, parameter in parameters.items()}
        self.names = {node: own[key] for node, key in signature.inputs_to_parameters.items()}
        self.names.update(signature.inputs_to_buffers)
        self.trainable = {key: parameter.requires_grad for key, parameter in parameters.items()}
        self.taken = {*self.names.values(), *(path for path, _ in module.named_modules())}
        self.values: dict[FxNode, Node] = {}
        self.groups: dict[str, Node] = {}  # a call of a module that torch splits → its one node
        (user_input,) = (n for n in program.graph.nodes if n.name in signature.user_inputs)
        self.values[user_input] = self.builder.input(*input_shape)
        (output,) = program.graph.find_nodes(op="output")
        ((self.output,),) = output.args

    def finish(self) -> Graph:
        """The graph up to the program's output."""
        if self.output not in self.values:
            raise UnsupportedOperation(f"the output of {self.builder.name} does not depend on its input.")
        output = self.values[self.output]
        frozen = {name for name in self.names.values() if not self.trainable.get(name, True)}
        graph = self.builder.build(output)
        return self.builder.build(output, frozen=frozen & set(graph.parameters))

    def visit(self, node: FxNode) -> None:
        """Translate one call, or refuse it by name."""
        kind = _kind(node)
        if kind in IGNORED:
            return
        if self._is_split_module(node):
            return
        if kind in PASS_THROUGH and node.meta["val"].dtype.is_floating_point:
            if node.meta["val"].dtype != node.args[0].meta["val"].dtype:  # type: ignore[union-attr]
                raise self._refusal(node, "changes the number type, which convscope's graph cannot express")
            self.values[node] = self._value(node, node.args[0])
            return
        translate = TRANSLATORS.get(kind.removesuffix("_"))
        if translate is None:
            raise self._refusal(node)
        self.values[node] = translate(self, node)
        if kind.endswith("_"):  # in place: whoever uses the old value later sees the new one
            self.values[node.args[0]] = self.values[node]  # type: ignore[index]

    def append(self, kind: str, node: FxNode, *inputs: Any, **attributes: Attribute) -> Node:
        """Append an operation that stands for `node`, named after its module."""
        roles = {role: node.args[i] for role, i in PARAMETERS.get(kind, {}).items() if i < len(node.args)}
        parameters = {role: self._parameter_name(node, a) for role, a in roles.items() if a is not None}
        if kind == "batch_norm":
            parameters["num_batches_tracked"] = (
                parameters["running_mean"].removesuffix("running_mean") + "num_batches_tracked"
            )
        values = [self._value(node, argument) for argument in inputs]
        return self.builder.append(
            kind, *values, name=self._name(node, kind), parameters=parameters, **attributes
        )

    def _value(self, node: FxNode, argument: Any) -> Node:
        if isinstance(argument, FxNode) and argument in self.values:
            return self.values[argument]
        raise self._refusal(node, "takes a fixed tensor, which convscope's graph cannot express")

    def _parameter_name(self, node: FxNode, argument: Any) -> str:
        if isinstance(argument, FxNode) and argument.name in self.names:
            return str(self.names[argument.name])
        raise self._refusal(node, "has weights that are computed, which convscope's graph cannot express")

    def _refusal(self, node: FxNode, why: str = "is not in convscope's graph") -> UnsupportedOperation:
        own = [
            f"`{self.names[argument.name]}`"
            for argument in node.all_input_nodes
            if argument.name in self.names
        ]
        on = f" on the tensor {', '.join(own)}" if own else ""
        return UnsupportedOperation(
            f"operation `{node.target}` at {self._place(node)}{on} {why}. "
            "The network still trains with the torch engine."
        )

    def _is_split_module(self, node: FxNode) -> bool:
        """Handle modules that torch exports as several calls but the graph knows as one operation."""
        key, path, kind = _call(node)
        if not kind.endswith(("LPPool1d", "LPPool2d")):
            return False
        if key not in self.groups:
            self.groups[key] = self._lp_pool(node, self.module.get_submodule(path))
        self.values[node] = self.groups[key]
        return True

    def _lp_pool(self, node: FxNode, pool: nn.Module) -> Node:
        rank = 2 if isinstance(pool, nn.LPPool2d) else 1
        kernel_size, stride = _each(pool.kernel_size, rank), _each(pool.stride or pool.kernel_size, rank)
        return self.append(
            f"lp_pool{rank}d",
            node,
            node.args[0],
            p=float(pool.norm_type),  # type: ignore[arg-type]
            kernel_size=kernel_size,
            stride=stride,
            ceil_mode=bool(pool.ceil_mode),
        )

    def _name(self, node: FxNode, kind: str) -> str:
        """The module's path where a module of torch.nn makes the call, else a number within its owner."""
        key, path, module_kind = _call(node)
        if path and module_kind.startswith("torch.nn.modules.") and "container" not in module_kind:
            call = int(key.rpartition("@")[2]) + 1 if "@" in key else 1
            name = path if call == 1 else f"{path}_{call}"
            if kind == "pad" and "padding" not in module_kind:
                name = f"{name}.pad"  # a convolution's own reflect or circular border
            if name not in self.builder and (name == path or name not in self.taken):
                return name
        prefix = f"{path}.{operation(kind).prefix}" if path else operation(kind).prefix
        numbered = (f"{prefix}{i}" for i in itertools.count(1))
        return next(name for name in numbered if name not in self.builder and name not in self.taken)

    def _place(self, node: FxNode) -> str:
        _, path, _ = _call(node)
        return f"layer `{path}`" if path else "the top of forward"


def _kind(node: FxNode) -> str:
    if node.target is operator.getitem:
        return "getitem"
    return str(node.target).removeprefix("aten.").split(".")[0]


def _call(node: FxNode) -> tuple[str, str, str]:
    """Key (one per call), path and class of the innermost module that makes this call."""
    stack = node.meta.get("nn_module_stack") or {"": ("", "")}
    key, (path, kind) = list(stack.items())[-1]
    return key, path, kind


def _each(value: Any, rank: int) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)


def _bound(node: FxNode) -> dict[str, Any]:
    """The call's arguments by the names of the operator's schema, defaults filled in."""
    schema = node.target._schema  # type: ignore[union-attr]
    values = {a.name: a.default_value for a in schema.arguments if a.has_default_value()}
    values.update(zip((a.name for a in schema.arguments), node.args, strict=False))
    return values | dict(node.kwargs)


def _shape(node: FxNode) -> Shape:
    """The call's result without the batch; the batch must have come through."""
    return tuple(int(size) for size in node.meta["val"].shape[1:])


def _dim(t: Translation, node: FxNode, dim: int) -> int:
    """`dim` counted from the front; the batch is not to be worked along."""
    tensor = node.all_input_nodes[0]
    rank: int = tensor.meta["val"].dim()
    if dim % rank == 0:
        raise t._refusal(node, "works along the pictures of a batch, which convscope's graph cannot express")
    return dim % rank


Translator = Callable[[Translation, FxNode], Node]
TRANSLATORS: dict[str, Translator] = {}


def _translates(*kinds: str) -> Callable[[Translator], Translator]:
    def record(function: Translator) -> Translator:
        TRANSLATORS.update(dict.fromkeys(kinds, function))
        return function

    return record


@_translates("conv1d", "conv2d")
def _conv(t: Translation, node: FxNode) -> Node:
    a, kind = _bound(node), _kind(node)
    rank = int(kind[-2])
    stride, dilation = _each(a["stride"], rank), _each(a["dilation"], rank)
    kernel_size = tuple(a["weight"].meta["val"].shape[2:])
    padding: Padding = a["padding"]
    if not isinstance(padding, str):
        padding = [(p, p) for p in _each(padding, rank)]
    pairs = resolve_padding(
        padding,
        t._value(node, node.args[0]).shape[1:],
        kernel_size=kernel_size,
        stride=stride,
        dilation=dilation,
    )
    return t.append(
        kind,
        node,
        node.args[0],
        out_channels=a["weight"].meta["val"].shape[0],
        kernel_size=kernel_size,
        stride=stride,
        padding=pairs,
        dilation=dilation,
        groups=a["groups"],
        bias=a["bias"] is not None,
    )


@_translates("max_pool1d", "max_pool2d", "avg_pool1d", "avg_pool2d")
def _pool(t: Translation, node: FxNode) -> Node:
    a, kind = _bound(node), _kind(node)
    rank = int(kind[-2])
    kernel_size = _each(a["kernel_size"], rank)
    window: dict[str, Attribute] = {
        "kernel_size": kernel_size,
        "stride": _each(a["stride"] or kernel_size, rank),
        "padding": tuple((p, p) for p in _each(a["padding"], rank)),
        "ceil_mode": a["ceil_mode"],
    }
    if kind.startswith("max"):
        return t.append(f"max_pool{rank}d", node, node.args[0], **window, dilation=_each(a["dilation"], rank))
    if a.get("divisor_override") is not None:
        raise t._refusal(node)
    count = a["count_include_pad"]
    return t.append(f"average_pool{rank}d", node, node.args[0], **window, count_include_pad=count)


@_translates("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_pool(t: Translation, node: FxNode) -> Node:
    kind = _kind(node).replace("avg", "average")
    rank = int(kind[-2])
    return t.append(kind, node, node.args[0], output_size=_each(node.args[1], rank))


@_translates("getitem")
def _getitem(t: Translation, node: FxNode) -> Node:
    source, index = node.args
    if isinstance(source, FxNode) and "max_pool" in str(source.target) and (index == 0 or not node.users):
        return t.values[source]  # index 1 is the positions of the maxima
    raise t._refusal(node)


@_translates("pad")
def _pad(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    sides = a["pad"]
    pairs = tuple((sides[i], sides[i + 1]) for i in range(len(sides) - 2, -1, -2))
    mode, value = "zeros" if a["mode"] == "constant" else a["mode"], float(a["value"] or 0.0)
    if len(pairs) >= len(_shape(node)) or not math.isfinite(value):
        raise t._refusal(
            node, "borders the channels, or with infinity, which convscope's graph cannot express"
        )
    return t.append("pad", node, node.args[0], padding=pairs, mode=mode, value=value)


@_translates("linear")
def _linear(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    out_features = a["weight"].meta["val"].shape[0]
    return t.append("linear", node, node.args[0], out_features=out_features, bias=a["bias"] is not None)


@_translates("batch_norm")
def _batch_norm(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    if a["running_mean"] is None:
        raise t._refusal(node, "has no running statistics, which convscope's graph cannot express")
    if getattr(t.module.get_submodule(_call(node)[1]), "momentum", 0.1) is None:
        raise t._refusal(node, "averages over all batches (momentum=None), which the graph cannot express")
    affine = a["weight"] is not None
    return t.append("batch_norm", node, node.args[0], eps=a["eps"], momentum=a["momentum"], affine=affine)


@_translates("group_norm")
def _group_norm(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    affine = a["weight"] is not None
    return t.append("group_norm", node, node.args[0], num_groups=a["num_groups"], eps=a["eps"], affine=affine)


@_translates("layer_norm")
def _layer_norm(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    return t.append(
        "layer_norm",
        node,
        node.args[0],
        normalized_shape=tuple(a["normalized_shape"]),
        eps=a["eps"],
        elementwise_affine=a["weight"] is not None,
        bias=a["bias"] is not None,
    )


@_translates(*ACTIVATIONS)
def _activation(t: Translation, node: FxNode) -> Node:
    return t.append(_kind(node).removesuffix("_"), node, node.args[0])


@_translates("leaky_relu", "elu", "gelu")
def _activation_with_setting(t: Translation, node: FxNode) -> Node:
    a, kind = _bound(node), _kind(node).removesuffix("_")
    if kind == "elu" and (a["scale"], a["input_scale"]) != (1, 1):
        raise t._refusal(node)
    attributes = {key: a[key] for key in operation(kind).defaults}
    return t.append(kind, node, node.args[0], **attributes)


@_translates("hardtanh")
def _hardtanh(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    if (a["min_val"], a["max_val"]) != (0, 6):
        raise t._refusal(node)
    return t.append("relu6", node, node.args[0])


@_translates("dropout", "feature_dropout")
def _dropout(t: Translation, node: FxNode) -> Node:
    kind = "dropout" if _kind(node).startswith("dropout") else "dropout2d"
    return t.append(kind, node, node.args[0], p=float(node.args[1]))  # type: ignore[arg-type]


@_translates("add", "mul", "sub", "rsub", "div")
def _arithmetic(t: Translation, node: FxNode) -> Node:
    kind = _kind(node).removesuffix("_")
    left, right = node.args[0], node.args[1]
    alpha: Any = node.kwargs.get("alpha", 1)
    if isinstance(left, FxNode) and isinstance(right, FxNode):
        if kind in ("add", "mul") and alpha == 1:
            return t.append("add" if kind == "add" else "multiply", node, left, right)
    elif isinstance(left, FxNode) and isinstance(right, int | float) and not isinstance(right, bool):
        if kind == "div" and right == 0:
            raise t._refusal(node, "divides by zero")
        factor = {"mul": right, "div": 1 / (right or 1), "rsub": -alpha}.get(kind, 1.0)
        offset = {"add": right * alpha, "sub": -right * alpha, "rsub": right}.get(kind, 0.0)
        return t.append("affine", node, left, factor=float(factor), offset=float(offset))
    raise t._refusal(node)


@_translates("cat")
def _cat(t: Translation, node: FxNode) -> Node:
    tensors: Any = node.args[0]
    dim = node.args[1] if len(node.args) > 1 else 0
    if len(tensors) == 1:  # DenseNets begin so
        return t._value(node, tensors[0])
    return t.append("concat", node, *tensors, dim=_dim(t, node, dim))  # type: ignore[arg-type]


@_translates("softmax", "log_softmax")
def _softmax(t: Translation, node: FxNode) -> Node:
    dim = _dim(t, node, node.args[1])  # type: ignore[arg-type]
    return t.append(_kind(node), node, node.args[0], dim=dim)


@_translates("mean")
def _mean(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    if not a.get("dim"):
        raise t._refusal(node)
    dims = tuple(sorted(_dim(t, node, dim) for dim in _each(a["dim"], 1)))
    return t.append("mean", node, node.args[0], dim=dims, keepdim=a["keepdim"])


@_translates("flatten")
def _flatten(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    last = node.args[0].meta["val"].dim() - 1  # type: ignore[union-attr]
    start, end = a["start_dim"] % (last + 1), a["end_dim"] % (last + 1)
    if end == last and start >= 1:
        return t.append("flatten", node, node.args[0], start_dim=start)
    return _reshape(t, node)


@_translates("view", "reshape", "squeeze", "unsqueeze", "unflatten")
def _reshape(t: Translation, node: FxNode) -> Node:
    batch, source = node.meta["val"].shape[0], node.args[0].meta["val"].shape[0]  # type: ignore[union-attr]
    if batch != source:
        features = " × ".join(str(n) for n in t._value(node, node.args[0]).shape)
        raise UnsupportedOperation(
            f"operation `{node.target}` at {t._place(node)} mixes the pictures of a batch: "
            f"each has {features} numbers, but it asks for {_request(node)}. "
            "Check the size of the input and the number in the view."
        )
    if _shape(node) == t._value(node, node.args[0]).shape:
        return t._value(node, node.args[0])
    if len(_shape(node)) == 1:
        return t.append("flatten", node, node.args[0])
    return t.append("reshape", node, node.args[0], shape=_shape(node))


def _request(node: FxNode) -> str:
    """The sizes a view asks for, as the person wrote them, or the ones that come out."""
    sizes: Any = node.args[1] if len(node.args) > 1 else ()
    sizes = sizes if isinstance(sizes, list | tuple) and sizes else node.meta["val"].shape
    return "(" + ", ".join(str(size) if isinstance(size, int) else "batch" for size in sizes) + ")"
