"""The nodes of a network that the graph cannot express, as PyTorch's own exporter writes them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable

import torch
from onnx import ModelProto, NodeProto, inliner, numpy_helper
from torch.export import Dim

from ...bundle import Bundle
from ...columns import shortened
from ...errors import ConvscopeError, UnsupportedOperation
from ...graph.tracing import quietly
from .writing import Writing

OPSET = 18  # that of the exporter, which translates to others but not always


def write_program(writing: Writing, bundle: Bundle, x: str) -> str:
    """Write them behind the value `x`; the value that is the network's output."""
    model = _exported(bundle)
    proto = model.graph
    names = {proto.input[0].name: x}
    for tensor in proto.initializer:
        # a bundle's program has `/` for the `.` in the names of the module's tensors
        names[tensor.name] = writing.constant(tensor.name.replace("/", "."), numpy_helper.to_array(tensor))
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
        with quietly():
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
