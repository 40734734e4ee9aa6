"""The arithmetic of activations, norms, sums, products, softmax, and of what only moves numbers."""

from __future__ import annotations

import math

import numpy as np

from ...graph.graph import Node
from ..inside.activations import ACTIVATIONS
from .terms import (
    Arithmetic,
    Folding,
    Index,
    Numbers,
    Step,
    accounts_for,
    arithmetic,
    one,
    part,
    same,
    scaled,
    weighted,
)

FOLDED = ("conv1d", "conv2d", "linear", "batch_norm")  # weighted sums, which take a batch norm along
SUMS = (*FOLDED, "add")  # shown with the activation that follows


@accounts_for(*(name for name in ACTIVATIONS if name != "affine"))
def _activation(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    below = numbers.below(node)
    if below.operation in SUMS and not numbers.apart:
        account = arithmetic(numbers, below, index)
        layers = (*account.layers, node.name)
    else:
        account = same(numbers, node, below.name, index)
        layers = (node.name,)
    value = float(ACTIVATIONS[node.operation](np.float64(account.result), **node.attributes))
    step = Step(node.operation.replace("_", " "), None, value)
    return Arithmetic(
        layers, account.windows, (*account.steps, step), account.bias, account.follow, account.folds
    )


@accounts_for("affine")
def _affine(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    window = one(numbers, node.inputs[0], index, weight=node.attributes["factor"])
    return weighted((node.name,), (window,), float(node.attributes["offset"]))


@accounts_for("batch_norm")
def _batch_norm(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    channel, below = index[0], numbers.below(node)
    weight, shift = numbers.at(node, "weight", channel), numbers.at(node, "bias", channel)
    mean, variance = numbers.at(node, "running_mean", channel), numbers.at(node, "running_var", channel)
    assert mean is not None
    assert variance is not None
    eps = float(node.attributes["eps"])
    scale = (1.0 if weight is None else weight) / math.sqrt(variance + eps)
    alone = numbers.apart or below.operation not in FOLDED
    window = one(numbers, below.name, index, weight=1.0)
    account = weighted((), (window,), None) if alone else arithmetic(numbers, below, index)
    folding = Folding(
        norm=node.name,
        into=node.name if alone else account.layers[-1],
        bias=account.bias or 0.0,
        weight=1.0 if weight is None else weight,
        shift=shift or 0.0,
        mean=mean,
        variance=variance,
        eps=eps,
        scale=scale,
    )
    return scaled(account, folding)


@accounts_for("group_norm")
def _group_norm(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,) = numbers.inputs(node)
    size = len(x) // node.attributes["num_groups"]
    first = index[0] // size * size
    coordinates = [np.arange(first, first + size), *map(np.arange, x.shape[1:])]
    return _standardised(numbers, node, index, coordinates, index[0])


@accounts_for("layer_norm")
def _layer_norm(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,) = numbers.inputs(node)
    rank = len(node.attributes["normalized_shape"])
    kept = x.ndim - rank
    coordinates = [
        np.arange(n) if axis >= kept else np.array([index[axis]]) for axis, n in enumerate(x.shape)
    ]
    return _standardised(numbers, node, index, coordinates, index[kept:])


def _standardised(
    numbers: Numbers, node: Node, index: Index, coordinates: list[np.ndarray], of: int | tuple[int, ...]
) -> Arithmetic:
    """(x - mean) / √(variance + eps), of the numbers of one picture; `of` is the place of its weight."""
    values = numbers.inputs(node)[0][np.ix_(*coordinates)].astype(np.float64)
    own = tuple(int(np.searchsorted(c, at)) for c, at in zip(coordinates, index, strict=True))
    mean, variance, eps = float(values.mean()), float(values.var()), float(node.attributes["eps"])
    result = (float(values[own]) - mean) / math.sqrt(variance + eps)
    steps = [
        Step(f"mean of {values.size:,} numbers", None, mean),
        Step("their variance", None, variance),
        Step("minus the mean, divided by √(variance + eps), eps", eps, result),
    ]
    for role, what in (("weight", "times the weight"), ("bias", "bias")):
        number = numbers.at(node, role, of)
        if number is not None:
            result = result * number if role == "weight" else result + number
            steps.append(Step(what, number, result))
    window = part(node.inputs[0], values, coordinates, contributions=values / values.size)
    follow = int(np.ravel_multi_index(own, values.shape))
    return Arithmetic((node.name,), (window,), tuple(steps), follow=(0, follow))


@accounts_for("softmax", "log_softmax")
def _softmax(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    (x,) = numbers.inputs(node)
    axis = node.attributes["dim"] - 1
    coordinates = [np.arange(n) if i == axis else np.array([index[i]]) for i, n in enumerate(x.shape)]
    values = x[np.ix_(*coordinates)].astype(np.float64)
    largest = float(values.max())
    powers = np.exp(values - largest)
    total = float(powers.sum())
    window = part(node.inputs[0], values, coordinates, contributions=powers)
    own = index[axis]
    power, logit = float(powers.ravel()[own]), float(values.ravel()[own])
    steps = [
        Step("the largest, which is subtracted from each", None, largest),
        Step(f"sum of {values.size:,} exponentials", None, total),
    ]
    if node.operation == "softmax":
        steps += [
            Step("the exponential of this one", None, power),
            Step("divided by the sum", total, power / total),
        ]
    else:
        steps += [
            Step("logarithm of the sum", None, math.log(total)),
            Step("this one minus the largest, minus the logarithm", None, logit - largest - math.log(total)),
        ]
    return Arithmetic((node.name,), (window,), tuple(steps), follow=(0, own))


@accounts_for("add")
def _add(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    windows = tuple(one(numbers, name, _stretched(numbers, name, index)) for name in node.inputs)
    total = float(sum(window.contributions.sum() for window in windows))
    return Arithmetic((node.name,), windows, (Step(f"sum of {len(windows)} branches", None, total),))


@accounts_for("multiply")
def _multiply(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    windows = tuple(one(numbers, name, _stretched(numbers, name, index)) for name in node.inputs)
    product = math.prod(float(window.values.sum()) for window in windows)
    whole = [_stretched(numbers, name, index) == index for name in node.inputs]
    follow = whole.index(True) if any(whole) else 0
    return Arithmetic(
        (node.name,),
        windows,
        (Step(f"product of {len(windows)} branches", None, product),),
        follow=(follow, 0),
    )


def _stretched(numbers: Numbers, name: str, index: Index) -> Index:
    """The place in an input whose axes of 1 are stretched."""
    shape = numbers.outputs[name].shape
    return tuple(0 if size == 1 else at for at, size in zip(index, shape, strict=True))


@accounts_for("concat")
def _concat(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    axis = node.attributes["dim"] - 1
    at = index[axis]
    for number, name in enumerate(node.inputs, start=1):
        size = numbers.outputs[name].shape[axis]
        if at < size:
            source = (*index[:axis], at, *index[axis + 1 :])
            what = f"the same number, of branch {number} of {len(node.inputs)} ({name})"
            return same(numbers, node, name, source, what)
        at -= size
    raise AssertionError(f"{index} lies behind all branches of {node.name}")


@accounts_for("flatten", "reshape")
def _reshape(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    number = np.ravel_multi_index(index, node.shape)
    source = tuple(int(i) for i in np.unravel_index(number, numbers.inputs(node)[0].shape))
    return same(numbers, node, node.inputs[0], source)


@accounts_for("dropout", "dropout2d")
def _dropout(numbers: Numbers, node: Node, index: Index) -> Arithmetic:
    return same(numbers, node, node.inputs[0], index, "the same number: only training drops any")
