"""What a C file is made of before it is text: values in memory, arrays of weights, calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from .decimals import rows
from .spelling import listed


@dataclass(eq=False)
class Value:
    """The result of a step. It lies in the working memory, or is an argument of `predict`."""

    size: int  # numbers
    argument: str | None = None
    offset: int = 0  # in the working memory, in numbers

    @property
    def text(self) -> str:
        return self.argument or f"memory + {self.offset}"


@dataclass(frozen=True, eq=False)
class Weights:
    """A `static const float` array."""

    name: str
    values: np.ndarray  # float32

    @property
    def declaration(self) -> str:
        return f"static const float {self.name}[{self.values.size}] = {{\n{rows(self.values)}\n}};"


@dataclass(frozen=True)
class Setting:
    """Another constant: a structure or a table, with its initial value in C."""

    name: str
    kind: str  # "struct window", or "long" for a table
    initial: str
    count: int = 0  # of a table

    @property
    def declaration(self) -> str:
        sizes = f"[{self.count}]" if self.count else ""
        return listed(f"static const {self.kind} {self.name}{sizes} = {{", self.initial, "};")


@dataclass(frozen=True)
class Step:
    """A call of one of the functions, and where its result may lie."""

    layer: str  # what it is, for the comment
    function: str
    arguments: tuple[Value | str, ...]
    result: Value
    in_place_of: tuple[Value, ...] = ()  # inputs that the result may overwrite

    @property
    def inputs(self) -> Iterable[Value]:
        """The values that are read; the result too, where it is also an operand."""
        found = [argument for argument in self.arguments if isinstance(argument, Value)]
        found.remove(self.result)
        return found


@dataclass
class Listing:
    """A whole network in that form, in the order in which it is computed."""

    steps: list[Step] = field(default_factory=list)
    constants: dict[str, list[Weights | Setting]] = field(default_factory=dict)  # by layer

    @property
    def weights(self) -> Iterable[Weights]:
        return (one for those in self.constants.values() for one in those if isinstance(one, Weights))

    @property
    def names(self) -> Iterable[str]:
        """Of the constants."""
        return (one.name for those in self.constants.values() for one in those)

    @property
    def bytes_of_weights(self) -> int:
        return sum(one.values.nbytes for one in self.weights)
