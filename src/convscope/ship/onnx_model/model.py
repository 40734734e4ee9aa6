"""The whole ONNX model: what it takes, what it gives, its nodes and constants, its version, its metadata."""

from __future__ import annotations

import onnx
from onnx import ModelProto, TensorProto, helper

from ...bundle import Bundle
from ...errors import ConvscopeError, UnsupportedOperation
from ..entrance import Entrance
from ..facts import facts
from .entering import BATCH, enter, input_name, input_of
from .network import write_network
from .writing import Writing

OUTPUT = "probabilities"

#: The first with layer norm as one operator. ONNX Runtime has run it since 1.12, and so do most other
#: runtimes; what later ones would say in one node (GELU, group norm, circular borders) is composed.
OPSET = 17
IR_VERSION = 8  # that of opset 17, and of 18

LARGEST = 2**31 - 2**20  # bytes of weights: a protobuf message ends at 2 GiB


def model_of(bundle: Bundle, entrance: Entrance) -> ModelProto:
    """The bundle as an ONNX model, checked. Raises `UnsupportedOperation` where ONNX has no such form."""
    check_size(bundle.net, sum(weight.nbytes for weight in bundle.weights.values()))
    writing = Writing([input_name(entrance), OUTPUT])
    x = enter(writing, entrance)
    if bundle.graph is not None:
        x, opset = write_network(writing, bundle.graph, bundle.weights, x), OPSET
    else:
        from . import program  # imports torch

        x, opset = program.write_program(writing, bundle, x), program.OPSET
    operator, settings = ("Softmax", {"axis": 1}) if bundle.outputs == "logits" else ("Identity", {})
    writing.add(operator, x, name=f"{OUTPUT}/{operator}", value=OUTPUT, **settings)
    check_size(bundle.net, writing.constant_bytes)
    graph = helper.make_graph(
        writing.nodes,
        bundle.net,
        [input_of(entrance)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [BATCH, len(bundle.classes)])],
        writing.initializers,
        value_info=[
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *shape])
            for name, shape in writing.shapes.items()
        ],
    )
    metadata = facts(bundle, entrance)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=IR_VERSION,
        producer_name="convscope",
        producer_version=metadata["convscope_version"],
        doc_string=metadata["preprocessing_in_words"],
    )
    helper.set_model_props(model, metadata)
    check(model)
    return model


def check(model: ModelProto) -> None:
    """ONNX's own check of every node, type and shape; raises `ConvscopeError` where it finds a mistake."""
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        first = str(error).strip().splitlines()[0]
        raise ConvscopeError(
            f"what was written of {model.graph.name} is no valid ONNX model ({first}); that is a mistake of "
            "convscope, please report it."
        ) from error


def check_size(net: str, size: int) -> None:
    if size > LARGEST:
        raise UnsupportedOperation(
            f"the weights of {net} take {size / 2**30:.2f} GiB, and an ONNX file holds at most 2 GiB; "
            "export it with --format torch."
        )
