"""Arrays that hypothesis draws: a shape, a type, and numbers from a seed, so that a failure is short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

FLOATS = ("float16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TOLERANCE = {"float16": 2e-3, "float32": 2e-5, "float64": 1e-11}


def numbers(shape: Sequence[int], seed: int = 0, dtype: Any = np.float64) -> np.ndarray:
    """Normally distributed floats, truth values, or whole numbers up to 9 that are seldom equal to 0."""
    generator, kind = np.random.default_rng(seed), np.dtype(dtype)
    if kind.kind == "f":
        return generator.normal(size=shape).astype(kind)
    if kind.kind == "b":
        return generator.integers(0, 2, size=shape).astype(kind)
    return generator.integers(0 if kind.kind == "u" else -9, 10, size=shape).astype(kind)


@st.composite
def arrays(
    draw: st.DrawFn, rank: int, least: int = 1, most: int = 9, dtypes: Sequence[str] = ("float64",)
) -> np.ndarray:
    """An array with `rank` axes of `least` to `most` numbers."""
    shape = [draw(st.integers(least, most)) for _ in range(rank)]
    return numbers(shape, draw(st.integers(0, 99)), draw(st.sampled_from(dtypes)))


def close(given: Any, wanted: Any, dtype: Any = np.float64) -> None:
    """Equal shapes, and numbers equal up to the rounding of `dtype` in a sum of about a hundred."""
    given, wanted = np.asarray(given), np.asarray(wanted)
    assert given.shape == wanted.shape
    tolerance = TOLERANCE.get(np.dtype(dtype).name, 0)
    size = np.abs(wanted[np.isfinite(wanted)], dtype=np.float64).max(initial=1.0)
    np.testing.assert_allclose(given, wanted, rtol=tolerance, atol=tolerance * size)
