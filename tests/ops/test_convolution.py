"""The layers' convolutions beside PyTorch's, setting by setting."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given
from hypothesis import strategies as st

from convscope.ops import conv1d, conv2d, conv_transpose2d

from .drawn import close, numbers

OURS: dict[int, Any] = {1: conv1d, 2: conv2d}
TORCH: dict[int, Any] = {1: F.conv1d, 2: F.conv2d}
RANKS = st.sampled_from([1, 2])
TORCH_BORDER = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


class Layer(NamedTuple):
    """An input with weights, a bias or none, and the settings of both libraries."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    settings: dict[str, Any]

    @property
    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        bias = None if self.bias is None else torch.from_numpy(self.bias)
        return torch.from_numpy(self.x), torch.from_numpy(self.weight), bias


@st.composite
def layers(draw: st.DrawFn, rank: int, dtype: str = "float64", transposed: bool = False) -> Layer:
    def each(least: int, most: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(least, most)) for _ in range(rank))

    groups, seed = draw(st.integers(1, 3)), draw(st.integers(0, 99))
    ins, outs, batch = (
        groups * draw(st.integers(1, 3)),
        groups * draw(st.integers(1, 3)),
        draw(st.integers(1, 3)),
    )
    kernel_size, stride, dilation = each(1, 4), each(1, 4), each(1, 3)
    x = numbers((batch, ins, *each(4, 10)), seed, dtype)
    channels = (ins, outs // groups) if transposed else (outs, ins // groups)
    weight = numbers((*channels, *kernel_size), seed + 1, dtype)
    bias = numbers([outs], seed + 2, dtype) if draw(st.booleans()) else None
    return Layer(x, weight, bias, {"stride": stride, "dilation": dilation, "groups": groups})


def padded(x: torch.Tensor, pairs: list[tuple[int, int]], border: str = "zeros") -> torch.Tensor:
    """F.pad with pairs in the order of the axes; its own is the reverse."""
    sides = [side for pair in reversed(pairs) for side in pair]
    return F.pad(x, sides, TORCH_BORDER[border])


def fits(layer: Layer, pairs: list[tuple[int, int]]) -> bool:
    sizes, kernel_size = layer.x.shape[2:], layer.weight.shape[2:]
    axes = zip(sizes, kernel_size, layer.settings["dilation"], pairs, strict=True)
    return all(n + sum(p) > d * (k - 1) for n, k, d, p in axes)


@given(st.data(), RANKS, st.sampled_from(["float32", "float64"]))
def test_every_setting_is_torchs(data: st.DataObject, rank: int, dtype: str) -> None:
    layer = data.draw(layers(rank, dtype))
    padding = [data.draw(st.integers(0, 4)) for _ in range(rank)]
    assume(fits(layer, [(p, p) for p in padding]))
    wanted = TORCH[rank](*layer.tensors, padding=padding, **layer.settings)
    given = OURS[rank](layer.x, layer.weight, layer.bias, padding=padding, **layer.settings)
    assert given.dtype == dtype
    close(given, wanted, dtype)


@given(st.data(), RANKS, st.sampled_from(sorted(TORCH_BORDER)))
def test_borders_and_asymmetric_padding_are_those_of_torchs_pad(
    data: st.DataObject, rank: int, border: str
) -> None:
    layer = data.draw(layers(rank))
    pairs = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in range(rank)]
    assume(fits(layer, pairs))
    x, weight, bias = layer.tensors
    wanted = TORCH[rank](padded(x, pairs, border), weight, bias, **layer.settings)
    close(
        OURS[rank](layer.x, layer.weight, layer.bias, padding=pairs, border=border, **layer.settings), wanted
    )


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("border", sorted(TORCH_BORDER))
@pytest.mark.parametrize("padding", [0, 1, (2, 1), "same", "valid"])
def test_borders_are_those_of_torchs_layer(border: str, padding: Any) -> None:
    layer = torch.nn.Conv2d(4, 6, (3, 4), padding=padding, groups=2, padding_mode=border).double()
    x = torch.from_numpy(numbers([2, 4, 7, 8]))
    wanted = layer(x).detach()
    weight, bias = layer.weight.detach(), layer.bias.detach()
    close(conv2d(x, weight, bias, padding=padding, groups=2, border=border), wanted)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@given(st.data(), RANKS, st.sampled_from(["same", "valid"]))
def test_padding_by_name_is_torchs(data: st.DataObject, rank: int, padding: str) -> None:
    layer = data.draw(layers(rank))
    settings = {**layer.settings, "stride": 1, "padding": padding}  # torch has "same" for stride 1 alone
    assume(padding == "same" or fits(layer, [(0, 0)] * rank))
    wanted = TORCH[rank](*layer.tensors, **settings)
    close(OURS[rank](layer.x, layer.weight, layer.bias, **settings), wanted)


