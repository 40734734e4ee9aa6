"""Exercises drawn from a seed: integers in a range, for the settings that a teacher asks for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import ops
from ..errors import ShapeError, UsageError
from ..ops.padding import Padding
from ..written_pool import Pooling
from .problem import Problem

MOST_PRODUCTS = 20_000  # a solution writes out each of them
LARGEST = 1_000_000  # so that sums of products stay exact
DRAWS = 50  # tries for a kernel that is worth the work


@dataclass(frozen=True)
class Exercise:
    """A problem, and the seed that it was drawn from."""

    problem: Problem
    seed: int


def make(
    *,
    size: Sequence[int] = (5, 5),
    kernel: Sequence[int] | str | None = (3,),
    channels: int | None = None,
    filters: int | None = None,
    flip: bool = False,
    stride: int | Sequence[int] = 1,
    padding: Padding = 0,
    dilation: int | Sequence[int] = 1,
    border: str = "zeros",
    pool: Pooling | str | None = None,
    values: tuple[int, int] = (-3, 3),
    kernel_values: tuple[int, int] | None = None,
    seed: int = 0,
) -> Exercise:
    """An exercise with whole numbers drawn from `seed`.

    size: (height, width) of the input, or (length,) of a signal. kernel: its size, one number for all axes or
        one each; the name of a kernel of whole numbers such as "sobel-x"; None for a pool alone.
    channels, filters: where one is given the input has channels, and each filter gives a map.
    flip: True is convolution, False cross-correlation. stride, padding, dilation, border: as for `ops.steps`.
    values: the least and the largest number of the input; kernel_values: of the kernel, else the same.

    A kernel is drawn again where it is all zeros, or where flipping would not change it, if the range has
    others. Raises `UsageError` for values that no exercise has and `ShapeError` for sizes that do not fit.

    >>> make(size=(3, 3), kernel=(2, 2), seed=1).problem.stages[0].result
    array([[  3,  13],
           [-20,  -2]])
    """
    if len(size) not in (1, 2):
        raise UsageError(f"size={tuple(size)} should be one number (length) or two (height, width).")
    for what, value in (("size", min(size)), ("channels", channels), ("filters", filters)):
        if value is not None and value < 1:
            raise UsageError(f"{what}={value} should be a whole number from 1.")
    stacked = channels is not None or filters is not None
    if stacked and kernel is None and (len(size) == 1 or filters):
        raise UsageError("a pool alone has no filters, and takes channels of pictures only.")
    random = np.random.default_rng(_whole(seed))
    lead = ((channels or 1),) if stacked else ()
    if math.prod((*lead, *size)) > MOST_PRODUCTS:
        raise ShapeError(_too_large(math.prod((*lead, *size))))
    numbers = random.integers(*_bounds(values, "values"), size=(*lead, *size), endpoint=True)
    taps = None
    if isinstance(kernel, str):
        taps = _named(kernel, len(size), stacked)
    elif kernel is not None:
        sides = tuple(kernel) * len(size) if len(kernel) == 1 else tuple(kernel)
        if len(sides) != len(size) or min(sides) < 1:
            raise UsageError(f"kernel={tuple(kernel)} should be one whole number from 1, or one per axis.")
        shape = ((filters or 1), *lead, *sides) if stacked else sides
        if math.prod(shape) > MOST_PRODUCTS:
            raise ShapeError(_too_large(math.prod(shape)))
        taps = _drawn(random, _bounds(kernel_values or values, "kernel_values"), shape, len(size))
    chosen = Pooling.parse(pool) if isinstance(pool, str) else pool
    problem = Problem(numbers, taps, flip, stride, padding, dilation, border, chosen)
    products = sum(
        stage.result.size * math.prod(stage.kernel_size) * (lead[0] if lead and stage.is_convolution else 1)
        for stage in problem.stages
    )
    if products > MOST_PRODUCTS:
        raise ShapeError(_too_large(products))
    return Exercise(problem, seed)


def _drawn(
    random: np.random.Generator, bounds: tuple[int, int], shape: tuple[int, ...], rank: int
) -> np.ndarray:
    """A kernel that is not zero, and another one when flipped, where that can be had."""
    axes = tuple(range(len(shape) - rank, len(shape)))
    taps = random.integers(*bounds, size=shape, endpoint=True)
    for _ in range(DRAWS):
        if taps.any() and not np.array_equal(taps, np.flip(taps, axes)):
            break
        taps = random.integers(*bounds, size=shape, endpoint=True)
    return taps


def _named(name: str, rank: int, stacked: bool) -> np.ndarray:
    taps = ops.kernel(name)
    whole = np.rint(taps)
    if rank != 2 or stacked or not np.array_equal(taps, whole):
        raise UsageError(
            f"the kernel {name} {'has decimals' if rank == 2 and not stacked else 'is for one picture'}; "
            "give a size such as 3x3, or a kernel of whole numbers such as sobel-x for one picture."
        )
    return np.asarray(whole, dtype=np.int64)


def _bounds(values: tuple[int, int], what: str) -> tuple[int, int]:
    least, most = values
    if not -LARGEST <= least <= most <= LARGEST:
        raise UsageError(
            f"{what}={least}:{most} should be the least and the largest number, from {-LARGEST} to {LARGEST}."
        )
    return least, most


def _whole(seed: int) -> int:
    if seed < 0:
        raise UsageError(f"seed={seed} should be a whole number from 0.")
    return seed


def _too_large(count: int) -> str:
    return f"an exercise of {count:,} products is more than the {MOST_PRODUCTS:,} that a solution writes out."
