"""The ways to compute a filter agree, and the fast ones are left where they would not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.errors import UsageError
from convscope.ops import autocorrelate, convolve, cross_correlate, gaussian
from convscope.ops.filtering import choose, factorize

from .drawn import FLOATS, INTEGERS, arrays, close, numbers

BORDERS = st.sampled_from(["zeros", "reflect", "replicate", "circular"])


def loops(padded: np.ndarray, kernel: np.ndarray, stride: list[int], dilation: list[int]) -> np.ndarray:
    """The definition of cross-correlation, number by number."""
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel.shape, strict=True)]
    shape = [(n - e) // s + 1 for n, e, s in zip(padded.shape, extents, stride, strict=True)]
    result = np.zeros(shape)
    for place in np.ndindex(*shape):
        for tap in np.ndindex(*kernel.shape):
            at = tuple(s * p + d * t for s, p, d, t in zip(stride, place, dilation, tap, strict=True))
            result[place] += padded[at] * kernel[tap]
    return result


@given(st.data(), st.sampled_from([1, 2]), st.sampled_from(FLOATS), BORDERS)
def test_all_methods_agree_with_the_definition(
    data: st.DataObject, rank: int, dtype: str, border: str
) -> None:
    picture = data.draw(arrays(rank, least=5, most=9, dtypes=[dtype]))
    factors = [data.draw(arrays(1, most=4, dtypes=[dtype])) for _ in range(rank)]
    rank_one = (np.outer(*factors) if rank == 2 else factors[0]).astype(dtype)
    any_kernel = numbers(rank_one.shape, 3, dtype)
    stride = [data.draw(st.integers(1, 3)) for _ in range(rank)]
    dilation = [data.draw(st.integers(1, 2)) for _ in range(rank)]
    pads = [(data.draw(st.integers(3, 4)), data.draw(st.integers(2, 4))) for _ in range(rank)]
    mode = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}[border]
    padded: Any = np.pad(picture.astype(np.float64), pads, mode)  # type: ignore[call-overload]

    for kernel in (rank_one, any_kernel):
        wanted = loops(padded, kernel.astype(np.float64), stride, dilation)
        separable = factorize(np.atleast_2d(kernel), np.promote_types(dtype, "float32")) is not None
        methods = ["auto", "direct", "fft"]
        methods += ["separable"] if separable else []
        for method in methods:
            result = cross_correlate(
                picture, kernel, padding=pads, stride=stride, dilation=dilation, border=border, method=method
            )
            assert result.dtype == dtype
            close(result, wanted, dtype)


@given(arrays(1, most=6), arrays(1, most=6))
def test_a_column_times_a_row_is_found(column: np.ndarray, row: np.ndarray) -> None:
    kernel = np.outer(column, row)
    found = factorize(kernel)
    assert found is not None
    close(found[0] @ found[1], kernel)
    assert factorize(np.zeros((3, 2))) is not None
    # and with a number of it changed by a millionth it is none (as single precision would take it)
    if min(kernel.shape) > 1:
        changed = kernel.copy()
        changed[0, 0] += 1e-6 * np.abs(kernel).max()
        assert np.linalg.matrix_rank(changed, tol=1e-12) == 1 or factorize(changed) is None


def test_a_kernel_rounded_to_single_precision_is_no_product_for_a_picture_in_double() -> None:
    """Its factors would be off by more than the picture's numbers are."""
    picture, rounded = numbers([40, 40]), gaussian(2.0).astype(np.float32)
    auto, direct = (cross_correlate(picture, rounded, method=method) for method in ("auto", "direct"))
    close(auto, direct, np.float64)


def test_a_kernel_of_rank_2_is_not_separable() -> None:
    with pytest.raises(UsageError, match='this one is not, and "direct" computes it'):
        convolve(numbers([9, 9]), np.eye(3), method="separable")


def test_integers_are_added_exactly_or_not_at_all() -> None:
    picture, kernel = numbers([9, 9], 0, "int8"), numbers([3, 3], 1, "int8")
    for method, sentence in (("fft", "would round integers"), ("separable", "needs floating-point numbers")):
        with pytest.raises(UsageError, match=sentence):
            convolve(picture, kernel, method=method)
    exact = cross_correlate(np.full((40, 40), 2**30 + 1), np.ones((31, 31), int), padding="valid")
    assert exact.dtype == np.int64
    assert (exact == 961 * (2**30 + 1)).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("method", ["auto", "direct", "separable"])
def test_what_is_not_a_number_stays_where_it_is(value: float, method: str) -> None:
    """A Fourier transform would spread it over the whole picture."""
    picture = numbers([60, 60])
    picture[30, 30] = value
    wide = gaussian(5.0, 31)
    kernel = wide if method == "separable" else wide + 0.01 * numbers([31, 31])
    result = cross_correlate(picture, kernel, method=method)
    reached = np.zeros((60, 60), bool)
    reached[15:46, 15:46] = True
    np.testing.assert_array_equal(np.isfinite(result), ~reached)
    with pytest.raises(UsageError, match='"fft" would spread the NaN or infinity of this signal'):
        cross_correlate(picture, kernel, method="fft")


def test_auto_takes_the_method_that_costs_least() -> None:
    double = np.dtype(np.float64)

    def chosen(picture: np.ndarray, kernel: np.ndarray, stride: tuple[int, int] = (1, 1)) -> str:
        kind = np.result_type(picture, kernel) if kernel.dtype.kind == "f" else np.dtype(np.int64)
        factors = factorize(kernel) if kind.kind == "f" else None
        return choose(picture, kernel, stride, factors, kind)

    large = numbers([200, 200])
    assert double == np.result_type(large)
    assert chosen(large, numbers([3, 3])) == "direct"
    assert chosen(large, gaussian(2.0)) == "separable"
    assert chosen(large, numbers([61, 61])) == "fft"
    assert chosen(large, numbers([61, 61]), (20, 20)) == "direct"
    assert chosen(numbers([8, 8]), numbers([5, 5])) == "direct"  # a transform begins slowly
    assert chosen(numbers([200, 200], 0, "int32"), numbers([41, 41], 0, "int32")) == "direct"
    large[3, 4] = np.nan
    assert chosen(large, numbers([41, 41])) == "direct"


@given(arrays(2, least=20, most=40), st.sampled_from(["float32", "float64"]))
def test_autocorrelation_takes_the_fast_way_too(picture: np.ndarray, dtype: str) -> None:
    picture = picture.astype(dtype)
    direct = cross_correlate(picture, picture, padding="full", method="direct")
    close(autocorrelate(picture), direct, dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_rows_in_bands_are_the_rows_at_once(dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, kernel = numbers([23, 17], 0, dtype), numbers([4, 3], 1, dtype)
    whole = cross_correlate(picture, kernel, padding=2, stride=(2, 1))
    monkeypatch.setattr("convscope.ops.filtering.BAND", 32)
    np.testing.assert_array_equal(cross_correlate(picture, kernel, padding=2, stride=(2, 1)), whole)
    close(whole, loops(np.pad(picture.astype(float), 2), kernel.astype(float), [2, 1], [1, 1]))
