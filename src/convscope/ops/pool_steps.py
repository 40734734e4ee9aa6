"""Every step of a pool: the window, what counts in it, and the number it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError, UnknownName
from .arrays import Array, as_floats, as_numbers, computing_type, takes_tensors
from .folding import Pool, Sizes, p_norm
from .looking import Walk, look, source_index
from .padding import Padding, check_border
from .pooling import average_pool, check_p, lp_pool, max_pool
from .steps import plain, spelled

KINDS = ("max", "average", "lp")


@dataclass(frozen=True, eq=False, repr=False)
class PoolStep:
    """How one number of a pool comes about. Arrays have the window's shape."""

    kind: str  # "max", "average" or "lp"
    position: tuple[int, ...]  # of the number: (row, column) or (place,)
    start: tuple[int, ...]  # the input's row and column under the window's corner; negative in the padding
    window: np.ndarray  # the input's numbers
    inside: np.ndarray  # which of them lie on the input
    counted: np.ndarray  # which of them count
    result: Any
    winner: tuple[int, ...] | None = None  # of "max": where the maximum is on the input
    p: float = 2.0

    def __repr__(self) -> str:
        return f"<step at {self.position}: {plain(self.result)}>"

    def equation(self, digits: int = 4) -> str:
        """The step written out.

        >>> steps = pool_steps([[1, 2], [4, 5]], 2)
        >>> steps[0].equation()
        'max(1, 2, 4, 5) = 5'
        >>> pool_steps([[1, 2], [4, 5]], 2, kind="average")[0].equation()
        '(1 + 2 + 4 + 5) / 4 = 3'
        """
        counted, result = self.window[self.counted], plain(self.result, digits)
        if self.kind == "max":
            return f"max({', '.join(plain(x, digits) for x in counted)}) = {result}"
        if self.kind == "average":
            return f"({' + '.join(spelled(x, digits) for x in counted)}) / {len(counted)} = {result}"
        p = f"{self.p:g}"
        powers = " + ".join(f"|{plain(x, digits)}|^{p}" for x in counted)
        return f"({powers})^(1/{p}) = {result}"


class PoolSteps(Walk[PoolStep]):
    """The steps of one pool of one picture or signal."""

    def __init__(
        self,
        values: np.ndarray,
        pool: Pool,
        kind: str,
        border: str,
        settings: dict[str, Any],
        *,
        p: float,
        count_include_pad: bool,
    ) -> None:
        super().__init__(pool.outputs, pool.stride, pool.dilation, pool.pads, border)
        self.values, self.kernel_size, self.kind = values, pool.kernel_size, kind
        self.settings, self.p, self.count_include_pad = settings, p, count_include_pad

    @property
    def name(self) -> str:
        return f"{self.kind} pool"

    def output(self) -> np.ndarray:
        settings = {**self.settings, "border": self.border}
        if self.kind == "max":
            return np.asarray(max_pool(self.values, self.kernel_size, **settings))
        if self.kind == "average":
            return average_pool(
                self.values, self.kernel_size, count_include_pad=self.count_include_pad, **settings
            )
        return lp_pool(self.values, self.kernel_size, p=self.p, **settings)

    def step(self, position: tuple[int, ...]) -> PoolStep:
        start = self.start_of(position)
        window, inside = look(self.values, start, self.kernel_size, self.dilation, self.border)
        counted = self._counted(start, inside)
        numbers, winner = window[counted], None
        result: Any
        if self.kind == "max":
            place = np.unravel_index(np.argmax(np.where(counted, window, _lowest(window))), window.shape)
            if not counted[place]:
                place = tuple(np.argwhere(counted)[0])
            result = window[place]
            winner = tuple(
                int(source_index(s + d * i, n, self.border)[0])
                for s, d, i, n in zip(start, self.dilation, place, self.values.shape, strict=True)
            )
        elif self.kind == "average":
            result = as_floats(numbers).mean()
        else:
            kind = as_floats(numbers).dtype
            result = kind.type(p_norm(list(np.abs(numbers.astype(computing_type(kind)))), self.p))
        return PoolStep(self.kind, position, start, window, inside, counted, result, winner, self.p)

    def _counted(self, start: tuple[int, ...], inside: np.ndarray) -> np.ndarray:
        """What is of the picture, of a border made of it, or counted padding; never what lies beyond."""
        if self.border == "zeros" and not (self.kind == "average" and self.count_include_pad):
            return inside
        counted = np.ones((), dtype=bool)
        for at, k, d, n, (_, after) in zip(
            start, self.kernel_size, self.dilation, self.values.shape, self.pads, strict=True
        ):
            counted = np.logical_and.outer(counted, at + d * np.arange(k) < n + after)
        return counted


def _lowest(window: np.ndarray) -> Any:
    return -np.inf if window.dtype.kind == "f" else np.iinfo(window.dtype).min


@takes_tensors
def pool_steps(
    picture: Array,
    kernel_size: Sizes,
    *,
    kind: str = "max",
    p: float = 2,
    stride: Sizes | None = None,
    padding: Padding = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    border: str = "zeros",
) -> PoolSteps:
    """One `PoolStep` for each number of a pool's output, each computed when it is asked for.

    picture: (height, width), or (length,) with kernel_size a tuple of one. kind: "max", "average" or "lp".
    The settings are those of `max_pool`, `average_pool` and `lp_pool`, and so are the errors.

    >>> [step.equation() for step in pool_steps([[1, 2, 3, 0], [4, 5, 6, 1]], 2)]
    ['max(1, 2, 4, 5) = 5', 'max(3, 0, 6, 1) = 6']
    >>> pool_steps([[1, 2, 3, 0], [4, 5, 6, 1]], 2).at(0, 1).winner
    (1, 2)
    """
    values = as_numbers(picture, "the picture")
    if kind not in KINDS:
        raise UnknownName("pool", str(kind), KINDS)
    check_p(p)
    pool = Pool(values, kernel_size, stride, padding, dilation, ceil_mode)
    if values.ndim != len(pool.kernel_size):
        raise ShapeError(
            f"the steps of a pool are those of one picture (height, width) or signal (length,), not of "
            f"{values.shape}; take one channel of it."
        )
    check_border(border, pool.pads, pool.sizes)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "ceil_mode": ceil_mode}
    return PoolSteps(values, pool, kind, border, settings, p=p, count_include_pad=count_include_pad)
