"""The compiled filter on every instruction set, against NumPy's windows in float64."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convscope import native

from ..conftest import needs_lanes

pytestmark = needs_lanes
INSTRUCTION_SETS: list[str] = native.module().instruction_sets() if native.available() else []
NUMPY_BORDERS: list[Any] = ["constant", "reflect", "edge", "wrap"]  # in the order of ops.padding.BORDERS
PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    """A picture, a kernel or its two factors, and settings of which at least one window fits."""
    sizes = draw(st.tuples(st.integers(1, 70), st.integers(1, 70)))
    kernel_size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    dilation = draw(PAIR)
    border = draw(st.integers(0, 3))
    pads = []
    for n, k, d in zip(sizes, kernel_size, dilation, strict=True):
        most = {1: n - 1, 3: n}.get(border, 40)
        before, after = draw(st.integers(0, min(most, 12))), draw(st.integers(0, min(most, 12)))
        short = d * (k - 1) + 1 - (n + before + after)
        if short > 0:
            if border in (1, 3):
                before = after = most
            else:
                after += short
        pads.append((before, after))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    column, row = (generator.normal(size=k).astype(dtype) for k in kernel_size)
    separable = draw(st.booleans())
    return {
        "x": generator.normal(size=sizes).astype(dtype),
        "weights": None if separable else generator.normal(size=kernel_size).astype(dtype),
        "factors": (column, row) if separable else None,
        "pads": pads,
        "stride": draw(PAIR),
        "dilation": dilation,
        "border": border,
    }


def reference(case: dict[str, Any]) -> np.ndarray | None:
    """The same in float64; None where no window fits."""
    padded = np.pad(case["x"].astype(np.float64), case["pads"], NUMPY_BORDERS[case["border"]])
    kernel = case["weights"] if case["factors"] is None else np.outer(*case["factors"])
    (down, right), (over, across) = case["dilation"], case["stride"]
    extents = [d * (k - 1) + 1 for k, d in zip(kernel.shape, case["dilation"], strict=True)]
    if any(n < e for n, e in zip(padded.shape, extents, strict=True)):
        return None
    seen = np.lib.stride_tricks.sliding_window_view(padded, extents)[::over, ::across, ::down, ::right]
    return np.einsum("ijab,ab->ij", seen, kernel.astype(np.float64))


def filtered(case: dict[str, Any], shape: tuple[int, ...], **settings: Any) -> np.ndarray:
    result = np.full(shape, np.nan, dtype=case["x"].dtype)
    given = {key: value for key, value in case.items() if key != "pads"}
    before = (case["pads"][0][0], case["pads"][1][0])
    native.module().correlate(y=result, before=before, **given, **{"threads": 1, **settings})
    return result


@settings(max_examples=300)
@given(filters(), st.sampled_from(INSTRUCTION_SETS or [""]), st.integers(1, 3))
def test_numbers(case: dict[str, Any], instruction_set: str, threads: int) -> None:
    expected = reference(case)
    if expected is None:
        return
    found = filtered(case, expected.shape, instruction_set=instruction_set, threads=threads)
    tolerance = 64 * np.finfo(found.dtype).eps * max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def large(seed: int = 0, height: int = 200, width: int = 333) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    return {
        "x": generator.normal(size=(height, width)).astype(np.float32),
        "weights": generator.normal(size=(5, 7)).astype(np.float32),
        "factors": None,
        "pads": [(2, 2), (3, 3)],
        "stride": (1, 1),
        "dilation": (1, 1),
        "border": 2,
    }


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_bits_do_not_depend_on_the_number_of_threads(instruction_set: str) -> None:
    case = large()
    results = [filtered(case, (200, 333), threads=n, instruction_set=instruction_set) for n in (1, 2, 3)]
    assert all(np.array_equal(results[0], other) for other in results[1:])


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_a_nan_is_seen_by_the_windows_that_hold_it_and_by_no_other(instruction_set: str) -> None:
    case = large()
    case["x"][100, 200] = np.nan
    found = np.argwhere(np.isnan(filtered(case, (200, 333), instruction_set=instruction_set)))
    assert (found.min(axis=0) == (98, 197)).all()
    assert (found.max(axis=0) == (102, 203)).all()
    assert len(found) == 35


def test_calls_at_the_same_time() -> None:
    cases = [large(seed) for seed in range(8)]
    alone = [filtered(case, (200, 333), threads=2) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda case: filtered(case, (200, 333), threads=2), cases * 5))
    assert all(np.array_equal(found, alone[i % 8]) for i, found in enumerate(together))
