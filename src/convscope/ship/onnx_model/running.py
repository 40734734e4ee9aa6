"""An ONNX file run by ONNX Runtime, on the CPU."""

from __future__ import annotations

import numpy as np
import onnxruntime

from ... import native
from ...errors import ConvscopeError
from ..runner import Runner

ERRORS_ONLY = 3  # of what it writes to standard error


def run_with_onnxruntime(content: bytes, *, threads: int | None = None) -> Runner:
    """What the model in a file says: an array of its input's type → float32 (N, classes), on all cores by
    default.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = ERRORS_ONLY
    options.intra_op_num_threads = threads or native.cores()
    options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own exceptions have no common class
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ConvscopeError(f"ONNX Runtime does not load the model: {first}.") from error
    (taken,), (given,) = session.get_inputs(), session.get_outputs()

    def run(inputs: np.ndarray) -> np.ndarray:
        outputs: np.ndarray = session.run([given.name], {taken.name: inputs})[0]
        return outputs

    return run
