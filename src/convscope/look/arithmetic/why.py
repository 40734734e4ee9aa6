"""Why one number of a network is what it is: its arithmetic, from the numbers below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...graph.pixels_seen import Spans
from .cell import Cell
from .terms import Folding, Step, Window, finite

if TYPE_CHECKING:
    from ...bundle import Bundle

TOLERANCE = 1e-5  # times the larger of 1 and the number
LARGEST = 16  # contributions in a document
NORMS = ("group_norm", "layer_norm")  # whose terms are parts of the mean


@dataclass(frozen=True, slots=True)
class Term:
    """One number of a window that lies on the input, and what it adds."""

    cell: Cell
    value: float
    weight: float | None
    contribution: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        weight = None if self.weight is None else finite(self.weight)
        return {
            "cell": str(self.cell),
            "value": finite(self.value),
            "weight": weight,
            "contribution": finite(self.contribution),
        }


@dataclass(frozen=True, slots=True)
class Rest:
    """Contributions that are not listed: how many, and what they add up to."""

    count: int
    total: float


@dataclass(frozen=True, slots=True)
class Sight:
    """What a number sees of the input; per axis the first and the last row, column (of signals: place).

    `size` and `whole` are of its layer, as `summary` states them, and `field` is that for this number, which
    may reach into the padding. `pixels` is what there is to see on the input; None where all is padding.
    """

    size: tuple[int, ...]
    whole: bool
    field: Spans
    pixels: Spans | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, where ranges are half-open: the first, and the one behind the last.

        >>> Sight((3, 3), False, ((-1, 1), (4, 6)), ((0, 1), (4, 6))).to_dict()["pixels"]
        [[0, 2], [4, 7]]
        """
        return {
            "size": list(self.size),
            "whole": self.whole,
            "field": _half_open(self.field),
            "pixels": None if self.pixels is None else _half_open(self.pixels),
        }


