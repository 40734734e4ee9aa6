"""How one number of a layer comes about from the numbers below it, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ...graph import Graph
from ...graph.graph import Node
from .cell import Cell

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Window:
    """The numbers that an operation looks at in one of its inputs.

    `coordinates` has an array per axis of the input; each number belongs to a combination of them, so all
    other arrays have the shape of their lengths: (channels, rows, columns) under a kernel.
    """

    layer: str  # whose numbers these are
    coordinates: tuple[npt.NDArray[np.intp], ...]  # below 0 or past the end in the padding
    values: Floats
    inside: npt.NDArray[np.bool_]  # which lie on the input, and not in the padding
    contributions: Floats  # what each adds to a sum or mean; in a product the factor
    weights: Floats | None = None  # what each is multiplied with, where it is

    def cell(self, number: int) -> Cell:
        """The place of a number of the window, counted row by row."""
        at = np.unravel_index(number, self.values.shape)
        return Cell(self.layer, tuple(int(c[i]) for c, i in zip(self.coordinates, at, strict=True)))


@dataclass(frozen=True, slots=True)
class Step:
    """After the window: what is done, the number it takes (a bias, a divisor) if it takes one, the result."""

    what: str
    number: float | None
    result: float


@dataclass(frozen=True, slots=True)
class Folding:
    """A batch norm put into the layer before it: its channel's numbers, and the `scale` that they make.

    scale = weight / √(variance + eps); weights are multiplied with it, the bias becomes
    (bias - mean) · scale + shift. `into` is `norm` itself where there is nothing to fold it into, and the
    bias then 0.
    """

    norm: str
    into: str
    bias: float
    weight: float
    shift: float
    mean: float
    variance: float
    eps: float
    scale: float


@dataclass(frozen=True, eq=False)
class Arithmetic:
    """The windows, the steps after them, and which layers these are of, the lowest first."""

    layers: tuple[str, ...]
    windows: tuple[Window, ...]
    steps: tuple[Step, ...]
    bias: float | None = None  # of a weighted sum
    follow: tuple[int, int] | None = None  # the number it is about: which window, which of its numbers
    folds: tuple[Folding, ...] = ()

    @property
    def result(self) -> float:
        """The number itself."""
        return self.steps[-1].result


@dataclass(frozen=True, eq=False)
class Numbers:
    """What the arithmetic is done with: `outputs` are those of every layer for one picture."""

    graph: Graph
    weights: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]
    apart: bool = False  # each layer by itself: no batch norm folded, no sum shown before its activation

    def inputs(self, node: Node) -> list[np.ndarray]:
        """The values of a node's inputs."""
        return [self.outputs[name] for name in node.inputs]

    def parameter(self, node: Node, role: str) -> np.ndarray | None:
        """A node's tensor by its role, where it has one."""
        name = node.parameters.get(role)
        return None if name is None else self.weights[name]

    def at(self, node: Node, role: str, index: int | tuple[int, ...]) -> float | None:
        """One number of it."""
        tensor = self.parameter(node, role)
        return None if tensor is None else float(tensor[index])

    def below(self, node: Node) -> Node:
        """The first input."""
        return self.graph[node.inputs[0]]


Index = tuple[int, ...]
Account = Callable[[Numbers, Node, Index], Arithmetic]
ACCOUNTS: dict[str, Account] = {}


def accounts_for(*operations: str) -> Callable[[Account], Account]:
    """Registers a function as the arithmetic of some operations."""

    def record(function: Account) -> Account:
        ACCOUNTS.update(dict.fromkeys(operations, function))
        return function

    return record


def arithmetic(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    """How the number at `index` of a node comes about."""
    with np.errstate(all="ignore"):  # numbers that overflowed are shown as they are
        return ACCOUNTS[node.operation](numbers, node, index)


# -- what several operations have in common


def part(
    layer: str,
    values: np.ndarray,
    coordinates: Sequence[npt.ArrayLike],
    *,
    inside: np.ndarray | None = None,
    weights: npt.ArrayLike | None = None,
    contributions: np.ndarray | None = None,
) -> Window:
    """A window; without `contributions` each number adds itself, or its product with its weight."""
    exact = values.astype(np.float64)
    factors = None if weights is None else np.asarray(weights, dtype=np.float64)
    if contributions is None:
        contributions = exact if factors is None else exact * factors
    everywhere = np.ones(exact.shape, dtype=bool)
    places = tuple(np.asarray(c, dtype=np.intp) for c in coordinates)
    return Window(layer, places, exact, everywhere if inside is None else inside, contributions, factors)


def one(
    numbers: Numbers, layer: str, index: Index, *, weight: float | None = None, adds: float | None = None
) -> Window:
    """The window of a single number."""
    value = numbers.outputs[layer][index].reshape((1,) * len(index))
    shape = value.shape
    return part(
        layer,
        value,
        [[at] for at in index],
        weights=None if weight is None else np.full(shape, weight),
        contributions=None if adds is None else np.full(shape, adds),
    )


def same(numbers: Numbers, node: Node, layer: str, index: Index, what: str = "the same number") -> Arithmetic:
    """The number of a layer below, as it is."""
    value = float(numbers.outputs[layer][index])
    return Arithmetic((node.name,), (one(numbers, layer, index),), (Step(what, None, value),), follow=(0, 0))


def weighted(
    layers: tuple[str, ...],
    windows: tuple[Window, ...],
    bias: float | None,
    folds: tuple[Folding, ...] = (),
) -> Arithmetic:
    """A sum of products, and a bias."""
    count = sum(window.values.size for window in windows)
    total = float(sum(window.contributions.sum() for window in windows))
    steps = [Step(f"sum of {count:,} products" if count > 1 else "product", None, total)]
    if bias is not None:
        steps.append(Step("bias", bias, total + bias))
    return Arithmetic(layers, windows, tuple(steps), bias=bias, folds=folds)


def scaled(account: Arithmetic, folding: Folding) -> Arithmetic:
    """A weighted sum with a batch norm folded into its weights and its bias."""
    windows = tuple(
        replace(
            window,
            weights=None if window.weights is None else window.weights * folding.scale,
            contributions=window.contributions * folding.scale,
        )
        for window in account.windows
    )
    bias = (folding.bias - folding.mean) * folding.scale + folding.shift
    return weighted((*account.layers, folding.norm), windows, bias, (*account.folds, folding))


def finite(value: float) -> float | None:
    """For JSON, which has neither infinity nor NaN."""
    return float(value) if math.isfinite(value) else None
