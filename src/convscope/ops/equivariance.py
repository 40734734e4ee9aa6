"""Whether a function does the same wherever the picture lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError, UsageError
from .arrays import Array, as_array, as_numbers, is_whole, like


def equivariance_error(
    function: Callable[[Any], Array], picture: Array, shift: Sequence[int], *, margin: int = 0
) -> float:
    """How far `function` is from doing the same wherever the picture lies: 0.0 where it commutes with shifts.

    The largest |f(shifted picture) - shifted f(picture)|, in units of f's values. Pictures are shifted by
    `shift` = (down, right) in the last two axes, going round at the border. Where f gives a smaller result,
    that is shifted by as much less; a shift that its stride does not divide has no counterpart there and is
    rounded, which is why strided layers are not equivariant. `margin` positions of the result are left out at
    each side, for functions that do something else at the border. The function gets tensors where the picture
    is one, and arrays otherwise.

    >>> import numpy as np
    >>> from convscope.ops import cross_correlate, kernel, max_pool
    >>> picture = np.random.default_rng(0).normal(size=(16, 16))
    >>> edges = lambda x: cross_correlate(x, kernel("sobel-x"), border="circular")
    >>> equivariance_error(edges, picture, (3, 5)) < 1e-12
    True
    >>> equivariance_error(lambda x: max_pool(x, 2), picture, (1, 0)) > 0.5
    True
    """
    values = as_numbers(as_array(picture), "the picture")
    if not is_whole(margin, 0):
        raise UsageError(f"margin={margin!r} should be a whole number from 0.")
    pixels = tuple(shift) if isinstance(shift, Iterable) else ()
    if values.ndim < 2 or len(pixels) != 2 or not all(is_whole(s, -math.inf) for s in pixels):
        raise ShapeError(
            f"a shift (down, right) of whole pixels needs a picture with rows and columns, not shape "
            f"{values.shape} and shift {shift!r}."
        )

    def of(moved: np.ndarray) -> np.ndarray:
        return np.asarray(as_array(function(like(picture, moved))), dtype=np.float64)

    # As floats: a difference of unsigned integers goes round at 0.
    plain, moved = of(values), of(np.roll(values, pixels, axis=(-2, -1)))
    if plain.ndim < 2 or moved.shape != plain.shape:
        raise ShapeError(f"the function should give rows and columns; it gives shape {plain.shape}.")
    scaled = [
        round(s * after / before)
        for s, before, after in zip(pixels, values.shape[-2:], plain.shape[-2:], strict=True)
    ]
    difference = np.abs(moved - np.roll(plain, scaled, axis=(-2, -1)))
    if margin:
        difference = difference[..., margin:-margin, margin:-margin]
    if not difference.size:
        raise UsageError(f"margin={margin} leaves nothing of a result of {plain.shape[-2:]}.")
    return float(difference.max())
