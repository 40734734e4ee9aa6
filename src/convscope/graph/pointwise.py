"""Operations that treat every position alike: activations, sums, products, dropout, softmax, concat."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import ShapeError, UnknownName, UsageError
from .operation import Attributes, Operation, Reach, Shape, register, spell


class Activation(Operation):
    """A function of each number by itself."""


class Gelu(Activation):
    """x · Φ(x), exactly or by the `tanh` approximation (Hendrycks & Gimpel 2016)."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        if attributes["approximate"] not in ("none", "tanh"):
            raise UnknownName("approximation of gelu", attributes["approximate"], ("none", "tanh"))
        return inputs[0]


class Affine(Operation):
    """x · factor + offset with two fixed numbers."""


class Dropout(Operation):
    """Zeroes numbers (or, for `dropout2d`, whole channels) with probability `p` while training."""

    prefix = "dropout"

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        if not 0 <= attributes["p"] <= 1:
            raise UsageError(f"p={attributes['p']} of dropout should lie in 0 to 1.")
        axis_of(1, inputs[0])
        return inputs[0]


class Combine(Operation):
    """Element by element over all inputs; sizes of 1 stretch, as in NumPy."""

    arity = None

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        shape = inputs[0]
        for other in inputs[1:]:
            if len(other) != len(shape) or any(
                a != b and 1 not in (a, b) for a, b in zip(shape, other, strict=True)
            ):
                raise ShapeError(f"its inputs {spell(shape)} and {spell(other)} do not fit together.")
            shape = tuple(max(a, b) for a, b in zip(shape, other, strict=True))
        return shape

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "point" if len({shape[1:] for shape in inputs}) == 1 else "whole"  # stretched positions


class Concat(Operation):
    """Inputs one behind the other along `dim` (1 is channels, as in PyTorch)."""

    arity = None

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        axis = axis_of(attributes["dim"], inputs[0])
        for other in inputs[1:]:
            if len(other) != len(inputs[0]) or any(
                a != b for i, (a, b) in enumerate(zip(inputs[0], other, strict=True)) if i != axis
            ):
                raise ShapeError(
                    f"its inputs {spell(inputs[0])} and {spell(other)} differ besides dimension {axis + 1}."
                )
        return tuple(sum(s[axis] for s in inputs) if i == axis else size for i, size in enumerate(inputs[0]))

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "point" if attributes["dim"] == 1 else "whole"  # positions move


class Softmax(Operation):
    """exp(x) / Σ exp(x) along `dim`, or its logarithm."""

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        axis_of(attributes["dim"], inputs[0])
        return inputs[0]

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        return "point" if attributes["dim"] == 1 else "whole"


def axis_of(dim: int, shape: Shape) -> int:
    """Index into a shape without the batch for PyTorch's `dim`, which counts the batch as 0."""
    if not 1 <= dim <= len(shape):
        raise ShapeError(f"dim={dim} should lie in 1 to {len(shape)} for its input of {spell(shape)}.")
    return dim - 1


register(
    *(
        Activation(n)
        for n in ("relu", "relu6", "sigmoid", "tanh", "silu", "hardswish", "hardsigmoid", "mish", "selu")
    ),
    Activation("leaky_relu", negative_slope=0.01),
    Activation("elu", alpha=1.0),
    Gelu("gelu", approximate="none"),
    Affine("affine", factor=1.0, offset=0.0),
    Dropout("dropout", p=0.5),
    Dropout("dropout2d", p=0.5),
    Combine("add"),
    Combine("multiply"),
    Concat("concat", dim=1),
    Softmax("softmax", dim=1),
    Softmax("log_softmax", dim=1),
)
