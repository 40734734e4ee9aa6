"""The nodes of a network that the graph cannot express, as PyTorch's own exporter writes them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import torch
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, inliner, numpy_helper
from torch.export import Dim

from ...bundle import Bundle
from ...columns import shortened
from ...errors import ConvscopeError, UnsupportedOperation
from ...graph.tracing import no_logging
from .writing import Writing

OPSET = 18  # the exporter's own; to others it translates, which may fail
GRAPH, GRAPHS, FLOAT = AttributeProto.GRAPH, AttributeProto.GRAPHS, TensorProto.FLOAT


def write_program(writing: Writing, bundle: Bundle, x: str) -> str:
    """Write them behind the value `x`; the value that is the network's output."""
    model = _exported(bundle)
    proto = model.graph
    names = {proto.input[0].name: x}
    for tensor in proto.initializer:
        # a bundle's program has `/` for the `.` in the names of the module's tensors
        names[tensor.name] = writing.constant(tensor.name.replace("/", "."), numpy_helper.to_array(tensor))
    _keep_borders(writing, model, names)
    _rename(writing, proto.node, names)
    writing.nodes.extend(proto.node)
    return names[proto.output[0].name]


def _exported(bundle: Bundle) -> ModelProto:
    try:
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ConvscopeError(
            f"{bundle.net} is kept as a program, which needs onnxscript to become ONNX: "
            "pip install 'convscope[export]'."
        ) from error
    module, example = bundle.to_module(), torch.zeros(2, *bundle.preprocessing.input_shape)
    try:
        with warnings.catch_warnings(action="ignore"), no_logging():
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                dynamic_shapes=({0: Dim("batch")},),
                opset_version=OPSET,
                verbose=False,
            )
    except Exception as error:
        raise UnsupportedOperation(
            f"{bundle.net} is kept as a program, which PyTorch cannot write as ONNX ({_reason(error)}); "
            "export it with --format torch."
        ) from error
    assert program is not None
    model = inliner.inline_local_functions(program.model_proto)
    foreign = sorted({node.domain for node in model.graph.node} - {"", "ai.onnx"})
    if foreign:
        raise UnsupportedOperation(
            f"{bundle.net} is kept as a program, of which PyTorch makes operators that are not ONNX's own "
            f"({', '.join(foreign)}); export it with --format torch."
        )
    return model


def _keep_borders(writing: Writing, model: ModelProto, names: dict[str, str]) -> None:
    """Make each border of zeros one of -0, as `windows.py` does, so that ONNX Runtime leaves it as it is."""
    graph = model.graph
    floats = {value.name for value in graph.value_info if value.type.tensor_type.elem_type == FLOAT}
    zeros = {tensor.name for tensor in graph.initializer if not numpy_helper.to_array(tensor).any()}
    for node in graph.node:
        mode = next((one.s for one in node.attribute if one.name == "mode"), b"constant")
        value = node.input[2] if len(node.input) > 2 else ""
        if (
            node.op_type == "Pad"
            and mode == b"constant"
            and node.output[0] in floats
            and value in {"", *zeros}
        ):
            border = writing.constant(f"{node.name}/border", np.float32(-0.0))
            names[border] = border
            node.input[2:3] = [border]


def _rename(writing: Writing, nodes: Iterable[NodeProto], names: dict[str, str]) -> None:
    """Give nodes and values names that are free here, and take away what the exporter notes of its work.

    `names` has the new name of every value so far, and gets those of these nodes.
    """
    for node in nodes:
        node.name = writing.free(node.name or node.op_type)
        node.ClearField("doc_string")
        node.ClearField("metadata_props")  # with paths of the machine
        node.input[:] = [names.get(name, name) for name in node.input]
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs) if attribute.type in (GRAPH, GRAPHS) else ():
                inner = dict(names)
                graph.ClearField("value_info")
                for value in (*graph.input, *graph.initializer):
                    inner[value.name] = value.name = writing.free(value.name)
                _rename(writing, graph.node, inner)
                for value in graph.output:
                    value.name = inner[value.name]
        names |= {name: writing.free(name) for name in node.output if name}
        node.output[:] = [names.get(name, name) for name in node.output]


def _reason(error: Exception) -> str:
    """The innermost first line: the exporter's own is about how to report it."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return shortened(first.split(" Failure message:")[0].rstrip("."), 200)
