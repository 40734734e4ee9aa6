"""Pools beside PyTorch's, setting by setting, and the layers between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from convscope.ops import (
    average_pool,
    batch_norm,
    flatten,
    global_average_pool,
    global_max_pool,
    lp_pool,
    max_pool,
    output_size,
    relu,
    softmax,
)

from .drawn import FLOATS, INTEGERS, close, numbers

RANKS = st.sampled_from([1, 2])
MAX: dict[int, Any] = {1: F.max_pool1d, 2: F.max_pool2d}
AVERAGE: dict[int, Any] = {1: F.avg_pool1d, 2: F.avg_pool2d}
LP: dict[int, Any] = {1: F.lp_pool1d, 2: F.lp_pool2d}
Axes = tuple[int, ...]


@st.composite
def pools(draw: st.DrawFn, rank: int, dtype: str = "float64") -> tuple[np.ndarray, Axes, dict[str, Any]]:
    """An input, a window, and settings that torch takes too: padding of at most half the window."""

    def each(least: int, most: int) -> Axes:
        return tuple(draw(st.integers(least, most)) for _ in range(rank))

    x = numbers((2, 2, *each(1, 10)), draw(st.integers(0, 99)), dtype)
    kernel_size = each(1, 4)
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel_size)
    stride = each(1, 5) if draw(st.booleans()) else kernel_size
    settings = {"stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    return x, kernel_size, settings


def positions(x: np.ndarray, kernel_size: Axes, settings: dict[str, Any]) -> list[int]:
    """How many windows fit along each axis."""
    dilation = settings.get("dilation", (1,) * len(kernel_size))
    axes = zip(x.shape[2:], kernel_size, settings["stride"], settings["padding"], dilation, strict=True)
    return [
        output_size(n, kernel_size=k, stride=s, padding=(p, p), dilation=d, ceil_mode=settings["ceil_mode"])
        for n, k, s, p, d in axes
    ]


def sees_padding_alone(x: np.ndarray, kernel_size: Axes, settings: dict[str, Any]) -> bool:
    """Whether a dilated window steps over the whole input."""
    ones = torch.ones(1, 1, *x.shape[2:], dtype=torch.float64)
    lowest = MAX[len(kernel_size)](ones, kernel_size, **settings)
    return bool(torch.isinf(lowest).any())


@given(st.data(), RANKS, st.sampled_from(["float32", "float64"]))
def test_max_pool_and_its_indices_are_torchs(data: st.DataObject, rank: int, dtype: str) -> None:
    x, kernel_size, settings = data.draw(pools(rank, dtype))
    x = np.round(x)  # so that some are equal, and the first of them wins
    settings["dilation"] = tuple(data.draw(st.integers(1, 3)) for _ in range(rank))
    assume(min(positions(x, kernel_size, settings)) >= 1)
    assume(not sees_padding_alone(x, kernel_size, settings))
    wanted, places = MAX[rank](torch.from_numpy(x), kernel_size, return_indices=True, **settings)
    largest, indices = max_pool(x, kernel_size, return_indices=True, **settings)
    assert largest.dtype == dtype
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(largest, wanted)
    np.testing.assert_array_equal(indices, places)
    np.testing.assert_array_equal(max_pool(x, kernel_size, **settings), wanted)


@given(st.data(), RANKS, st.booleans())
def test_average_pool_is_torchs(data: st.DataObject, rank: int, count_include_pad: bool) -> None:
    x, kernel_size, settings = data.draw(pools(rank))
    assume(min(positions(x, kernel_size, settings)) >= 1)
    settings["count_include_pad"] = count_include_pad
    wanted = AVERAGE[rank](torch.from_numpy(x), kernel_size, **settings)
    close(average_pool(x, kernel_size, **settings), wanted)


@given(st.data(), RANKS, st.sampled_from([1.0, 2.0, 3.0, 4.0, 0.5, 1.7]))
def test_lp_pool_is_torchs_of_the_magnitudes(data: st.DataObject, rank: int, p: float) -> None:
    x, kernel_size, settings = data.draw(pools(rank))
    del settings["padding"]  # which torch has none of
    settings["ceil_mode"] = False  # torch multiplies the mean of what is there by all of the window
    assume(min(positions(x, kernel_size, {**settings, "padding": (0,) * rank})) >= 1)
    window = kernel_size if rank == 2 else kernel_size[0]  # torch takes no tuple of one here
    wanted = LP[rank](torch.from_numpy(np.abs(x)), p, window, **settings)
    close(lp_pool(x, kernel_size, p=p, **settings), wanted)


@given(st.data(), RANKS, st.sampled_from([1.0, 2.0, 3.0]))
def test_lp_pool_of_padding_is_a_sum_of_what_is_there(data: st.DataObject, rank: int, p: float) -> None:
    """Padded and in ceil_mode it is torch's convolution of the powers with ones, over a larger input."""
    x, kernel_size, settings = data.draw(pools(rank))
    counts = positions(x, kernel_size, settings)
    assume(min(counts) >= 1)
    sides = [side for p_ in reversed(settings["padding"]) for side in (p_, p_ + max(settings["stride"]))]
    powers = F.pad(torch.from_numpy(np.abs(x) ** p), sides)
    sums = AVERAGE[rank](powers, kernel_size, stride=settings["stride"]) * np.prod(kernel_size)
    wanted = sums[(..., *(slice(count) for count in counts))] ** (1 / p)
    close(lp_pool(x, kernel_size, p=p, **settings), wanted)


