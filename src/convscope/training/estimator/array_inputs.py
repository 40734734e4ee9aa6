"""What the axes of an array mean: N pictures or signals of which shape, with their channels first or last."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ... import nets
from ...data import ArrayPreprocessing, InputPreprocessing, Preprocessing
from ...data.arrays import as_float32
from ...errors import DataError, ShapeError, UsageError

LARGEST_REPEAT = 64


@dataclass(frozen=True)
class Axes:
    """How one input lies in what is given.

    `given` is the shape of one of X, `reshaped` the same with its axes told apart, and `shape` with the
    channels first: (C, H, W), or (C, L) of signals.
    """

    given: tuple[int, ...]
    reshaped: tuple[int, ...]
    shape: tuple[int, ...]
    channels_last: bool

    def arrange(self, values: np.ndarray) -> np.ndarray:
        """(N, *given) → (N, C, H, W) or (N, C, L), a view."""
        values = values.reshape(len(values), *self.reshaped)
        if self.channels_last:
            values = np.moveaxis(values, -1, 1)
        return values.reshape(len(values), *self.shape)


def axes_of(
    given: tuple[int, ...],
    image_shape: Sequence[int] | None = None,
    channels: str | None = None,
    *,
    signals: bool = False,
) -> Axes:
    """The meaning of the axes after the first, as a person says or as they leave no doubt.

    (H, W) is grey, (H, W, C) and (C, H, W) are told apart by `channels`, "last" or "first", or by the axis
    that alone is 1 or 3. A row of F numbers has the `image_shape` (H, W), (H, W, C) or (C, H, W), and without
    one is a picture of one row, (1, 1, F). `signals` are (L,), (C, L) or, with channels last, (L, C). Raises
    `ShapeError` or `UsageError`.

    >>> axes_of((28, 28, 3)).shape, axes_of((64,), (8, 8)).shape, axes_of((30,)).shape
    ((3, 28, 28), (1, 8, 8), (1, 1, 30))
    """
    if channels not in (None, "first", "last"):
        raise UsageError(f'channels={channels!r} should be "first" or "last", or None.')
    reshaped = given
    if image_shape is not None:
        reshaped = _checked_shape(image_shape)
        if reshaped != given and (len(given) > 1 or math.prod(reshaped) != given[0]):
            raise ShapeError(
                f"image_shape={reshaped} has {math.prod(reshaped):,} numbers, and each of X is "
                f"{_times(given)}."
            )
    if signals:
        if len(reshaped) > 2:
            raise ShapeError(f"signals are (N, L) or (N, C, L), and X is (N, {_spell(given)}).")
        last = len(reshaped) == 2 and channels == "last"
        shape = (1, *reshaped) if len(reshaped) == 1 else reshaped[::-1] if last else reshaped
        return Axes(given, reshaped, shape, last)
    if len(reshaped) < 3:
        return Axes(given, reshaped, (*(1 for _ in range(3 - len(reshaped))), *reshaped), False)
    if len(reshaped) > 3:
        raise ShapeError(f"pictures are (N, H, W) or with channels, and X is (N, {_spell(given)}).")
    if channels is None:
        first, last = reshaped[0] in (1, 3), reshaped[2] in (1, 3)
        if first == last:
            raise ShapeError(
                f"pictures of {_times(reshaped)} do not show which axis has the channels; "
                'give channels="first" for (C, H, W), channels="last" for (H, W, C).'
            )
        channels = "last" if last else "first"
    if channels == "last":
        return Axes(given, reshaped, (reshaped[2], *reshaped[:2]), True)
    return Axes(given, reshaped, reshaped, False)


def is_of_pictures(values: np.ndarray, axes: Axes) -> bool:
    """Whether they are pictures of bytes, grey or colour, which become those of every other command."""
    return values.dtype == np.uint8 and len(axes.shape) == 3 and axes.shape[0] in (1, 3)


def stored(values: np.ndarray, axes: Axes, preprocessing: InputPreprocessing) -> np.ndarray:
    """(N, *given) as `preprocessing` stores it.

    Raises `DataError` for numbers that are not finite in float32, or no pixels where the network takes these.
    """
    arranged = axes.arrange(values)
    if not isinstance(preprocessing, Preprocessing):
        return as_float32(arranged)
    if arranged.dtype != np.uint8:
        pixels = arranged.clip(0, 255).astype(np.uint8)
        if (pixels != arranged).any():
            raise DataError(
                f"the network was trained on pictures of uint8, and X is {arranged.dtype} with numbers that "
                "are no pixels: whole, from 0 to 255. Scale X as it was at fit."
            )
        arranged = pixels
    return preprocessing.pictures(np.ascontiguousarray(np.moveaxis(arranged, 1, -1)))


def fitting_pictures(net: str, axes: Axes) -> Preprocessing:
    """Pictures of that size, or doubled until the network takes them."""
    channels, height, width = axes.shape
    height, width = nets.fitting_size(net, channels, (height, width))
    return Preprocessing(height=height, width=width, channels=1 if channels == 1 else 3)


def fitting_arrays(net: str, axes: Axes) -> ArrayPreprocessing:
    """Arrays of that shape, each number repeated until the network takes them."""
    repeat = 1
    while True:
        preprocessing = ArrayPreprocessing(shape=axes.shape, repeat=repeat)
        try:
            nets.graph(net, preprocessing.input_shape)
        except ShapeError:
            if repeat >= LARGEST_REPEAT:
                raise
            repeat *= 2
        else:
            return preprocessing


def _checked_shape(image_shape: Sequence[int]) -> tuple[int, ...]:
    try:
        shape = tuple(operator.index(size) for size in image_shape)
    except TypeError:
        shape = ()
    if not 1 <= len(shape) <= 3 or min(shape) < 1:
        raise UsageError(f"image_shape={image_shape!r} should be (height, width), or with channels.")
    return shape


def _times(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _spell(shape: tuple[int, ...]) -> str:
    return ", ".join(map(str, shape))
