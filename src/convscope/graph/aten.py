"""What each ATen operator is in the graph: one call of an exported program → one node."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch.fx import Node as FxNode

from ..errors import UnsupportedOperation
from ..ops.padding import Padding, resolve_padding
from .graph import Node
from .operation import Attribute, Shape, operation
from .translation import Translation, Translator, each, innermost_call, kind_of

ACTIVATIONS = {"relu", "relu6", "sigmoid", "tanh", "silu", "hardswish", "hardsigmoid", "mish", "selu"}
TRANSLATORS: dict[str, Translator] = {}


def _translates(*kinds: str) -> Callable[[Translator], Translator]:
    def record(function: Translator) -> Translator:
        TRANSLATORS.update(dict.fromkeys(kinds, function))
        return function

    return record


@_translates("conv1d", "conv2d")
def _conv(t: Translation, node: FxNode) -> Node:
    a, kind = _bound(node), kind_of(node)
    rank = int(kind[-2])
    stride, dilation = each(a["stride"], rank), each(a["dilation"], rank)
    kernel_size = tuple(a["weight"].meta["val"].shape[2:])
    padding: Padding = a["padding"]
    if not isinstance(padding, str):
        padding = [(p, p) for p in each(padding, rank)]
    pairs = resolve_padding(
        padding,
        t.value(node, node.args[0]).shape[1:],
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
    a, kind = _bound(node), kind_of(node)
    rank = int(kind[-2])
    kernel_size = each(a["kernel_size"], rank)
    window: dict[str, Attribute] = {
        "kernel_size": kernel_size,
        "stride": each(a["stride"] or kernel_size, rank),
        "padding": tuple((p, p) for p in each(a["padding"], rank)),
        "ceil_mode": a["ceil_mode"],
    }
    if kind.startswith("max"):
        return t.append(f"max_pool{rank}d", node, node.args[0], **window, dilation=each(a["dilation"], rank))
    if a.get("divisor_override") is not None:
        raise t.refusal(node)
    count = a["count_include_pad"]
    return t.append(f"average_pool{rank}d", node, node.args[0], **window, count_include_pad=count)


@_translates("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_pool(t: Translation, node: FxNode) -> Node:
    kind = kind_of(node).replace("avg", "average")
    rank = int(kind[-2])
    return t.append(kind, node, node.args[0], output_size=each(node.args[1], rank))


@_translates("getitem")
def _getitem(t: Translation, node: FxNode) -> Node:
    source, index = node.args
    if isinstance(source, FxNode) and "max_pool" in str(source.target) and (index == 0 or not node.users):
        return t.values[source]  # index 1 is the positions of the maxima
    raise t.refusal(node)


@_translates("pad")
def _pad(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    sides = a["pad"]
    pairs = tuple((sides[i], sides[i + 1]) for i in range(len(sides) - 2, -1, -2))
    mode, value = "zeros" if a["mode"] == "constant" else a["mode"], float(a["value"] or 0.0)
    if len(pairs) >= len(_shape(node)) or not math.isfinite(value):
        raise t.refusal(
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
        raise t.refusal(node, "has no running statistics, which convscope's graph cannot express")
    if getattr(t.module.get_submodule(innermost_call(node)[1]), "momentum", 0.1) is None:
        raise t.refusal(node, "averages over all batches (momentum=None), which the graph cannot express")
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
    return t.append(kind_of(node).removesuffix("_"), node, node.args[0])


@_translates("leaky_relu", "elu", "gelu")
def _activation_with_setting(t: Translation, node: FxNode) -> Node:
    a, kind = _bound(node), kind_of(node).removesuffix("_")
    if kind == "elu" and (a["scale"], a["input_scale"]) != (1, 1):
        raise t.refusal(node)
    attributes = {key: a[key] for key in operation(kind).defaults}
    return t.append(kind, node, node.args[0], **attributes)


@_translates("hardtanh")
def _hardtanh(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    if (a["min_val"], a["max_val"]) != (0, 6):
        raise t.refusal(node)
    return t.append("relu6", node, node.args[0])


@_translates("dropout", "feature_dropout")
def _dropout(t: Translation, node: FxNode) -> Node:
    kind = "dropout" if kind_of(node).startswith("dropout") else "dropout2d"
    return t.append(kind, node, node.args[0], p=float(node.args[1]))  # type: ignore[arg-type]


@_translates("add", "mul", "sub", "rsub", "div")
def _arithmetic(t: Translation, node: FxNode) -> Node:
    kind = kind_of(node).removesuffix("_")
    left, right = node.args[0], node.args[1]
    alpha: Any = node.kwargs.get("alpha", 1)
    if isinstance(left, FxNode) and isinstance(right, FxNode):
        if kind in ("add", "mul") and alpha == 1:
            return t.append("add" if kind == "add" else "multiply", node, left, right)
    elif isinstance(left, FxNode) and isinstance(right, int | float) and not isinstance(right, bool):
        if kind == "div" and right == 0:
            raise t.refusal(node, "divides by zero")
        factor = {"mul": right, "div": 1 / (right or 1), "rsub": -alpha}.get(kind, 1.0)
        offset = {"add": right * alpha, "sub": -right * alpha, "rsub": right}.get(kind, 0.0)
        return t.append("affine", node, left, factor=float(factor), offset=float(offset))
    raise t.refusal(node)


@_translates("cat")
def _cat(t: Translation, node: FxNode) -> Node:
    tensors: Any = node.args[0]
    dim = node.args[1] if len(node.args) > 1 else 0
    if len(tensors) == 1:  # DenseNets begin so
        return t.value(node, tensors[0])
    return t.append("concat", node, *tensors, dim=_dim(t, node, dim))  # type: ignore[arg-type]


@_translates("softmax", "log_softmax")
def _softmax(t: Translation, node: FxNode) -> Node:
    dim = _dim(t, node, node.args[1])  # type: ignore[arg-type]
    return t.append(kind_of(node), node, node.args[0], dim=dim)


@_translates("mean")
def _mean(t: Translation, node: FxNode) -> Node:
    a = _bound(node)
    if not a.get("dim"):
        raise t.refusal(node)
    dims = tuple(sorted(_dim(t, node, dim) for dim in each(a["dim"], 1)))
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
        features = " × ".join(str(n) for n in t.value(node, node.args[0]).shape)
        raise UnsupportedOperation(
            f"operation `{node.target}` at {t.place(node)} mixes the pictures of a batch: "
            f"each has {features} numbers, but it asks for {_request(node)}. "
            "Check the size of the input and the number in the view."
        )
    if _shape(node) == t.value(node, node.args[0]).shape:
        return t.value(node, node.args[0])
    if len(_shape(node)) == 1:
        return t.append("flatten", node, node.args[0])
    return t.append("reshape", node, node.args[0], shape=_shape(node))


def _request(node: FxNode) -> str:
    """The sizes a view asks for, as the person wrote them, or the ones that come out."""
    sizes: Any = node.args[1] if len(node.args) > 1 else ()
    sizes = sizes if isinstance(sizes, list | tuple) and sizes else node.meta["val"].shape
    return "(" + ", ".join(str(size) if isinstance(size, int) else "batch" for size in sizes) + ")"


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
        raise t.refusal(node, "works along the pictures of a batch, which convscope's graph cannot express")
    return dim % rank
