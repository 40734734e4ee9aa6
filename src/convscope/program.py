"""Networks that the graph cannot express, kept as a list of ATen calls: saved, loaded, run.

`torch.export` does the tracing. PyTorch's own file of an exported program is not used: its loader unpickles,
evaluates expressions and resolves names of the file, so a file could run code. Here a file is safetensors
and JSON, and a call is a public ATen operator or an operation on numbers; nothing else is looked up.
"""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.export.graph_signature import InputKind

from .errors import ConvscopeError, UnsupportedOperation
from .graph.operation import Shape
from .graph.tracing import export

FORMAT, VERSION = "convscope-program", 1
DOCUMENT = "program"  # the tensor that holds the JSON; the others are called `tensor.<name in the module>`
TENSOR = "tensor."

ATEN = re.compile(r"aten\.(_assert_\w+|[a-z]\w*)\.\w+")
NUMBERS: dict[str, Callable[..., Any]] = {  # on batch sizes and the like
    f"{module.__name__}.{name}": getattr(module, name)
    for module, names in {
        operator: "add sub mul floordiv truediv mod pow neg eq ne lt le gt ge and_ or_ getitem",
        math: "ceil floor trunc",
        torch: "sym_int sym_float sym_max sym_min sym_not sym_ite sym_sum",
    }.items()
    for name in names.split()
}
NUMBER_NAMES = {function: name for name, function in NUMBERS.items()}
SOFTMAXES = ("aten.softmax.int", "aten._softmax.default")
SAME_NUMBERS = (  # calls that may stand behind it and change no number
    "aten.clone.default",
    "aten.contiguous.default",
    "aten.detach.default",
    "aten.alias.default",
)
SETTINGS = {torch.dtype: "dtype", torch.memory_format: "memory_format", torch.layout: "layout"}


def save(module: nn.Module, input_shape: Shape) -> bytes:
    """The module in eval mode as a program for any batch size; raises `UnsupportedOperation` if it cannot."""
    from safetensors.torch import save as save_tensors

    program = export(module, input_shape, training=False)
    specs = {spec.arg.name: (spec.kind, spec.target) for spec in program.graph_signature.input_specs}
    tensors: dict[str, Tensor] = {}
    document: dict[str, Any] = {"format": FORMAT, "version": VERSION, "tensors": {}, "calls": []}
    for node in program.graph.nodes:
        if node.op == "placeholder" and specs[node.name][0] is InputKind.USER_INPUT:
            document["input"] = node.name
        elif node.op == "placeholder":
            name = str(specs[node.name][1])
            tensor = program.state_dict.get(name, program.constants.get(name))
            if not isinstance(tensor, Tensor):
                raise UnsupportedOperation(f"{name!r} is no tensor, so the network cannot be kept.")
            document["tensors"][node.name] = name
            tensors[TENSOR + name] = tensor.detach().cpu().clone().contiguous()
        elif node.op == "call_function":
            arguments = [_written(value) for value in node.args]
            settings = {key: _written(value) for key, value in node.kwargs.items()}
            document["calls"].append([node.name, _target_name(node.target), arguments, settings])
        elif node.op == "output":
            document["output"] = node.args[0][0].name
        else:
            raise UnsupportedOperation(
                f"a part of the network runs apart from the rest ({node.target}: torch.no_grad, torch.cond "
                "or the like in its forward), so it cannot be kept. Leave that out."
            )
    return save_tensors({**tensors, DOCUMENT: _tensor(json.dumps(document))})


def with_weights(content: bytes, weights: Mapping[str, np.ndarray]) -> bytes:
    """The program with other values for the tensors named in `weights`, those of the module's state dict."""
    from safetensors.torch import load as load_tensors
    from safetensors.torch import save as save_tensors

    tensors = load_tensors(content)
    for name, value in weights.items():
        if TENSOR + name in tensors:
            tensors[TENSOR + name] = torch.from_numpy(np.array(value))
    return save_tensors(tensors)


