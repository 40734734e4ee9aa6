"""The first nodes of an ONNX model: from what is stored of inputs to the network's numbers."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from ...data import ArrayPreprocessing, Preprocessing
from ..entrance import Entrance
from .writing import Writing

BATCH = "batch"  # what the first axis is called, which may have any size
PART = "preprocessing"  # before the names of these nodes


def input_name(entrance: Entrance) -> str:
    """`pictures`, `signals` or `arrays`; `input` where preprocessing is not part of the network."""
    return f"{entrance.preprocessing.noun}s" if entrance.inside else "input"


def input_of(entrance: Entrance) -> ValueInfoProto:
    """Name, type and shape of what the model takes."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(entrance.dtype))
    return helper.make_tensor_value_info(input_name(entrance), kind, [BATCH, *entrance.shape])


def enter(writing: Writing, entrance: Entrance) -> str:
    """Write them; the value that the network takes."""
    of, x = entrance.preprocessing, input_name(entrance)
    if not entrance.inside:
        return x
    if isinstance(of, Preprocessing):
        return _pixels(writing, of, x)
    assert isinstance(of, ArrayPreprocessing)
    return _numbers(writing, of, x)


def _pixels(writing: Writing, of: Preprocessing, x: str) -> str:
    """uint8 (N, H, W, C) → float32 (N, C, H, W), the bits of `Preprocessing.batch`: x · factor + offset."""
    factor, offset = of.factor_and_offset()
    x = writing.add("Transpose", x, name=f"{PART}/Transpose", perm=[0, 3, 1, 2])
    x = writing.add("Cast", x, name=f"{PART}/Cast", to=TensorProto.FLOAT)
    if of.invert:
        white = writing.constant(f"{PART}/white", np.float32(255))
        x = writing.add("Sub", white, x, name=f"{PART}/invert")
    x = writing.add("Mul", x, writing.constant(f"{PART}/factor", _column(factor, 3)), name=f"{PART}/Mul")
    if offset is None:
        return x
    return writing.add("Add", x, writing.constant(f"{PART}/offset", _column(offset, 3)), name=f"{PART}/Add")


def _numbers(writing: Writing, of: ArrayPreprocessing, x: str) -> str:
    """float32 (N, *shape) → (N, *input_shape), the bits of `ArrayPreprocessing.batch`: (x - mean) / std."""
    axes = len(of.shape)
    if of.mean is not None and of.std is not None:
        mean = writing.constant(f"{PART}/mean", _column(of.mean, axes))
        std = writing.constant(f"{PART}/std", _column(of.std, axes))
        x = writing.add("Sub", x, mean, name=f"{PART}/Sub")
        x = writing.add("Div", x, std, name=f"{PART}/Div")
    for axis, size in enumerate(of.shape[1:], start=2) if of.repeat > 1 else ():
        places = np.arange(size, dtype=np.int64).repeat(of.repeat)
        repeated = writing.constant(f"{PART}/places{axis}", places)
        x = writing.add("Gather", x, repeated, name=f"{PART}/repeat{axis}", axis=axis)
    return x


def _column(values: object, axes: int) -> np.ndarray:
    """One number per channel, to go with (C, ...)."""
    return np.array(values, dtype=np.float32).reshape(-1, *(1,) * (axes - 1))
