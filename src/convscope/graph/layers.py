"""Operations that mix positions without a window: linear, normalisation, flatten, reshape, mean."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..errors import ShapeError, UsageError
from .operation import LARGEST, Attributes, Operation, ParameterSpec, Reach, Required, Shape, register, spell
from .pointwise import axis_of


class Input(Operation):
    """Where the batch enters."""

    arity = 0

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        shape: tuple[int, ...] = attributes["shape"]
        if not shape or min(shape) < 1:
            raise ShapeError(f"an input of {spell(shape)} is empty; every size should be at least 1.")
        return shape


class Linear(Operation):
    """A weighted sum of all features, plus a bias; acts on the last axis."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        axis_of(1, inputs[0])
        return (*inputs[0][:-1], attributes["out_features"])

    def parameters(self, inputs: Sequence[Shape], attributes: Attributes) -> dict[str, ParameterSpec]:
        features, out_features = inputs[0][-1], attributes["out_features"]
        specs = {"weight": ParameterSpec((out_features, features), initial="uniform", fan_in=features)}
        if attributes["bias"]:
            specs["bias"] = ParameterSpec((out_features,), initial="uniform", fan_in=features)
        return specs

    def macs(self, inputs: Sequence[Shape], output: Shape, attributes: Attributes) -> int:
        return math.prod(output) * inputs[0][-1]

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "whole"


class BatchNorm(Operation):
    """Per channel: batch statistics while training, running statistics otherwise (Ioffe & Szegedy 2015)."""

    prefix = "norm"

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        axis_of(1, inputs[0])
        if attributes["eps"] <= 0:
            raise UsageError(f"eps={attributes['eps']} of batch_norm should be above 0.")
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape], attributes: Attributes) -> dict[str, ParameterSpec]:
        shape = inputs[0][:1]
        specs = _scale_and_shift(shape) if attributes["affine"] else {}
        return specs | {
            "running_mean": ParameterSpec(shape, trainable=False),
            "running_var": ParameterSpec(shape, trainable=False, initial="ones"),
            "num_batches_tracked": ParameterSpec((), trainable=False, dtype="int64"),
        }


class GroupNorm(Operation):
    """Statistics of each picture over groups of channels (Wu & He 2018)."""

    prefix = "norm"

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        groups = attributes["num_groups"]
        if inputs[0][axis_of(1, inputs[0])] % groups:
            raise ShapeError(f"num_groups={groups} must divide its {inputs[0][0]} channels.")
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape], attributes: Attributes) -> dict[str, ParameterSpec]:
        return _scale_and_shift(inputs[0][:1]) if attributes["affine"] else {}

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "whole"


class LayerNorm(Operation):
    """Statistics of each picture over the last axes, `normalized_shape` (Ba et al. 2016)."""

    prefix = "norm"

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        shape: tuple[int, ...] = attributes["normalized_shape"]
        if inputs[0][-len(shape) :] != shape:
            raise ShapeError(f"its input of {spell(inputs[0])} does not end in {spell(shape)}.")
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape], attributes: Attributes) -> dict[str, ParameterSpec]:
        shape: tuple[int, ...] = attributes["normalized_shape"]
        specs = _scale_and_shift(shape) if attributes["elementwise_affine"] else {}
        if not attributes["bias"]:
            specs.pop("bias", None)
        return specs

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "whole"


class Flatten(Operation):
    """Axes from `start_dim` on become one (row-major: channel, row, column)."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        axis = axis_of(attributes["start_dim"], inputs[0])
        return (*inputs[0][:axis], math.prod(inputs[0][axis:]))

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "whole"


class Reshape(Operation):
    """The same numbers in row-major order under another `shape` (without the batch)."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        shape: tuple[int, ...] = attributes["shape"]
        if math.prod(shape) != math.prod(inputs[0]):
            raise ShapeError(
                f"its input of {spell(inputs[0])} has {math.prod(inputs[0])} numbers per picture, "
                f"{spell(shape)} has {math.prod(shape)}."
            )
        return shape

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "whole"


class Mean(Operation):
    """Mean over the dimensions `dim` (counted with the batch as 0)."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        dims: tuple[int, ...] = attributes["dim"]
        axes = {axis_of(dim, inputs[0]) for dim in dims}
        if not axes or len(axes) < len(dims):
            raise UsageError(f"dim={dims} should name each dimension once, and at least one.")
        if attributes["keepdim"]:
            return tuple(1 if i in axes else size for i, size in enumerate(inputs[0]))
        return tuple(size for i, size in enumerate(inputs[0]) if i not in axes)

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "point" if attributes["dim"] == (1,) and attributes["keepdim"] else "whole"


def _scale_and_shift(shape: Shape) -> dict[str, ParameterSpec]:
    return {"weight": ParameterSpec(shape, initial="ones"), "bias": ParameterSpec(shape)}


register(
    Input("input", shape=Required((-LARGEST,), any_length=True)),
    Linear("linear", out_features=Required(1), bias=True),
    BatchNorm("batch_norm", eps=1e-5, momentum=0.1, affine=True),
    GroupNorm("group_norm", num_groups=Required(1), eps=1e-5, affine=True),
    LayerNorm(
        "layer_norm",
        normalized_shape=Required((1,), any_length=True),
        eps=1e-5,
        elementwise_affine=True,
        bias=True,
    ),
    Flatten("flatten", start_dim=1),
    Reshape("reshape", shape=Required((1,), any_length=True)),
    Mean("mean", dim=Required((1,), any_length=True), keepdim=False),
)
