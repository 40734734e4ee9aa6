"""Convolutions, pools and borders in ONNX.

ONNX's `ceil_mode` is not used: whether a last window that begins in the border counts, and by what it is
divided, differs between versions of its definition and of ONNX Runtime. The border is made as wide as the
last window needs instead, and an average is multiplied by a constant where PyTorch divides by less than the
window.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .layer import Layer, defines

Sides = list[tuple[int, int]]  # (before, after) of each axis


@defines("conv1d", "conv2d")
def conv(layer: Layer, x: str, weight: str, bias: str = "") -> str:
    window = {"kernel_shape": layer["kernel_size"], "strides": layer["stride"]}
    padding, dilations, groups = _flat(layer["padding"]), layer["dilation"], layer["groups"]
    return layer.add("Conv", x, weight, bias, pads=padding, dilations=dilations, group=groups, **window)


@defines("max_pool1d", "max_pool2d")
def max_pool(layer: Layer, x: str) -> str:
    sides = _sides(layer, layer["dilation"])
    if any(max(pair) >= k for pair, k in zip(sides, layer["kernel_size"], strict=True)):
        x, sides = _bordered(layer, x, sides, -math.inf), [(0, 0)] * len(sides)  # Runtime refuses such pads
    return layer.add("MaxPool", x, dilations=layer["dilation"], **_window(layer, sides))


@defines("average_pool1d", "average_pool2d")
def average_pool(layer: Layer, x: str) -> str:
    if layer["count_include_pad"]:
        return _average(layer, x)
    return layer.add("AveragePool", x, count_include_pad=0, **_window(layer, _sides(layer)))


@defines("lp_pool1d", "lp_pool2d")
def lp_pool(layer: Layer, x: str) -> str:
    """(Σ x^p)^(1/p) as PyTorch has it: without |x|, and a window beyond the end counts as a whole one."""
    powers = layer.add("Pow", x, layer.number("p", layer["p"]))
    size = layer.number("window", math.prod(layer["kernel_size"]))
    total = layer.add("Mul", _average(layer, powers), size)
    return layer.add("Pow", total, layer.number("1/p", 1 / layer["p"]))


@defines("adaptive_average_pool1d", "adaptive_average_pool2d")
def adaptive_average_pool(layer: Layer, x: str) -> str:
    sizes, wanted = layer.input_shape[1:], layer["output_size"]
    if set(wanted) == {1}:
        return layer.add("GlobalAveragePool", x)
    if window := _even(sizes, wanted):
        return layer.add("AveragePool", x, kernel_shape=window, strides=window)
    columns = layer.constant("columns", _means(sizes[-1], wanted[-1]).T)
    x = layer.add("MatMul", x, columns)  # (..., H, W) @ (W, m)
    if len(sizes) == 1:
        return x
    return layer.add("MatMul", layer.constant("rows", _means(sizes[0], wanted[0])), x)  # (m, H) @ (..., H, m)


@defines("adaptive_max_pool1d", "adaptive_max_pool2d")
def adaptive_max_pool(layer: Layer, x: str) -> str:
    sizes, wanted = layer.input_shape[1:], layer["output_size"]
    if set(wanted) == {1}:
        return layer.add("GlobalMaxPool", x)
    if window := _even(sizes, wanted):
        return layer.add("MaxPool", x, kernel_shape=window, strides=window)
    for axis, (n, m) in enumerate(zip(sizes, wanted, strict=True), start=2):
        windows = _adaptive_windows(n, m)
        longest = max(end - start for start, end in windows)
        # a shorter window takes its last position again
        taps = [[min(start + tap, end - 1) for tap in range(longest)] for start, end in windows]
        x = layer.add("Gather", x, layer.sizes("windows", taps), axis=axis)  # axis of n becomes (m, longest)
        x = layer.add("ReduceMax", x, axes=[axis + 1], keepdims=0)
    return x


@defines("pad")
def pad(layer: Layer, x: str) -> str:
    mode, sides = layer["mode"], layer["padding"]
    if mode == "zeros":
        return _bordered(layer, x, sides, layer["value"])
    if mode != "circular" and min(map(min, sides)) >= 0:
        mode = {"reflect": "reflect", "replicate": "edge"}[mode]
        return layer.add("Pad", x, layer.sizes("pads", _all_axes(layer, sides)), mode=mode)
    first = len(layer.input_shape) + 1 - len(sides)
    for axis, pair in enumerate(sides, start=first):
        places = _places(layer.input_shape[axis - 1], pair, mode)
        x = layer.add("Gather", x, layer.sizes("places", places), axis=axis)
    return x


def _window(layer: Layer, sides: Sides) -> dict[str, Any]:
    return {"kernel_shape": layer["kernel_size"], "strides": layer["stride"], "pads": _flat(sides)}


def _sides(layer: Layer, dilation: tuple[int, ...] | None = None) -> Sides:
    """The border that the windows see, so that none needs ceil_mode."""
    padding: Sides = list(layer["padding"])
    if not layer["ceil_mode"]:
        return padding
    dilation = dilation or (1,) * len(padding)
    axes = zip(layer.input_shape[1:], layer.shape[1:], layer["kernel_size"], layer["stride"], strict=True)
    ends = [
        (count - 1) * stride + d * (k - 1) + 1 - n
        for (n, count, k, stride), d in zip(axes, dilation, strict=True)
    ]
    return [(before, max(end - before, 0)) for (before, _), end in zip(padding, ends, strict=True)]


def _average(layer: Layer, x: str) -> str:
    """The mean of each window with its border, of which PyTorch does not count what ceil_mode added."""
    mean = layer.add("AveragePool", x, count_include_pad=1, **_window(layer, _sides(layer)))
    counts = np.ones(())
    axes = zip(layer.input_shape[1:], layer.shape[1:], layer["padding"], strict=True)
    for (n, count, (before, after)), k, stride in zip(
        axes, layer["kernel_size"], layer["stride"], strict=True
    ):
        starts = np.arange(count) * stride  # in the border's coordinates
        counts = np.multiply.outer(counts, np.minimum(starts + k, before + n + after) - starts)
    window = math.prod(layer["kernel_size"])
    if (counts == window).all():
        return mean
    return layer.add("Mul", mean, layer.constant("window/counted", (window / counts).astype(np.float32)))


def _even(sizes: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...] | None:
    """The one window of an adaptive pool, where all are of one size side by side."""
    if any(n % m for n, m in zip(sizes, wanted, strict=True)):
        return None
    return tuple(n // m for n, m in zip(sizes, wanted, strict=True))


def _adaptive_windows(size: int, count: int) -> list[tuple[int, int]]:
    """From floor(i·n/m) to ceil((i+1)·n/m).

    >>> _adaptive_windows(5, 3)
    [(0, 2), (1, 4), (3, 5)]
    """
    return [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]


def _means(size: int, count: int) -> np.ndarray:
    """float32 (m, n): row i averages the window i of an adaptive pool."""
    rows = np.zeros((count, size), np.float32)
    for row, (start, end) in zip(rows, _adaptive_windows(size, count), strict=True):
        row[start:end] = 1 / (end - start)
    return rows


def _places(size: int, pair: tuple[int, int], mode: str) -> np.ndarray:
    """Which positions of an axis its padded form repeats; negative sides crop.

    A circular border continues what is left of the axis, the others reach what was cut off, as in PyTorch.

    >>> _places(4, (2, -1), "reflect").tolist(), _places(4, (2, -1), "circular").tolist()
    ([2, 1, 0, 1, 2], [1, 2, 0, 1, 2])
    """
    before, after = pair
    borders = max(before, 0), max(after, 0)
    cut = slice(max(-before, 0), size - max(-after, 0))
    if mode == "circular":
        return np.pad(np.arange(size)[cut], borders, "wrap")
    places = np.pad(np.arange(size), borders, "reflect" if mode == "reflect" else "edge")
    return places[max(-before, 0) : len(places) - max(-after, 0)]


def _bordered(layer: Layer, x: str, sides: Sides, value: float) -> str:
    """A border of one number; of zeros it is -0, which ONNX Runtime does not fuse into a pool that follows.

    A pool's own border is not of zeros: the maximum of it and of negative numbers would be one of these.
    """
    pads = layer.sizes("pads", _all_axes(layer, sides))
    return layer.add("Pad", x, pads, layer.number("border", value or -0.0), mode="constant")


def _all_axes(layer: Layer, sides: Sides) -> list[int]:
    """ONNX's sides of every axis, batch and channels too."""
    return _flat([(0, 0)] * (len(layer.input_shape) + 1 - len(sides)) + list(sides))


def _flat(sides: Sides) -> list[int]:
    """ONNX's order: where each axis begins, then where each ends."""
    return [before for before, _ in sides] + [after for _, after in sides]
