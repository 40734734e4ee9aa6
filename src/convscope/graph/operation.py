"""What the graph knows about an operation: its settings, shapes, parameters, cost and reach."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ShapeError, UnknownName, UsageError
from ..ops.geometry import Window

Shape = tuple[int, ...]  # without the batch: (C, H, W), (C, L) or (features,)
# int, float, bool, str, a tuple of ints (one per axis) or of int pairs; `Operation.complete` checks them
Attribute = Any
LARGEST = 2**31 - 1  # no size, and no tensor of one picture, is larger
Attributes = Mapping[str, Attribute]


Reach = Literal["point", "whole"] | tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """Shape and kind of one named tensor; buffers (running statistics) are not trainable."""

    shape: Shape
    trainable: bool = True
    dtype: str = "float32"
    initial: str = "zeros"  # "zeros", "ones" or "uniform": U(-1/sqrt(fan_in), 1/sqrt(fan_in))
    fan_in: int = 0


@dataclass(frozen=True, slots=True)
class Required:
    """An attribute without a default; `like` shows its kind, and its least value where it counts."""

    like: Attribute
    any_length: bool = False


class Operation:
    """One kind of node. Subclasses state the rules; a `Node` holds one use of it.

    Shapes exclude the batch axis. `defaults` lists every attribute with its default, which is
    also the least value of one that counts (sizes, axes); `Required` stands for one that has none.
    """

    arity: int | None = 1  # number of inputs; None for any number from two up
    prefix = ""  # of automatic names: conv1, conv2, ...

    def __init__(self, name: str, **defaults: Attribute) -> None:
        self.name = name
        self.defaults = defaults
        self.prefix = self.prefix or (f"{name}_" if name[-1].isdigit() else name)

    def output_shape(self, inputs: Sequence[Shape], attributes: Attributes) -> Shape:
        """Shape of the result; raises `ShapeError` where the sizes are impossible."""
        return inputs[0]

    def parameters(self, inputs: Sequence[Shape], attributes: Attributes) -> dict[str, ParameterSpec]:
        """The tensors a node of this kind owns, by role (`weight`, `bias`, ...)."""
        return {}

    def macs(self, inputs: Sequence[Shape], output: Shape, attributes: Attributes) -> int:
        """Multiply-accumulates of convolutions and linear layers for one picture; other work counts 0."""
        return 0

    def reach(self, inputs: Sequence[Shape], attributes: Attributes) -> Reach:
        """Which spatial positions one output position depends on."""
        return "point"

    def complete(self, attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
        """`attributes` with defaults filled in and every name and type checked."""
        for name in attributes:
            if name not in self.defaults:
                raise UnknownName(f"attribute of {self.name}", name, self.defaults)
        complete: dict[str, Attribute] = {}
        for name, default in self.defaults.items():
            required = default if isinstance(default, Required) else None
            if required and name not in attributes:
                raise UsageError(f"{self.name} needs the attribute {name!r}.")
            value, like = attributes.get(name, default), required.like if required else default
            if not _same_kind(value, like, any_length=required is not None and required.any_length):
                raise UsageError(f"{self.name}: {name}={value!r} should be {_in_words(like)}.")
            complete[name] = value
        return complete


def _same_kind(value: Attribute, like: Attribute, *, any_length: bool = False) -> bool:
    if isinstance(like, bool) or isinstance(value, bool):
        return isinstance(like, bool) and isinstance(value, bool)
    if isinstance(like, float):
        return isinstance(value, int | float) and abs(value) <= sys.float_info.max  # not NaN either
    if isinstance(like, int):
        return isinstance(value, int) and like <= value <= LARGEST
    if isinstance(like, tuple):
        fits = isinstance(value, tuple) and (any_length or len(value) == len(like))
        return fits and all(_same_kind(item, like[0]) for item in value)
    return type(value) is type(like)


def _in_words(like: Attribute) -> str:
    """What `_same_kind` asks for.

    >>> _in_words(((0, 0), (0, 0)))
    'a tuple, each item a tuple, each item a whole number from 0'
    """
    if isinstance(like, tuple):
        return f"a tuple, each item {_in_words(like[0])}"
    if isinstance(like, bool):
        return "true or false"
    if isinstance(like, int):
        return "a whole number" if like < 0 else f"a whole number from {like}"
    return "a finite number" if isinstance(like, float) else "a word"


OPERATIONS: dict[str, Operation] = {}


def register(*operations: Operation) -> None:
    for operation in operations:
        OPERATIONS[operation.name] = operation


def operation(name: str) -> Operation:
    """The operation called `name`; raises `UnknownName` with the nearest known name."""
    if name not in OPERATIONS:
        raise UnknownName("operation", name, sorted(OPERATIONS))
    return OPERATIONS[name]


def spell(shape: Shape) -> str:
    """A shape as people write it.

    >>> spell((3, 32, 32))
    '3×32×32'
    """
    return "×".join(map(str, shape)) if shape else "scalar"


def require_rank(shape: Shape, rank: int, what: str) -> None:
    if len(shape) != rank:
        raise ShapeError(
            f"{what} takes {rank} dimensions besides the batch, this input has {len(shape)} ({spell(shape)})."
        )
