"""What stands on the page of an exercise, as data: the renderers only decide what it looks like."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..ops import PoolStep, Step
from ..ops.padding import pad
from . import wording
from .making import Exercise
from .problem import Problem
from .size_sum import SizeSum
from .stage import Position, Stage


@dataclass(frozen=True)
class Heading:
    kind: ClassVar[str] = "heading"
    text: str
    level: int  # 1 for a part of the page, 2 within it


@dataclass(frozen=True)
class Paragraph:
    kind: ClassVar[str] = "paragraph"
    text: str


@dataclass(frozen=True)
class Questions:
    kind: ClassVar[str] = "questions"
    items: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Matrix:
    """Numbers in rows and columns under their name."""

    name: str
    values: np.ndarray  # (rows, columns)
    inside: np.ndarray | None = None  # of a window: which lie on the input


@dataclass(frozen=True, eq=False)
class Matrices:
    kind: ClassVar[str] = "matrices"
    items: tuple[Matrix, ...]


@dataclass(frozen=True)
class Sizes:
    """The output-size formula, axis by axis."""

    kind: ClassVar[str] = "sizes"
    sums: tuple[SizeSum, ...]


@dataclass(frozen=True, eq=False)
class Row:
    """Window ⊙ kernel = products of one channel; of a pool the window alone."""

    name: str  # "" where there is one channel
    matrices: tuple[Matrix, ...]
    sum: str  # of the products


@dataclass(frozen=True, eq=False)
class Working:
    """How one number comes about."""

    position: str
    covers: str
    rows: tuple[Row, ...]
    total: str  # of the channels' sums, or the pool's equation; "" where the only row has it
    step: Step | PoolStep


@dataclass(frozen=True, eq=False)
class Workings:
    kind: ClassVar[str] = "workings"
    items: tuple[Working, ...]


Block = Heading | Paragraph | Questions | Matrices | Sizes | Workings


def problem(exercise: Exercise, title: str) -> Iterator[Block]:
    """The problem without its solution."""
    given = exercise.problem
    first, *pools = given.stages
    yield Heading(title, 1)
    what = "of the input with the kernel" if first.is_convolution else "of the input"
    yield Paragraph(f"Compute the {first.name} {what}: {wording.settings(given, first)}.")
    words = "channel" if given.has_channels else ""
    matrices = _matrices(given.input, given.rank, "input", (words,))
    if given.kernel is not None:
        matrices += _matrices(given.kernel, given.rank, "kernel", ("filter", "channel"))
    yield Matrices(matrices)
    questions = ["What size does the result have?", "Compute the result."]
    for pool in pools:
        questions.append(
            f"Then comes {pool.name}: {wording.settings(given, pool)}. What size does its result have?"
        )
        questions.append("Compute the result of the pooling.")
    yield Questions(tuple(questions))


def solution(exercise: Exercise, title: str) -> Iterator[Block]:
    """The solution, with every step."""
    given = exercise.problem
    yield Heading(title, 1)
    for stage in given.stages:
        name = f"{stage.name[0].upper()}{stage.name[1:]}"
        yield Heading(f"{name}: size of the result", 2)
        yield Sizes(stage.sizes)
        yield Heading(f"{name}: each step", 2)
        where = wording.positions_are(stage.result, stage.stacked)
        if any(map(sum, stage.padding)):
            names = ("row", "column") if given.rank == 2 else ("place",)
            begins = ", ".join(f"{n} {-before}" for n, (before, _) in zip(names, stage.padding, strict=True))
            yield Paragraph(f"The input with its padding, which begins at {begins}:")
            yield Matrices(_padded(given, stage))
        if stage.is_convolution and given.flip:
            yield Paragraph("A convolution flips the kernel along every axis first:")
            yield Matrices(_flipped(given))
        yield Paragraph(where)
        yield Workings(tuple(_working(stage, place, given.rank) for place in stage.positions))
        yield Heading(f"{name}: result", 2)
        words = ("map",) if stage.stacked else ("",)
        yield Matrices(_matrices(stage.result, given.rank, "result", words))


def _padded(given: Problem, stage: Stage) -> tuple[Matrix, ...]:
    padded = pad(given.input, stage.padding, stage.border)
    inside = np.atleast_2d(pad(np.ones(given.input.shape[-given.rank :], dtype=bool), stage.padding))
    named = _matrices(padded, given.rank, "input, padded", ("channel",))
    return tuple(Matrix(matrix.name, matrix.values, inside) for matrix in named)


def _flipped(given: Problem) -> tuple[Matrix, ...]:
    assert given.kernel is not None
    axes = tuple(range(given.kernel.ndim - given.rank, given.kernel.ndim))
    flipped = np.flip(given.kernel, axes)
    return _matrices(flipped, given.rank, "kernel, flipped", ("filter", "channel"))


def _matrices(values: np.ndarray, rank: int, name: str, words: Sequence[str]) -> tuple[Matrix, ...]:
    """Each picture or signal of an array, named such as "kernel, filter 0, channel 1"."""
    lead = values.shape[: values.ndim - rank]
    return tuple(
        Matrix(
            ", ".join([name, *(f"{word} {i}" for word, i in zip(words, place, strict=False))]),
            np.atleast_2d(values[place]),
        )
        for place in np.ndindex(*lead)
    )


def _working(stage: Stage, place: Position, rank: int) -> Working:
    step = stage.step(place)
    covers = wording.covers(step, stage.dilation)
    window, inside = _planes(step.window, rank), _planes(step.inside, rank)
    if isinstance(step, PoolStep):
        row = Row("", (Matrix("window", window[0], inside[0]),), "")
        return Working(wording.position(place), covers, (row,), wording.equation(step), step)
    kernel, products = _planes(step.kernel, rank), _planes(step.products, rank)
    rows = []
    for channel, total in enumerate(step.channel_sums):
        matrices = (
            Matrix("window", window[channel], inside[channel]),
            Matrix("kernel", kernel[channel]),
            Matrix("products", products[channel]),
        )
        name = f"channel {channel}" if len(window) > 1 else ""
        rows.append(Row(name, matrices, wording.sum_of(products[channel].ravel(), total)))
    total = wording.sum_of(step.channel_sums, step.result) if len(rows) > 1 else ""
    return Working(wording.position(place), covers, tuple(rows), total, step)


def _planes(values: np.ndarray, rank: int) -> np.ndarray:
    """(channels, rows, columns) of a picture, a signal, or several of them."""
    rows = 1 if rank == 1 else values.shape[-2]
    return values.reshape(-1, rows, values.shape[-1])
