"""Builds a graph from the calls of a `torch.export` program: values, names, parameters, refusals."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn
from torch.export import ExportedProgram
from torch.fx import Node as FxNode

from ..errors import UnsupportedOperation
from .builder import Builder
from .graph import Graph, Node
from .operation import Attribute, Shape, operation

PASS_THROUGH = {"contiguous", "clone", "alias", "to", "type_as"}
IGNORED = {"sym_size", "_assert_scalar", "sym_constrain_range_for_size", "_assert_tensor_metadata"}
# positions of tensors in the call that become parameters, by role
PARAMETERS = {
    "conv1d": {"weight": 1, "bias": 2},
    "conv2d": {"weight": 1, "bias": 2},
    "linear": {"weight": 1, "bias": 2},
    "batch_norm": {"weight": 1, "bias": 2, "running_mean": 3, "running_var": 4},
    "group_norm": {"weight": 2, "bias": 3},
    "layer_norm": {"weight": 2, "bias": 3},
}
Translator = Callable[["Translation", FxNode], Node]
Translators = Mapping[str, Translator]


class Translation:
    """Builds the graph while the calls of one exported program go by."""

    def __init__(
        self,
        name: str,
        input_shape: Shape,
        module: nn.Module,
        program: ExportedProgram,
        translators: Translators,
    ) -> None:
        self.translators = translators
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
        kind = kind_of(node)
        if kind in IGNORED:
            return
        if self._is_split_module(node):
            return
        if kind in PASS_THROUGH and node.meta["val"].dtype.is_floating_point:
            if node.meta["val"].dtype != node.args[0].meta["val"].dtype:  # type: ignore[union-attr]
                raise self.refusal(node, "changes the number type, which convscope's graph cannot express")
            self.values[node] = self.value(node, node.args[0])
            return
        translate = self.translators.get(kind.removesuffix("_"))
        if translate is None:
            raise self.refusal(node)
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
        values = [self.value(node, argument) for argument in inputs]
        return self.builder.append(
            kind, *values, name=self._name(node, kind), parameters=parameters, **attributes
        )

    def value(self, node: FxNode, argument: Any) -> Node:
        """The graph's node for an argument of a call; raises where it is a fixed tensor."""
        if isinstance(argument, FxNode) and argument in self.values:
            return self.values[argument]
        raise self.refusal(node, "takes a fixed tensor, which convscope's graph cannot express")

    def _parameter_name(self, node: FxNode, argument: Any) -> str:
        if isinstance(argument, FxNode) and argument.name in self.names:
            return str(self.names[argument.name])
        raise self.refusal(node, "has weights that are computed, which convscope's graph cannot express")

    def refusal(self, node: FxNode, why: str = "is not in convscope's graph") -> UnsupportedOperation:
        """The error that names the call, where it is, and what it works on."""
        own = [
            f"`{self.names[argument.name]}`"
            for argument in node.all_input_nodes
            if argument.name in self.names
        ]
        on = f" on the tensor{'s' * (len(own) > 1)} {', '.join(own)}" if own else ""
        return UnsupportedOperation(f"operation `{node.target}` at {self.place(node)}{on} {why}.")

    def _is_split_module(self, node: FxNode) -> bool:
        """Handle modules that torch exports as several calls but the graph knows as one operation."""
        key, path, kind = innermost_call(node)
        if not kind.endswith(("LPPool1d", "LPPool2d")):
            return False
        if key not in self.groups:
            self.groups[key] = self._lp_pool(node, self.module.get_submodule(path))
        self.values[node] = self.groups[key]
        return True

    def _lp_pool(self, node: FxNode, pool: nn.Module) -> Node:
        rank = 2 if isinstance(pool, nn.LPPool2d) else 1
        kernel_size, stride = each(pool.kernel_size, rank), each(pool.stride or pool.kernel_size, rank)
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
        key, path, module_kind = innermost_call(node)
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

    def place(self, node: FxNode) -> str:
        """The layer that makes a call, in words."""
        _, path, _ = innermost_call(node)
        return f"layer `{path}`" if path else "the top of forward"


def kind_of(node: FxNode) -> str:
    if node.target is operator.getitem:
        return "getitem"
    return str(node.target).removeprefix("aten.").split(".")[0]


def innermost_call(node: FxNode) -> tuple[str, str, str]:
    """Key (one per call), path and class of the innermost module that makes this call."""
    stack = node.meta.get("nn_module_stack") or {"": ("", "")}
    key, (path, kind) = list(stack.items())[-1]
    return key, path, kind


def each(value: Any, rank: int) -> tuple[int, ...]:
    if isinstance(value, int):
        return (value,) * rank
    return tuple(value) * rank if len(value) == 1 else tuple(value)