def ends_in_softmax(content: bytes) -> bool:
    """Whether the outputs (N, classes) of a program already are probabilities, not their logarithm."""
    from safetensors.torch import load as load_tensors

    document = json.loads(bytes(load_tensors(content)[DOCUMENT].tolist()))
    calls = {name: (target, arguments) for name, target, arguments, _ in document["calls"]}
    last = document["output"]
    while last in calls:
        target, arguments = calls[last]
        if target in SOFTMAXES:
            return bool(arguments[1] in (1, -1))
        if target not in SAME_NUMBERS or not isinstance(arguments[0], dict):
            return False
        last = arguments[0].get("value")
    return False


def load(content: bytes) -> nn.Module:
    """The module that `save` wrote; raises `ConvscopeError` for anything else. Nothing in it is executed."""
    from safetensors.torch import load as load_tensors

    try:
        tensors = load_tensors(content)
        document = json.loads(bytes(tensors[DOCUMENT].tolist()))
        if (document["format"], document["version"]) != (FORMAT, VERSION):
            raise ConvscopeError(f"it is {document['format']} version {document['version']}")
        return Program(document, tensors).eval()
    except Exception as error:
        raise ConvscopeError(f"this is not a program that convscope wrote: {error}.") from error


class Program(nn.Module):
    """Runs the calls in order; (N, ...) in, (N, ...) out. The tensor `a.weight` is the buffer `a/weight`."""

    def __init__(self, document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._input, self._output = str(document["input"]), str(document["output"])
        self._tensors = {str(node): name.replace(".", "/") for node, name in document["tensors"].items()}
        for name in dict.fromkeys(document["tensors"].values()):
            self.register_buffer(name.replace(".", "/"), tensors[TENSOR + name])
        self._calls: list[tuple[str, str, Callable[..., Any], list[Any], dict[str, Any]]] = [
            (str(name), str(target), _function(target), list(arguments), dict(settings))
            for name, target, arguments, settings in document["calls"]
        ]

    def forward(self, batch: Tensor) -> Tensor:
        values: dict[str, Any] = {node: getattr(self, name) for node, name in self._tensors.items()}
        values[self._input] = batch
        for name, target, function, arguments, settings in self._calls:
            try:
                values[name] = function(
                    *(_read(value, values) for value in arguments),
                    **{key: _read(value, values) for key, value in settings.items()},
                )
            except Exception as error:
                raise ConvscopeError(f"the network fails at `{name}` ({target}): {error}") from error
        result = values.get(self._output)
        if not isinstance(result, Tensor):
            raise ConvscopeError(f"the network's output `{self._output}` is no tensor")
        return result


def _target_name(target: Any) -> str:
    name = str(target) if isinstance(target, OpOverload) else NUMBER_NAMES.get(target, str(target))
    try:
        _function(name)
    except ConvscopeError as error:
        raise UnsupportedOperation(f"the network cannot be kept: {error}.") from None
    return name


def _function(name: str) -> Callable[..., Any]:
    """What a call means; only public ATen operators that touch no files, and `NUMBERS`."""
    if name in NUMBERS:
        return NUMBERS[name]
    if ATEN.fullmatch(name):
        _, packet, overload = name.split(".")
        found = getattr(getattr(torch.ops.aten, packet, None), overload, None)
        if isinstance(found, OpOverload) and all(a.name != "filename" for a in found._schema.arguments):
            return found
    raise ConvscopeError(f"it calls {name!r}, which is no ATen operator on tensors")


def _written(value: Any) -> Any:
    """An argument as JSON: nodes and PyTorch's constants as an object with one key."""
    if isinstance(value, torch.fx.Node):
        return {"value": value.name}
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if type(value) in SETTINGS:
        return {SETTINGS[type(value)]: str(value).removeprefix("torch.")}
    if isinstance(value, torch.device):
        return {"device": value.type}
    raise UnsupportedOperation(f"the network cannot be kept: {value!r} is an argument of one of its calls.")


def _read(written: Any, values: Mapping[str, Any]) -> Any:
    """The inverse of `_written`; a program runs where its input is."""
    if isinstance(written, list):
        return [_read(item, values) for item in written]
    if not isinstance(written, dict):
        return written
    ((kind, content),) = written.items()
    if kind == "value":
        return values[content]
    if kind == "device":
        return torch.device(content)
    setting = getattr(torch, content)
    if SETTINGS.get(type(setting)) != kind:
        raise ConvscopeError(f"{content!r} is no {kind}")
    return setting


def _tensor(text: str) -> Tensor:
    return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)