@given(st.data(), RANKS, st.sampled_from(["reflect", "replicate", "circular"]))
def test_asymmetric_padding_and_borders_are_those_of_torchs_pad(
    data: st.DataObject, rank: int, border: str
) -> None:
    x = numbers((1, 2, *(data.draw(st.integers(4, 9)) for _ in range(rank))), data.draw(st.integers(0, 99)))
    kernel_size = tuple(data.draw(st.integers(2, 4)) for _ in range(rank))
    pairs = [(data.draw(st.integers(0, k - 1)), data.draw(st.integers(0, k - 1))) for k in kernel_size]
    sides = [side for pair in reversed(pairs) for side in pair]
    tensor = torch.from_numpy(x)
    stride = data.draw(st.integers(1, 3))
    mirrored = F.pad(tensor, sides, border)
    settings: dict[str, Any] = {"stride": (stride,) * rank, "padding": pairs}
    close(max_pool(x, kernel_size, border=border, **settings), MAX[rank](mirrored, kernel_size, stride))
    close(
        average_pool(x, kernel_size, border=border, **settings), AVERAGE[rank](mirrored, kernel_size, stride)
    )
    lowest, zeros = F.pad(tensor, sides, value=-np.inf), F.pad(tensor, sides)
    close(max_pool(x, kernel_size, **settings), MAX[rank](lowest, kernel_size, stride))
    close(average_pool(x, kernel_size, **settings), AVERAGE[rank](zeros, kernel_size, stride))
    # Indices of mirrored numbers are those of the numbers themselves.
    largest, indices = max_pool(x, kernel_size, border=border, return_indices=True, **settings)
    flat = x.reshape(2, -1)
    found = np.take_along_axis(flat, indices.reshape(2, -1), axis=1)
    np.testing.assert_array_equal(found, largest.reshape(2, -1))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_ceil_mode_takes_a_window_larger_than_the_picture(size: int, stride: int) -> None:
    """torch gives one window where rounding up gives one, although not even one lies inside."""
    x = numbers([1, 1, size])
    settings: dict[str, Any] = {"stride": (stride,), "ceil_mode": True}
    if -(-(size - 4) // stride) + 1 < 1:
        with pytest.raises(RuntimeError):
            F.max_pool1d(torch.from_numpy(x), 4, stride, ceil_mode=True)
        return
    close(max_pool(x, (4,), **settings), F.max_pool1d(torch.from_numpy(x), 4, stride, ceil_mode=True))
    wanted = F.avg_pool1d(torch.from_numpy(x), 4, stride, ceil_mode=True)
    close(average_pool(x, (4,), **settings), wanted)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool"])
def test_types_of_pools(dtype: str) -> None:
    x = numbers([2, 6, 6], 0, dtype)
    exact = torch.from_numpy(x.astype(np.float64))
    kept = np.dtype("uint8" if dtype == "bool" else dtype)
    floating = kept if kept.kind == "f" else np.dtype(np.float64)
    pooled: list[tuple[np.ndarray, Any, np.dtype[Any]]] = [
        (max_pool(x, 3, padding=1), F.max_pool2d(exact, 3, padding=1), kept),
        (average_pool(x, 3), F.avg_pool2d(exact, 3), floating),
        (lp_pool(x, 2), F.lp_pool2d(exact, 2, 2), floating),
        (global_average_pool(x), exact.mean((1, 2)), floating),
        (global_max_pool(x), exact.amax((1, 2)), kept),
    ]
    for result, wanted, kind in pooled:
        assert result.dtype == kind
        close(result, wanted, kind)


def test_padding_never_wins_where_all_is_the_least_there_is() -> None:
    for dtype in ("int8", "int64", "uint8"):
        least = np.full((3, 3), np.iinfo(dtype).min, dtype)
        largest, indices = max_pool(least, 3, padding=1, stride=1, return_indices=True)
        np.testing.assert_array_equal(largest, least)
        np.testing.assert_array_equal(indices, [[0, 0, 1], [0, 0, 1], [3, 3, 4]])
    lowest = torch.full((1, 3, 3), -np.inf)
    largest, indices = max_pool(lowest, 3, padding=1, stride=1, return_indices=True)
    wanted = F.max_pool2d(lowest, 3, padding=1, stride=1, return_indices=True)
    np.testing.assert_array_equal(largest, wanted[0])
    assert (np.asarray(indices) >= 0).all()


def test_what_is_not_a_number_wins() -> None:
    x = numbers([1, 6, 6], 0, "float32")
    x[0, 2, 3] = np.nan
    wanted, places = F.max_pool2d(torch.from_numpy(x), 3, 2, 1, return_indices=True)
    largest, indices = max_pool(x, 3, stride=2, padding=1, return_indices=True)
    np.testing.assert_array_equal(largest, wanted)
    np.testing.assert_array_equal(indices, places)
    assert np.isnan(lp_pool(x, 3)).sum() == np.isnan(average_pool(x, 3)).sum() == 1
    x[0, 2, 3] = -np.inf
    assert np.isposinf(lp_pool(x, 3)).sum() == np.isneginf(average_pool(x, 3)).sum() == 1
    assert np.isfinite(max_pool(x, 3)).all()


def test_means_and_norms_of_numbers_whose_sums_have_no_place() -> None:
    half = np.full((4, 4), 60000, np.float16)
    np.testing.assert_array_equal(average_pool(half, 4), [[60000]])
    np.testing.assert_array_equal(global_average_pool(half), 60000)
    np.testing.assert_array_equal(lp_pool(half / 4, 4), [[60000]])
    close(lp_pool(np.array([[3e200, 4e200]]), (1, 2)), [[5e200]])
    close(lp_pool(np.array([[3e-200, 4e-200]]), (1, 2)) * 1e200, [[5.0]])


# between the windows


@pytest.mark.parametrize("dtype", [*FLOATS, "int8"])
def test_what_lies_between_is_torchs(dtype: str) -> None:
    x = numbers([4, 3, 5, 2], 0, dtype)
    exact = torch.from_numpy(x.astype(np.float64))
    close(relu(x), F.relu(exact), dtype)
    assert relu(x).dtype == dtype
    close(flatten(x), exact.flatten(1))
    close(flatten(x, start=2), exact.flatten(2))
    assert flatten(x, start=0).shape == (120,)
    floating = dtype if dtype in FLOATS else "float64"
    for axis in (-1, 0, 1):
        close(softmax(x, axis=axis), exact.softmax(axis), floating)
        assert softmax(x, axis=axis).dtype == floating
    statistics = [numbers([3], seed) for seed in range(4)]
    mean, _, weight, bias = statistics
    variance = np.abs(statistics[1])
    tensors = [torch.from_numpy(array) for array in (mean, variance, weight, bias)]
    result = batch_norm(x, mean=mean, variance=variance, weight=weight, bias=bias)
    assert result.dtype == floating
    close(result, F.batch_norm(exact, *tensors), floating)
    trained = F.batch_norm(exact, None, None, *tensors[2:], training=True)
    close(batch_norm(x, weight=weight, bias=bias), trained, floating)
    close(
        batch_norm(x[..., 0, 0], eps=1e-3),
        F.batch_norm(exact[..., 0, 0], None, None, training=True, eps=1e-3),
        floating,
    )


def test_scores_of_any_size_become_probabilities() -> None:
    close(softmax([[1e4, 0.0], [-1e4, -1e4]]), [[1, 0], [0.5, 0.5]])
    many = softmax(np.zeros(70000, np.float16))
    assert many.dtype == np.float16
    np.testing.assert_allclose(many.astype(float), 1 / 70000, rtol=5e-3)


def test_a_norm_over_the_edge_is_that_of_what_it_sees() -> None:
    """PyTorch scales it up to a whole window: 1 number of 4 gives the norm of 4 of them."""
    x = numbers([1, 3, 3])
    ours = lp_pool(x, 2, ceil_mode=True)
    theirs = F.lp_pool2d(torch.from_numpy(x), 2.0, 2, ceil_mode=True).numpy()
    np.testing.assert_allclose(ours * np.sqrt([[[1, 2], [2, 4]]]), theirs)