@given(st.data(), RANKS, st.booleans())
def test_same_padding_with_a_stride_is_onnxs(data: st.DataObject, rank: int, lower: bool) -> None:
    """ceil(n / s) results, and the odd column at the end (SAME_UPPER) or at the start (SAME_LOWER)."""
    layer = data.draw(layers(rank))
    x, weight, bias = layer.tensors
    pairs = []
    axes = zip(
        x.shape[2:], weight.shape[2:], layer.settings["stride"], layer.settings["dilation"], strict=True
    )
    for n, k, s, d in axes:
        less, odd = divmod(max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0), 2)
        pairs.append((less + odd, less) if lower else (less, less + odd))
    wanted = TORCH[rank](padded(x, pairs), weight, bias, **layer.settings)
    padding = "same_lower" if lower else "same"
    close(OURS[rank](layer.x, layer.weight, layer.bias, padding=padding, **layer.settings), wanted)


@given(st.data(), RANKS)
def test_full_padding_is_every_window_that_touches(data: st.DataObject, rank: int) -> None:
    layer = data.draw(layers(rank))
    kernel_size, dilation = layer.weight.shape[2:], layer.settings["dilation"]
    padding = [d * (k - 1) for k, d in zip(kernel_size, dilation, strict=True)]
    wanted = TORCH[rank](*layer.tensors, padding=padding, **layer.settings)
    close(OURS[rank](layer.x, layer.weight, layer.bias, padding="full", **layer.settings), wanted)


@given(st.data())
def test_every_setting_of_the_transpose_is_torchs(data: st.DataObject) -> None:
    layer = data.draw(layers(2, transposed=True))
    stride, dilation = layer.settings["stride"], layer.settings["dilation"]
    extra = tuple(data.draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
    padding = tuple(data.draw(st.integers(0, 3)) for _ in range(2))
    sizes, kernel_size = layer.x.shape[2:], layer.weight.shape[2:]
    axes = zip(sizes, stride, padding, dilation, kernel_size, extra, strict=True)
    assume(all((n - 1) * s - 2 * p + d * (k - 1) + e + 1 > 0 for n, s, p, d, k, e in axes))
    settings = {**layer.settings, "padding": padding, "output_padding": extra}
    wanted = F.conv_transpose2d(*layer.tensors, **settings)
    close(conv_transpose2d(layer.x, layer.weight, layer.bias, **settings), wanted)


@given(st.data())
def test_the_transpose_is_the_gradient(data: st.DataObject) -> None:
    """With a stride that leaves a remainder the rows at the end come from output_padding."""
    layer = data.draw(layers(2))
    pairs = [(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))) for _ in range(2)]
    assume(fits(layer, pairs))
    x, weight, _ = layer.tensors
    x.requires_grad_()
    y = F.conv2d(padded(x, pairs), weight, **layer.settings)
    seed = torch.from_numpy(numbers(y.shape, 5))
    (wanted,) = torch.autograd.grad(y, x, seed)
    extra = [
        (n + sum(p) - d * (k - 1) - 1) % s
        for n, p, d, k, s in zip(
            layer.x.shape[2:],
            pairs,
            layer.settings["dilation"],
            layer.weight.shape[2:],
            layer.settings["stride"],
            strict=True,
        )
    ]
    close(conv_transpose2d(seed, weight, padding=pairs, output_padding=extra, **layer.settings), wanted)


@pytest.mark.parametrize("function", [conv1d, conv2d, conv_transpose2d])
def test_one_picture_is_a_batch_of_one(function: Any) -> None:
    rank = 1 if function is conv1d else 2
    x, weight = numbers([3, 3, *[6] * rank]), numbers([3, 3, *[2] * rank])
    np.testing.assert_array_equal(function(x[1], weight), function(x, weight)[1])


def test_the_least_pictures() -> None:
    for size in (1, 2):
        x, weight = numbers([1, 1, size, 1]), numbers([1, 1, 1, 1])
        close(conv2d(x, weight, stride=5), F.conv2d(torch.from_numpy(x), torch.from_numpy(weight), stride=5))
    close(conv_transpose2d(numbers([1, 1, 1, 1]), weight, stride=4), numbers([1, 1, 1, 1]) * weight)


def test_rows_laid_out_some_at_a_time_are_the_rows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = numbers([2, 3, 13, 11]), numbers([4, 3, 3, 3])
    whole = conv2d(x, weight, stride=(2, 1), padding=1)
    monkeypatch.setattr("convscope.ops.convolution.COPIED", 500)
    close(conv2d(x, weight, stride=(2, 1), padding=1), whole)
    signals, filters = x[..., 0].copy(), weight[..., 0].copy()
    close(conv1d(signals, filters), F.conv1d(torch.from_numpy(signals), torch.from_numpy(filters)))


def test_what_is_not_a_number_reaches_as_far_as_in_torch() -> None:
    x, weight = numbers([1, 2, 9, 9]), numbers([3, 2, 3, 3])
    x[0, 1, 4, 4], x[0, 0, 0, 0] = np.nan, np.inf
    wanted = F.conv2d(torch.from_numpy(x), torch.from_numpy(weight), padding=1)
    np.testing.assert_array_equal(np.isfinite(conv2d(x, weight, padding=1)), np.isfinite(wanted.numpy()))