@dataclass(frozen=True, eq=False)
class Why:
    """The arithmetic of one number, in float64 from the float32 numbers below it.

    `value` is what the network computed, `exact` the end of the arithmetic. `layers` are those that it goes
    through, the lowest first: a convolution, the batch norm that is folded into it, the activation that
    follows. At the input there is no window; the steps are those of the preprocessing.
    """

    cell: Cell
    operation: str
    value: float
    layers: tuple[str, ...]
    windows: tuple[Window, ...]
    steps: tuple[Step, ...]
    sight: Sight
    folds: tuple[Folding, ...] = ()
    follow: tuple[int, int] | None = None  # the number it is about: which window, which of its numbers
    followers: tuple[str, ...] = ()  # layers that take this number next
    label: str | None = None  # the class whose output it is
    about: tuple[str, ...] = ()  # what else is to be said

    @property
    def exact(self) -> float:
        """The arithmetic's own result."""
        return self.steps[-1].result

    @property
    def difference(self) -> float:
        """What lies between it and the network's; 0 where both are the same infinity, or no number."""
        if self.exact == self.value or (self.exact != self.exact and self.value != self.value):
            return 0.0
        return abs(self.exact - self.value)

    @property
    def agrees(self) -> bool:
        """Whether they are equal to 1e-5 · max(1, |value|)."""
        return self.difference <= TOLERANCE * max(1.0, abs(self.value))

    @property
    def terms_are(self) -> str:
        """What `contribution` of a term is: one of the products, exponentials, factors or branches, a part of
        the mean, else a summand (of a maximum, the number that won)."""
        if any(window.weights is not None for window in self.windows):
            return "products"
        if self.operation in ("softmax", "log_softmax"):
            return "exponentials"
        if self.operation in NORMS:
            return "parts of the mean"
        if len(self.windows) > 1:
            return "factors" if self.operation == "multiply" else "branches"
        return "summands"

    @cached_property
    def _ranked(self) -> list[tuple[int, int]]:
        """Which window and which number of it, the largest contribution first; none that is padding."""
        owners, flat, sizes = [], [], []
        for number, window in enumerate(self.windows):
            at = np.flatnonzero(window.inside)
            owners.append(np.full(len(at), number))
            flat.append(at)
            sizes.append(np.abs(window.contributions.ravel()[at]))
        if not owners:
            return []
        order = np.argsort(-np.nan_to_num(np.concatenate(sizes), nan=np.inf), kind="stable")
        pairs = np.stack([np.concatenate(owners), np.concatenate(flat)], axis=1)[order]
        ranked = [(int(owner), int(at)) for owner, at in pairs]
        if self.operation in NORMS and self.follow is not None:  # the number that is standardised
            ranked = [self.follow, *(place for place in ranked if place != self.follow)]
        return ranked

    def terms(self) -> Iterator[Term]:
        """All contributions from the input of the operation, the largest magnitude first."""
        return (self._term(*place) for place in self._ranked)

    def largest(self, count: int = LARGEST) -> list[Term]:
        """The largest contributions, none that is 0; of branches all, of a norm its own number first."""
        if self.terms_are in ("factors", "branches"):
            return list(self.terms())
        terms = [self._term(*place) for place in self._ranked[:count]]
        if self.terms_are == "parts of the mean":
            return terms
        return [term for term in terms if term.contribution != 0]

    def rest(self, count: int = LARGEST) -> Rest:
        """What `largest` leaves out, padding included."""
        listed = len(self.largest(count))
        numbers = sum(window.values.size for window in self.windows)
        beyond = sum(float(window.contributions[~window.inside].sum()) for window in self.windows)
        others = (self.windows[owner].contributions.ravel()[at] for owner, at in self._ranked[listed:])
        return Rest(numbers - listed, float(sum(others, beyond)))

    @property
    def lead(self) -> tuple[int, int] | None:
        """Which window, and which of its numbers: the one that this is about, else the one that adds most.

        Of a maximum it is the one that won. None at the input, and where all is padding.
        """
        return self.follow or (self._ranked[0] if self._ranked else None)

    @property
    def leading(self) -> Term | None:
        """The number at `lead`."""
        return None if self.lead is None else self._term(*self.lead)

    @property
    def next(self) -> Cell | None:
        """Where `leading` is, to ask on."""
        return None if self.leading is None else self.leading.cell

    def _term(self, owner: int, number: int) -> Term:
        window = self.windows[owner]
        weight = None if window.weights is None else float(window.weights.ravel()[number])
        return Term(
            window.cell(number),
            float(window.values.ravel()[number]),
            weight,
            float(window.contributions.ravel()[number]),
        )

    @property
    def sentences(self) -> list[str]:
        """The same in words."""
        from .sentences import sentences

        return sentences(self)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; numbers that are not finite are null."""
        rest, after = self.rest(), self.next
        return {
            "cell": str(self.cell),
            "layer": self.cell.layer,
            "index": list(self.cell.index),
            "operation": self.operation,
            "class": self.label,
            "value": finite(self.value),
            "exact": finite(self.exact),
            "difference": finite(self.difference),
            "agrees": self.agrees,
            "layers": list(self.layers),
            "followers": list(self.followers),
            "windows": [_window_to_dict(window) for window in self.windows],
            "steps": [
                {
                    "what": step.what,
                    "number": None if step.number is None else finite(step.number),
                    "result": finite(step.result),
                }
                for step in self.steps
            ],
            "folded": [asdict(folding) for folding in self.folds],
            "terms_are": self.terms_are,
            "largest": [term.to_dict() for term in self.largest()],
            "rest": {"count": rest.count, "sum": finite(rest.total)},
            "next": None if after is None else str(after),
            "sees": self.sight.to_dict(),
            "sentences": self.sentences,
        }


def why(
    bundle: Bundle, picture: Any, layer: str, channel: int, row: int | None = None, column: int | None = None
) -> Why:
    """The exact arithmetic of one number that a network computes for one picture.

    picture: whatever `bundle.predict` takes as one. `row` is the place of a signal; a linear layer has
    neither row nor column. To ask for several numbers of a picture, keep `ForwardPass(bundle, picture)`.

    Raises `UnknownName` for a layer that there is not, `UsageError` for too few or too many numbers,
    `ShapeError` for numbers past the layer's size, `DataError` for a picture that cannot be read and for
    weights of a diverged training, `UnsupportedOperation` for a network that is not in the graph.

    >>> import numpy as np
    >>> from convscope import Bundle
    >>> from convscope.data import Preprocessing
    >>> from convscope.graph import Builder
    >>> b = Builder("tiny")
    >>> graph = b.build(b.linear(b.flatten(b.conv2d(b.input(1, 2, 2), 1, kernel_size=2, bias=False)), 2))
    >>> weights = {"conv1.weight": np.array([[[[1, 2], [3, 4]]]], np.float32),
    ...            "linear1.weight": np.ones((2, 1), np.float32), "linear1.bias": np.zeros(2, np.float32)}
    >>> bundle = Bundle("tiny", ("a", "b"), Preprocessing(height=2, width=2, channels=1), graph, weights)
    >>> answer = why(bundle, np.array([[0, 255], [0, 51]], np.uint8), "conv1", 0, 0, 0)
    >>> answer.windows[0].contributions.round(6).tolist()
    [[[0.0, 2.0], [0.0, 0.8]]]
    >>> round(answer.value, 6), str(answer.next), answer.sight.pixels
    (2.8, 'input:0:0:1', ((0, 1), (0, 1)))
    """
    from .forward_pass import ForwardPass

    index = (channel,) if row is None else (channel, row) if column is None else (channel, row, column)
    return ForwardPass(bundle, picture).why(Cell(layer, index))


def _half_open(spans: Spans) -> list[list[int]]:
    return [[first, last + 1] for first, last in spans]


def _window_to_dict(window: Window) -> dict[str, Any]:
    def numbers(array: np.ndarray) -> Any:
        with_holes = array.astype(object)
        with_holes[~np.isfinite(array)] = None
        return with_holes.tolist()

    return {
        "layer": window.layer,
        "coordinates": [coordinates.tolist() for coordinates in window.coordinates],
        "values": numbers(window.values),
        "inside": window.inside.tolist(),
        "weights": None if window.weights is None else numbers(window.weights),
        "contributions": numbers(window.contributions),
    }
