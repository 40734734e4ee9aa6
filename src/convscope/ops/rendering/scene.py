"""What is to be seen of one step: panels of numbers or pictures, and sentences. Not how they are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shades import fitted, shades

MOST_TAPS = 9  # along a side of a kernel in numbers
PIXELS = 240

# What a cell is: any of these together.
MARKED = 1  # under the kernel, or the number that is made of it
BEYOND = 2  # not on the input: padding
EMPTY = 4  # without a number: a result not made yet, padding that does not count
WINNER = 8  # the maximum


@dataclass(frozen=True, eq=False)
class Grid:
    """Numbers in cells, (rows, columns), with what each cell is; `tinted` shows their signs."""

    title: str
    numbers: np.ndarray
    marks: np.ndarray
    tinted: bool = False


@dataclass(frozen=True, eq=False)
class Photo:
    """Numbers as a picture, at most `PIXELS` large, with the window or the number's place on it."""

    title: str
    pixels: np.ndarray  # (height, width), uint8
    size: tuple[int, int]  # in numbers
    box: tuple[float, float, float, float] | None = None  # top, left, bottom, right, in numbers
    done: tuple[int, int] | None = None  # whole rows, and numbers of the next: the rest is not made yet

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels per number, down and across."""
        return self.pixels.shape[0] / self.size[0], self.pixels.shape[1] / self.size[1]


Panel = Grid | Photo


@dataclass(frozen=True, eq=False)
class Scene:
    """One step: `rows` has input, kernel and products of each channel that is shown, `outputs` the maps."""

    title: str  # "cross-correlation (kernel not flipped), step 2 of 9: row 0, column 1"
    rows: tuple[tuple[Panel, ...], ...]
    outputs: tuple[Panel, ...]
    equation: str
    settings: str  # what is not ordinary: stride, padding, ...; "" where all is
    left_out: str  # channels and maps that are not shown
    upright: bool  # the panels of a row stand one below the other, column under column: signals
    digits: int = 4  # significant ones that the equation has, and the cells where they have room

    @property
    def description(self) -> str:
        """The step in words, for who cannot see the drawing."""
        return ". ".join(part for part in (self.title, self.equation, self.settings) if part) + "."


def panel(title: str, numbers: np.ndarray, marks: np.ndarray | None = None, *, tinted: bool = False) -> Panel:
    """Numbers as cells where they are few."""
    if max(numbers.shape) <= MOST_TAPS:
        none = np.zeros(numbers.shape, dtype=np.uint8)
        return Grid(title, numbers, none if marks is None else marks, tinted)
    size = numbers.shape[0], numbers.shape[1]
    if tinted and (largest := float(np.abs(numbers).max())) > 0:
        numbers = numbers / largest
    return Photo(f"{title} {size[0]}×{size[1]}", fitted(shades(numbers), PIXELS // 2)[0], size)
