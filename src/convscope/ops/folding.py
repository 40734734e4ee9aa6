"""The windows of a pool, folded into one number each: along their rows first, and then along what that gives.

That takes height + width operations for a window and not height · width, and no copy of the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce

import numpy as np

from ..errors import ShapeError
from .geometry import output_size, taps
from .padding import Padding, check_padded_memory, pad, per_axis, resolve_padding

Sizes = int | Sequence[int]


class Pool:
    """The settings of one pool, checked against its input."""

    def __init__(
        self,
        values: np.ndarray,
        kernel_size: Sizes,
        stride: Sizes | None,
        padding: Padding,
        dilation: Sizes,
        ceil_mode: bool,
    ) -> None:
        rank = len(tuple(kernel_size)) if isinstance(kernel_size, Iterable) else 2
        if rank not in (1, 2) or values.ndim < rank:
            raise ShapeError(
                f"a window of kernel_size={kernel_size!r} needs an input with as many axes; this one is "
                f"{values.shape}. For signals give a tuple of one: kernel_size=(3,)."
            )
        self.sizes = values.shape[values.ndim - rank :]
        self.kernel_size = per_axis(kernel_size, rank, "kernel_size")
        self.stride = self.kernel_size if stride is None else per_axis(stride, rank, "stride")
        self.dilation = per_axis(dilation, rank, "dilation")
        self.pads = resolve_padding(
            padding, self.sizes, kernel_size=self.kernel_size, stride=self.stride, dilation=self.dilation
        )
        each = list(zip(self.sizes, self.kernel_size, self.stride, self.pads, self.dilation, strict=True))
        self.outputs = tuple(
            output_size(n, kernel_size=k, stride=s, padding=p, dilation=d, ceil_mode=ceil_mode)
            for n, k, s, p, d in each
        )
        extents = tuple(d * (k - 1) + 1 for _, k, _, _, d in each)
        if min(self.outputs) < 1:
            raise ShapeError(
                f"a window of extent {extents} does not fit an input of {self.sizes} "
                f"with padding {self.pads}; take a larger input or more padding."
            )
        check_padded_memory(values, self.pads, np.dtype(np.int64))
        self.places = [
            taps(count, kernel_size=k, stride=s, before=before, dilation=d)
            for count, (_, k, s, (before, _), d) in zip(self.outputs, each, strict=True)
        ]
        if not all(counts.all() for counts in self._counts_along(False)):
            raise ShapeError(
                f"padding {self.pads} lets a window of extent {extents} see nothing of an input of "
                f"{self.sizes}; take less padding."
            )

    @property
    def axes(self) -> range:
        """The axes of a picture from the last: a pool goes along each row, and then along what that gives."""
        return range(-1, -len(self.sizes) - 1, -1)

    def padded(self, values: np.ndarray, border: str, value: float) -> np.ndarray:
        """With `value` where the border is zeros, and where ceil_mode looks beyond the padding."""
        padded = pad(values, self.pads, border, value)
        reached = [int(places[-1, -1]) + 1 for places in self.places]
        ends = [n + after for n, (_, after) in zip(self.sizes, self.pads, strict=True)]
        more = tuple((0, max(0, r - end)) for r, end in zip(reached, ends, strict=True))
        return pad(padded, more, "zeros", value)

    def taps(self, padded: np.ndarray, axis: int) -> list[np.ndarray]:
        """What lies under each tap of all windows along one axis, as views."""
        count, step, dilation = self.outputs[axis], self.stride[axis], self.dilation[axis]
        by_axis = padded.swapaxes(axis, -1)
        starts = range(0, self.kernel_size[axis] * dilation, dilation)
        return [by_axis[..., i : i + (count - 1) * step + 1 : step].swapaxes(axis, -1) for i in starts]

    def fold(self, padded: np.ndarray, function: Callable[[Sequence[np.ndarray]], np.ndarray]) -> np.ndarray:
        """`function` of the numbers of each row of a window, and then of what that gives for the rows."""
        for axis in self.axes:
            padded = function(self.taps(padded, axis))
        return padded

    def counts(self, *, padding_counts: bool) -> np.ndarray:
        """How many numbers of each window lie on the picture, or on its padding too; none beyond that."""
        return np.asarray(reduce(np.multiply.outer, self._counts_along(padding_counts)))

    def _counts_along(self, padding_counts: bool) -> list[np.ndarray]:
        along = []
        for places, n, (before, after) in zip(self.places, self.sizes, self.pads, strict=True):
            first, end = (-before, n + after) if padding_counts else (0, n)
            along.append(((places >= first) & (places < end)).sum(axis=1))
        return along


def largest(numbers: Sequence[np.ndarray]) -> np.ndarray:
    """The largest of several arrays, place by place; a NaN wins."""
    result = np.array(numbers[0])
    for others in numbers[1:]:
        np.maximum(result, others, out=result)
    return result


def first_of_largest(
    numbers: Sequence[np.ndarray], places: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The same, and whose place it is: the first of equals, and never a padding's, which is below 0."""
    best, place = np.array(numbers[0]), np.array(places[0])
    for others, theirs in zip(numbers[1:], places[1:], strict=True):
        wins = (others > best) | ((others != others) & (best == best)) | ((place < 0) & (theirs >= 0))
        best, place = np.where(wins, others, best), np.where(wins, theirs, place)
    return best, place


def added(numbers: Iterable[np.ndarray]) -> np.ndarray:
    """The sum of several arrays, place by place."""
    one_by_one = iter(numbers)
    result = np.array(next(one_by_one))
    for others in one_by_one:
        result += others
    return result


def p_norm(magnitudes: Sequence[np.ndarray], p: float) -> np.ndarray:
    """(Σ x^p)^(1/p) of several arrays, place by place."""
    most = largest(magnitudes)  # divided out, so that no power overflows
    scale = np.where((most > 0) & np.isfinite(most), most, 1)
    norms: np.ndarray = added((x / scale) ** p for x in magnitudes) ** (1 / p) * scale
    return norms
