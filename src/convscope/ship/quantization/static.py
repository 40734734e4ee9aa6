"""An ONNX model whose layers compute in int8: static quantisation by onnxruntime, calibrated on inputs.

Weights are int8, one scale per output channel; activations are uint8, with the range that they have for the
calibration inputs. Weights use 7 of their 8 bits: processors without VNNI add two products of a uint8 and
an int8 in 16 bits, where full weights overflow and 7 bits cannot (2 · 255 · 64 < 2¹⁵), so that the figures
measured here hold there.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...columns import shortened
from ...errors import ConvscopeError, UnsupportedOperation
from .float_parts import WEIGHTED, float_nodes, release_scores

if TYPE_CHECKING:
    from onnx import ModelProto

BATCH = 32  # inputs that are calibrated on at a time
#: what onnxruntime computes in integers on a CPU, or passes on unchanged; everything else stays float
IN_INTEGERS = (
    *WEIGHTED,
    *("Relu", "Clip", "Add", "MaxPool", "AveragePool", "GlobalAveragePool"),
    *("Concat", "Flatten", "Reshape", "Squeeze", "Transpose", "Unsqueeze"),
)
NOTE = "quantization"  # in the metadata of the file


def quantize(model: bytes, inputs: np.ndarray) -> bytes:
    """An ONNX file in float32 as one in int8; `inputs` (N, ...), as the model takes them, calibrate it.

    What comes before the first convolution or linear layer (scaling, mean, deviation) and behind the last one
    (the softmax) stays float. Names of inputs and outputs, the dynamic batch and the metadata stay; how it
    was made is added to the metadata as `quantization`. Same model and inputs: same bytes. Raises
    `UnsupportedOperation` for a model with neither a convolution nor a linear layer.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    given = onnx.load_from_string(model)
    with tempfile.TemporaryDirectory(prefix="convscope-int8-") as folder, _silent():
        before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        folded = _folded(model, Path(folder) / "folded.onnx")
        if not any(node.op_type in WEIGHTED for node in folded.graph.node):
            raise UnsupportedOperation(
                "the network has neither a convolution nor a linear layer, so int8 has nothing to make "
                "smaller; export it without --int8."
            )
        before.write_bytes(folded.SerializeToString())
        try:
            quantize_static(
                before,
                after,
                _Batches(inputs, given.graph.input[0].name),
                quant_format=QuantFormat.QDQ,
                calibrate_method=CalibrationMethod.MinMax,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                reduce_range=True,
                op_types_to_quantize=list(IN_INTEGERS),
                nodes_to_exclude=float_nodes(folded.graph),
            )
        except Exception as error:  # the quantiser is another's, and raises what it raises
            reason = shortened(" ".join(str(error).split()), 200)
            raise ConvscopeError(
                f"onnxruntime cannot quantise this network ({reason}); export it without --int8."
            ) from error
        result = onnx.load_from_string(after.read_bytes())
    release_scores(result.graph)
    _signed_as(result, given, len(inputs))
    onnx.checker.check_model(result, full_check=True)
    content: bytes = result.SerializeToString(deterministic=True)
    return content


def noted(model: bytes, measured: Mapping[str, Any]) -> bytes:
    """The model of `quantize` with what was measured of it behind how it was made, in its metadata."""
    import onnx

    proto = onnx.load_from_string(model)
    said = {one.key: one.value for one in proto.metadata_props}
    note = {**json.loads(said.get(NOTE, "{}")), **measured}
    onnx.helper.set_model_props(proto, {**said, NOTE: json.dumps(note)})
    content: bytes = proto.SerializeToString(deterministic=True)
    return content


class _Batches:
    """The inputs as onnxruntime's calibration asks for them."""

    def __init__(self, inputs: np.ndarray, name: str) -> None:
        self._left = ({name: inputs[start : start + BATCH]} for start in range(0, len(inputs), BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._left, None)


def _folded(model: bytes, file: Path) -> ModelProto:
    """The model with each batch norm folded into the convolution before it, and every node named."""
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(file)
    options.log_severity_level = 3  # errors
    onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    folded = onnx.load_from_string(file.read_bytes())
    for position, node in enumerate(folded.graph.node):
        node.name = node.name or f"{node.op_type.lower()}_{position}"
    return folded


def _signed_as(result: ModelProto, given: ModelProto, count: int) -> None:
    """Who made it, its versions and metadata as they were; without shapes inside, which readers infer."""
    for field in ("producer_name", "producer_version", "domain", "model_version", "doc_string"):
        setattr(result, field, getattr(given, field))
    for of in ("opset_import", "metadata_props"):
        result.ClearField(of)
        getattr(result, of).extend(getattr(given, of))
    note = {
        "method": "static, by onnxruntime",
        "weights": "int8, 7 bits used, symmetric, per output channel",
        "activations": "uint8, minimum to maximum",
        "calibrated_on": count,
    }
    result.metadata_props.add(key=NOTE, value=json.dumps(note))
    result.graph.name, result.graph.doc_string = given.graph.name, given.graph.doc_string
    result.graph.ClearField("value_info")


@contextmanager
def _silent() -> Iterator[None]:
    """Without what onnxruntime tells the root logger, and without the handler that this would add."""

    def anothers(record: logging.LogRecord) -> bool:
        return "onnxruntime" not in Path(record.pathname).parts

    root, handler = logging.getLogger(), logging.NullHandler()
    root.addFilter(anothers)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.removeFilter(anothers)
