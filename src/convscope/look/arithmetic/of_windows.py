"""The arithmetic of convolutions, pools, borders and linear layers."""

from __future__ import annotations

import math

import numpy as np

from ...graph.graph import Node
from ...graph.pixels_seen import border_source
from ...ops.looking import look
from .terms import Arithmetic, Index, Numbers, Step, Window, accounts_for, part, same, weighted


@accounts_for("conv1d", "conv2d")
def _convolution(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,), weight = numbers.inputs(node), numbers.parameter(node, "weight")
    assert weight is not None
    out, *place = index
    channels = weight.shape[1]  # of one group
    first = out // (len(weight) // node.attributes["groups"]) * channels
    seen = x[first : first + channels]
    start, positions = _under(node, place)
    values, inside = look(seen, start, node.attributes["kernel_size"], node.attributes["dilation"], "zeros")
    coordinates = (np.arange(first, first + channels), *positions)
    window = part(node.inputs[0], values, coordinates, inside=inside, weights=weight[out])
    return weighted((node.name,), (window,), numbers.at(node, "bias", out))


@accounts_for("linear")
def _linear(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,), weight = numbers.inputs(node), numbers.parameter(node, "weight")
    assert weight is not None
    *others, out = index
    row = x[tuple(others)].reshape((1,) * len(others) + (-1,))
    coordinates = [*(np.array([at]) for at in others), np.arange(row.size)]
    window = part(node.inputs[0], row, coordinates, weights=weight[out].reshape(row.shape))
    return weighted((node.name,), (window,), numbers.at(node, "bias", out))


@accounts_for("max_pool1d", "max_pool2d")
def _max_pool(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    return _largest(node, _pooled(numbers, node, index))


@accounts_for("adaptive_max_pool1d", "adaptive_max_pool2d")
def _adaptive_max_pool(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    return _largest(node, _adaptive(numbers, node, index))


def _largest(node: Node, window: Window) -> Arithmetic:
    """The first of equals on the input; a NaN wins."""
    candidates = np.where(window.inside, window.values, -np.inf)
    winner = int(np.argmax(candidates))
    if not window.inside.ravel()[winner]:
        winner = int(np.argmax(window.inside))
    value = float(window.values.ravel()[winner])
    adds = np.zeros(window.values.size)
    adds[winner] = value
    kept = part(
        window.layer,
        window.values,
        window.coordinates,
        inside=window.inside,
        contributions=adds.reshape(window.values.shape),
    )
    step = Step(f"the largest of {int(window.inside.sum()):,}", None, value)
    return Arithmetic((node.name,), (kept,), (step,), follow=(0, winner))


@accounts_for("average_pool1d", "average_pool2d")
def _average_pool(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    window, attributes = _pooled(numbers, node, index), node.attributes
    if attributes["count_include_pad"]:
        count = _counted(node, window, numbers.inputs(node)[0].shape)
    else:
        count = int(window.inside.sum())
    return _mean(node, window, count)


@accounts_for("adaptive_average_pool1d", "adaptive_average_pool2d")
def _adaptive_average_pool(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    window = _adaptive(numbers, node, index)
    return _mean(node, window, window.values.size)


@accounts_for("mean")
def _mean_of_axes(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,) = numbers.inputs(node)
    averaged = {dim - 1 for dim in node.attributes["dim"]}
    at = list(index)
    if not node.attributes["keepdim"]:
        for axis in sorted(averaged):
            at.insert(axis, 0)
    coordinates = [np.arange(n) if i in averaged else np.array([at[i]]) for i, n in enumerate(x.shape)]
    values = x[np.ix_(*coordinates)]
    return _mean(node, part(node.inputs[0], values, coordinates), values.size)


def _mean(node: Node, window: Window, count: int) -> Arithmetic:
    total = float(window.values.sum())
    steps = (
        Step(f"sum of {count:,} numbers", None, total),
        Step("divided by", float(count), total / count),
    )
    shares = window.values / count
    kept = part(window.layer, window.values, window.coordinates, inside=window.inside, contributions=shares)
    return Arithmetic((node.name,), (kept,), steps)


@accounts_for("lp_pool1d", "lp_pool2d")
def _lp_pool(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    """PyTorch's: without the magnitude, and a window over the edge scaled up."""
    window, p = _pooled(numbers, node, index), float(node.attributes["p"])
    powers = np.where(window.inside, window.values**p, 0.0)
    total = float(powers.sum())
    count = _counted(node, window, numbers.inputs(node)[0].shape)
    steps = [Step(f"sum of {count:,} powers of {p:g}", None, total)]
    size = math.prod(node.attributes["kernel_size"])
    if count != size:
        total *= size / count
        steps.append(Step("scaled up to a whole window, times", size / count, total))
    steps.append(Step("root of degree", p, float(np.float64(total) ** (1 / p))))
    kept = part(window.layer, window.values, window.coordinates, inside=window.inside, contributions=powers)
    return Arithmetic((node.name,), (kept,), tuple(steps))


@accounts_for("pad")
def _pad(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,) = numbers.inputs(node)
    rank = len(node.attributes["padding"])
    kept, padded = index[: len(index) - rank], index[len(index) - rank :]
    sizes = x.shape[x.ndim - rank :]
    source = [int(border_source(node.attributes, sizes, i, np.array(at))) for i, at in enumerate(padded)]
    if min(source) < 0:
        value = float(node.attributes["value"])
        return Arithmetic((node.name,), (), (Step("in the padding, which is", value, value),))
    shifts = [before for before, _ in node.attributes["padding"]]
    moved = [at - before for at, before in zip(padded, shifts, strict=True)]
    what = (
        "the same number" if moved == source else f"the border repeats its input ({node.attributes['mode']})"
    )
    return same(numbers, node, node.inputs[0], (*kept, *source), what)


# -- windows


def _under(node: Node, place: list[int]) -> tuple[list[int], list[np.ndarray]]:
    """Where the window of an output position begins on the input, and the positions under it, per axis."""
    start, positions = [], []
    for at, window in zip(place, node.rule.windows(node.attributes), strict=True):  # type: ignore[attr-defined]
        first = at * window.stride - window.before
        start.append(first)
        positions.append(first + window.dilation * np.arange(window.kernel_size))
    return start, positions


def _pooled(numbers: Numbers, node: Node, index: Index) -> Window:
    (x,) = numbers.inputs(node)
    channel, *place = index
    start, positions = _under(node, place)
    dilation = node.attributes.get("dilation", (1,) * len(place))
    values, inside = look(x[channel : channel + 1], start, node.attributes["kernel_size"], dilation, "zeros")
    return part(node.inputs[0], values, ([channel], *positions), inside=inside)


def _adaptive(numbers: Numbers, node: Node, index: Index) -> Window:
    """Result i is of floor(i·n/m) to ceil((i+1)·n/m)."""
    (x,) = numbers.inputs(node)
    channel, *place = index
    coordinates = [np.array([channel])]
    for at, wanted, length in zip(place, node.attributes["output_size"], x.shape[1:], strict=True):
        coordinates.append(np.arange(at * length // wanted, -(-(at + 1) * length // wanted)))
    return part(node.inputs[0], x[np.ix_(*coordinates)], coordinates)


def _counted(node: Node, window: Window, shape: tuple[int, ...]) -> int:
    """How many numbers of a window lie on the input or its padding: not what ceil_mode looks at beyond."""
    count = 1
    axes = zip(window.coordinates[1:], shape[1:], node.attributes["padding"], strict=True)
    for positions, size, (before, after) in axes:
        count *= int(((positions >= -before) & (positions < size + after)).sum())
    return count
