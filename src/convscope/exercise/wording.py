"""The words and numbers that every page of an exercise shares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..ops import PoolStep, Step
from ..ops.padding import Pairs
from .problem import Problem
from .stage import Position, Stage

DIGITS = 6  # significant ones, of what is not a whole number


def number(value: Any) -> str:
    """
    >>> number(np.int64(-3)), number(2.5), number(7 / 3), number(4.0)
    ('-3', '2.5', '2.33333', '4')
    """
    whole = isinstance(value, int | np.integer) or (float(value).is_integer() and abs(value) < 1e15)
    return str(int(value)) if whole else f"{float(value):.{DIGITS}g}"


def shape(sizes: tuple[int, ...]) -> str:
    """
    >>> shape((3, 5)), shape((6,))
    ('3×5', '6')
    """
    return "×".join(map(str, sizes))


def position(place: Position) -> str:
    """
    >>> position((0, 2)), position((4,))
    ('(0, 2)', '4')
    """
    return str(place[0]) if len(place) == 1 else f"({', '.join(map(str, place))})"


def positions_are(result: np.ndarray, stacked: bool) -> str:
    """What the numbers of a position mean.

    >>> positions_are(np.ones((2, 3, 3)), True)
    'Positions are (map, row, column), counted from 0.'
    """
    names = ["map"] if stacked else []
    names += ["row", "column"] if result.ndim - stacked == 2 else ["place"]
    which = f"({', '.join(names)})" if len(names) > 1 else "places"
    return f"Positions are {which}, counted from 0."


def settings(problem: Problem, stage: Stage) -> str:
    """
    >>> problem = Problem(np.ones((4, 4)), np.ones((3, 3)), padding="same", stride=2)
    >>> settings(problem, problem.stages[0])
    'stride 2, padding same = 1 (zeros), dilation 1'
    """
    stride, dilation = _same(stage.stride), _same(stage.dilation)
    if not stage.is_convolution:
        return f"window {shape(stage.kernel_size)}, stride {stride}"
    named = f"{problem.padding} = " if isinstance(problem.padding, str) else ""
    beyond = f" ({stage.border})" if any(map(sum, stage.padding)) else ""
    return f"stride {stride}, padding {named}{padding(stage.padding)}{beyond}, dilation {dilation}"


def padding(pads: Pairs) -> str:
    """
    >>> padding(((1, 1), (1, 1))), padding(((1, 0),)), padding(((1, 1), (0, 0)))
    ('1', '1 before and 0 after', '1 (height) and 0 (width)')
    """
    each = [
        str(before) if before == after else f"{before} before and {after} after" for before, after in pads
    ]
    if len(set(each)) == 1:
        return each[0]
    return " and ".join(f"{text} ({axis})" for text, axis in zip(each, ("height", "width"), strict=True))


def _same(values: tuple[int, ...]) -> str:
    return str(values[0]) if len(set(values)) == 1 else shape(values)


def task(problem: Problem) -> str:
    """What is computed of what, in a few words.

    >>> task(Problem(np.ones((4, 4)), np.ones((3, 3)), flip=True))
    'convolution (kernel flipped): input 4×4, kernel 3×3, stride 1, padding 0, dilation 1'
    """
    first, *rest = problem.stages
    kernel = "" if problem.kernel is None else f", kernel {shape(problem.kernel.shape)}"
    text = f"{first.name}: input {shape(problem.input.shape)}{kernel}, {settings(problem, first)}"
    return text + "".join(f"; then {stage.name}, {settings(problem, stage)}" for stage in rest)


def equation(step: Step | PoolStep) -> str:
    """How a number comes about, in one line; ≈ where it is rounded.

    >>> from ..written_pool import Pooling
    >>> pool = Problem(np.array([[1, 2], [4, 5]]), None, pool=Pooling.parse("l2:2"))
    >>> equation(pool.stages[0].step((0, 0)))
    '√(1² + 2² + 4² + 5²) = √46 ≈ 6.78233'
    """
    if isinstance(step, PoolStep) and step.kind == "lp" and step.p == 2:
        counted = step.window[step.counted]
        squares = " + ".join(f"{bracketed(x)}²" for x in counted)
        left = f"√({squares}) = √{number(np.sum(counted * counted))}"
    else:
        left = step.equation(DIGITS).rpartition(" = ")[0]
    right = f"{equals(step.result)} {number(step.result)}"
    return left if left.endswith(f"= √{number(step.result)}") else f"{left} {right}"


def equals(value: Any) -> str:
    """The sign before a number as it is shown: ≈ where that is rounded."""
    return "=" if abs(float(number(value)) - float(value)) <= 1e-12 * abs(float(value)) else "≈"


def bracketed(value: Any) -> str:
    """
    >>> bracketed(-2), bracketed(2)
    ('(-2)', '2')
    """
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def sum_of(terms: Iterable[Any], total: Any) -> str:
    """
    >>> sum_of([3, -2], 1)
    '3 + (-2) = 1'
    """
    return f"{' + '.join(map(bracketed, terms))} {equals(total)} {number(total)}"


def covers(step: Step | PoolStep, dilation: tuple[int, ...]) -> str:
    """Which rows and columns of its input a step's window covers.

    >>> covers(Problem(np.ones((4, 4)), np.ones((3, 3)), padding=1).stages[0].step((0, 2)), (1, 1))
    'rows -1 to 1, columns 1 to 3'
    """
    sizes = step.window.shape[step.window.ndim - len(step.start) :]
    axes = ("rows", "columns") if len(sizes) == 2 else ("places",)
    parts = []
    for axis, start, size, d in zip(axes, step.start, sizes, dilation, strict=True):
        last = start + d * (size - 1)
        by = f" by {d}" if d > 1 and size > 1 else ""
        parts.append(f"{axis} {start} to {last}{by}" if size > 1 else f"{axis[:-1]} {start}")
    return ", ".join(parts)
