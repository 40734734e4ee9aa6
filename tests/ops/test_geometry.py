"""Sizes, padding, what is missed and what is seen: torch, ONNX's rule, and pixels that are no number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from convscope.ops import (
    Window,
    conv1d,
    convolution_cost,
    convolve,
    cross_correlate,
    equivariance_error,
    full_padding,
    max_pool,
    output_size,
    receptive_field,
    same_padding,
    unreached,
)

from .drawn import numbers

SIZES, KERNELS, STRIDES, DILATIONS = (st.integers(1, most) for most in (20, 6, 6, 4))
PADDINGS = st.tuples(st.integers(0, 5), st.integers(0, 5))


@given(SIZES, KERNELS, STRIDES, PADDINGS, DILATIONS)
def test_output_sizes_are_torchs(n: int, k: int, s: int, padding: tuple[int, int], d: int) -> None:
    size = output_size(n, kernel_size=k, stride=s, padding=padding, dilation=d)
    x = F.pad(torch.ones(1, 1, n), padding)
    if size:
        assert F.conv1d(x, torch.ones(1, 1, k), stride=s, dilation=d).shape[2] == size
    else:
        with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
            F.conv1d(x, torch.ones(1, 1, k), stride=s, dilation=d)


@given(SIZES, KERNELS, STRIDES, st.integers(0, 3), DILATIONS)
def test_output_sizes_with_ceil_mode_are_torchs(n: int, k: int, s: int, p: int, d: int) -> None:
    assume(p <= k // 2)  # more is refused by torch
    size = output_size(n, kernel_size=k, stride=s, padding=(p, p), dilation=d, ceil_mode=True)
    x = torch.ones(1, 1, n)
    if size:
        assert F.max_pool1d(x, k, s, p, d, ceil_mode=True).shape[2] == size
    else:
        with pytest.raises(RuntimeError, match=r"Output size is too small|Invalid computed output size"):
            F.max_pool1d(x, k, s, p, d, ceil_mode=True)


@given(SIZES, KERNELS, STRIDES, DILATIONS)
def test_same_padding_is_onnxs(n: int, k: int, s: int, d: int) -> None:
    """Its text: ceil(n / s) outputs, and max((outputs - 1)·s + (k - 1)·d + 1 - n, 0) of padding in all."""
    output = int(np.ceil(n / s))
    total = max((output - 1) * s + (k - 1) * d + 1 - n, 0)
    upper, lower = (same_padding(n, kernel_size=k, stride=s, dilation=d, lower=end) for end in (False, True))
    assert upper == (total // 2, total - total // 2) == lower[::-1]
    assert output_size(n, kernel_size=k, stride=s, padding=upper, dilation=d) == output


@given(SIZES, KERNELS, DILATIONS)
def test_full_padding_is_numpys(n: int, k: int, d: int) -> None:
    before, after = full_padding(kernel_size=k, dilation=d)
    holes = np.zeros(d * (k - 1) + 1)
    holes[::d] = 1
    full = np.convolve(np.ones(n), holes)
    size = output_size(n, kernel_size=k, padding=(before, after), dilation=d)
    assert size == len(full)
    assert (full[[0, -1]] > 0).all()  # the first and the last window touch


@given(SIZES, KERNELS, STRIDES, PADDINGS, DILATIONS)
def test_unreached_are_the_pixels_that_do_not_matter(
    n: int, k: int, s: int, padding: tuple[int, int], d: int
) -> None:
    settings: dict[str, Any] = {"stride": s, "dilation": d}
    missed = unreached(n, kernel_size=k, padding=padding, **settings)
    if not output_size(n, kernel_size=k, padding=padding, **settings):
        assert missed == list(range(n))
        return
    brute = []
    for pixel in range(n):
        x = np.zeros((1, n))
        x[0, pixel] = np.nan
        if not np.isnan(conv1d(x, np.ones((1, 1, k)), padding=[padding], **settings)).any():
            brute.append(pixel)
    assert missed == brute


@given(
    st.lists(
        st.builds(Window, st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)),
        min_size=1,
        max_size=4,
    )
)
def test_a_receptive_field_is_where_the_gradient_goes(windows: list[Window]) -> None:
    size = 600  # so that there is a middle after strides of 3·3·3·3
    x = torch.ones(1, 1, size, dtype=torch.float64, requires_grad=True)
    y = x
    for w in windows:
        weight = torch.ones(1, 1, w.kernel_size, dtype=torch.float64)
        y = F.conv1d(F.pad(y, (w.before, 0)), weight, stride=w.stride, dilation=w.dilation)
    field = receptive_field(windows)
    i = y.shape[2] // 2
    (gradient,) = torch.autograd.grad(y[0, 0, i], x)
    seen = np.flatnonzero(gradient.numpy())
    first, last = (field.centre + i * field.jump + side * (field.size - 1) / 2 for side in (-1, 1))
    assume(first >= 0)
    assert (seen[0], seen[-1]) == (first, last)


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((1, 28, 28), {"out_channels": 4, "kernel_size": (3, 3)}),
        ((4, 9, 8), {"out_channels": 6, "kernel_size": (2, 3), "stride": (2, 1), "groups": 2}),
        (
            (3, 7, 7),
            {"out_channels": 3, "kernel_size": (3, 3), "dilation": (2, 2), "groups": 3, "bias": False},
        ),
        ((2, 5, 6), {"out_channels": 5, "kernel_size": (3, 1), "padding": ((1, 1), (2, 2))}),
        ((2, 11), {"out_channels": 3, "kernel_size": (4,), "stride": (3,)}),
    ],
)
def test_a_cost_is_what_torch_counts(shape: tuple[int, ...], settings: dict[str, Any]) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    ours = dict(settings)
    torch_settings = {
        **settings,
        "padding": tuple(p for p, _ in settings.get("padding", [(0, 0)] * (len(shape) - 1))),
    }
    kind: Any = torch.nn.Conv2d if len(shape) == 3 else torch.nn.Conv1d
    layer = kind(shape[0], **torch_settings)
    x = torch.zeros(1, *shape)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        y = layer(x)
    convolution, dense = convolution_cost(shape, ours.pop("out_channels"), **ours)
    assert convolution.parameters == sum(p.numel() for p in layer.parameters())
    assert convolution.macs == counter.get_total_flops() // 2
    linear = torch.nn.Linear(x.numel(), y.numel(), bias=settings.get("bias", True))
    assert dense.parameters == sum(p.numel() for p in linear.parameters())
    assert dense.macs == linear.weight.numel()


@pytest.mark.parametrize("shift", [(0, 0), (3, 5), (-2, 1)])
def test_a_convolution_commutes_with_shifts(shift: tuple[int, int]) -> None:
    picture, taps = numbers([16, 16]), numbers([3, 3])
    assert equivariance_error(lambda x: convolve(x, taps, border="circular"), picture, shift) == 0
    zeros = equivariance_error(lambda x: cross_correlate(x, taps), picture, shift)
    assert (zeros == 0) == (shift == (0, 0))  # what was at one border meets zeros at the other
    inner = equivariance_error(lambda x: cross_correlate(x, taps), picture, shift, margin=6)
    assert inner == 0


def test_a_stride_commutes_with_shifts_that_it_divides() -> None:
    picture = numbers([16, 16])
    assert equivariance_error(lambda x: max_pool(x, 2), picture, (4, -2)) == 0
    assert equivariance_error(lambda x: max_pool(x, 2), picture, (1, 0)) > 0.5
    assert equivariance_error(lambda x: max_pool(x[None], 2), picture, (2, 2)) == 0


def test_differences_of_bytes_do_not_go_round() -> None:
    """The picture's rows are 0, 250, 0, ...; a pool that keeps uint8 differs by 250, not by 6."""
    picture = np.zeros((6, 6), np.uint8)
    picture[1::4] = 250
    assert equivariance_error(lambda x: x[::2], picture, (1, 0)) == 250
    assert equivariance_error(lambda x: x > 9, picture, (0, 3)) == 0


def test_a_number_is_the_padding_of_both_sides() -> None:
    settings = {"kernel_size": 3, "stride": 2}
    assert output_size(8, padding=1, **settings) == output_size(8, padding=(1, 1), **settings)
    assert unreached(8, padding=1, **settings) == unreached(8, padding=(1, 1), **settings)
    numbers = convolution_cost((3, 8, 9), 4, kernel_size=3, stride=2, padding=1, dilation=1)
    pairs = {"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1)), "dilation": (1, 1)}
    assert numbers == convolution_cost((3, 8, 9), 4, **pairs)  # type: ignore[arg-type]
    named = convolution_cost((3, 8, 9), 4, kernel_size=3, padding="same")
    assert named == convolution_cost((3, 8, 9), 4, kernel_size=3, padding=1)


def test_the_function_gets_a_tensor_where_the_picture_is_one() -> None:
    picture = torch.from_numpy(numbers([1, 8, 8])).float()
    assert equivariance_error(torch.relu, picture, (1, 2)) == 0
    layer = torch.nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular")  # its results carry a gradient
    assert equivariance_error(layer, picture.requires_grad_(), (1, 2)) < 1e-6
    assert equivariance_error(lambda x: max_pool(x.detach(), 2), picture, (2, 4)) == 0
