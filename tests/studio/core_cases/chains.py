"""What follows a convolution, and a whole screen as its address writes it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from convscope import ops
from convscope.cli import conv_input, conv_result
from convscope.cli.matrices import typed_matrix
from convscope.cli.options import per_axis
from convscope.errors import UsageError
from convscope.written_pool import Pooling

from .case import BORDERS, Case, case, one_for_all, settings, told, values
from .texts import typed


def chains(chance: np.random.Generator) -> Iterable[Case]:
    stages = [
        "", "relu", "relu | max:2", "batch-norm", "batch-norm:2:0.5:1:4",
        "batch-norm:1 2:0 1:0 0.5:1 4 | relu",
        "relu | flatten | softmax", "max:2 | average:2:1 | l2:1", "global-average | flatten",
        "global-max | flatten | softmax",
        "batch-norm | relu | max:3:1 | flatten", "flatten | relu", "flatten | batch-norm",
        "flatten | batch-norm:2:1:0.5:1",
        "flatten | flatten", "flatten | batch-norm:1 2 3:0:0:1", "batch-norm:1:0:0:-1", "softmax",
        "linear:1 2", "flatten | max:2",
        "relu | max:9", "flatten | linear:1 2",
        # what is none
        "relu:1", "rectify", "relu |", "relu | | softmax", "batch-norm:1", "batch-norm:1:2:3:x", "linear",
        "linear:", "linear:x",
        "linear:1 2:1:2", "linear:1 2; 3", "max:0", "softmax:2", "flatten:1", "batch-norm:1:0:0:1:5",
        "flatten | linear:1 / 2",
    ]  # fmt: skip
    for number, text in enumerate(stages):
        for rank in (1, 2):
            maps = values(chance, [2, *chance.integers(4, 7, rank)])
            name = f"chain {number}, {text!r}"
            yield case(name, {"input": told(maps), "text": text}, lambda m=maps, t=text: followed(m, t))
    for number in range(12):  # a classifier: as many weights in a row as numbers come in
        maps = values(chance, [2, 4, 5])
        weights = chance.integers(-8, 9, (3, 8)) / 4
        rows = "; ".join(" ".join(map(str, row)) for row in weights)
        bias = ["", ":0.5 -1 2", ":1/2 -1 2 | relu", ":1", ":1 2 3:4", ":x"][number % 6]
        text = f"relu | max:2 | flatten | linear:{rows}{bias} | softmax"
        yield case(
            f"classifier {number}", {"input": told(maps), "text": text}, lambda m=maps, t=text: followed(m, t)
        )


def followed(maps: np.ndarray, text: str) -> list[Any]:
    """The outputs of a chain, stage after stage."""
    results = []
    for stage in text.split("|") if text.strip() else []:
        maps = staged(maps, stage.strip())
        results.append(told(maps))
    return results


def staged(maps: np.ndarray, text: str) -> np.ndarray:
    kind, *parts = text.split(":")
    if kind in ("relu", "flatten", "softmax") and parts:
        raise UsageError("no settings")
    if kind == "relu":
        return np.asarray(ops.relu(maps))
    if kind == "flatten":
        return np.asarray(ops.flatten(maps, start=0))
    if kind == "batch-norm":
        if not parts:
            return np.asarray(ops.batch_norm(maps[None])[0])
        numbers = [typed_matrix(part) for part in parts]
        if len(numbers) != 4 or any(one is None for one in numbers):
            raise UsageError("gamma, beta, mean and variance")
        each = [np.resize(one, len(maps)) if len(one) == 1 else one for one in numbers if one is not None]
        weight, bias, mean, variance = each
        return np.asarray(
            ops.batch_norm(maps[None], mean=mean, variance=variance, weight=weight, bias=bias)[0]
        )
    if kind in ("linear", "softmax") and maps.ndim != 1:
        raise UsageError("flatten comes before it")
    if kind == "softmax":
        return np.asarray(ops.softmax(maps))
    if kind == "linear":
        weights = typed(parts[0]) if parts else None
        bias = typed_matrix(parts[1]) if len(parts) == 2 else None
        if (
            weights is None
            or weights.shape[:2] != (1, 1)
            or len(parts) > 2
            or (len(parts) == 2 and bias is None)
        ):
            raise UsageError("rows of weights")
        rows = np.atleast_2d(weights[0, 0])
        if rows.shape[1] != len(maps) or (bias is not None and len(bias) != len(rows)):
            raise UsageError("a weight for each number")
        return rows @ maps + (0 if bias is None else bias)
    pool = Pooling.parse(text)
    if maps.ndim == 1:
        raise UsageError("a pool takes maps")
    size, stride = pool.fitted(maps.shape[1:])
    norm = {"p": pool.p} if pool.kind == "lp" else {}
    return np.asarray(conv_result.POOLS[pool.kind](maps, size, stride=stride, **norm))


def filters(chance: np.random.Generator, count: int) -> Iterable[Case]:
    """One plane over one channel, over each of several, planes summed, and several filters."""
    for number in range(count):
        rank = int(chance.integers(1, 3))
        channels, planes, outs = [(1, 1, 1), (3, 1, 1), (2, 2, 1), (2, 2, 3), (1, 1, 2), (3, 1, 2)][
            number % 6
        ]
        picture = values(chance, [channels, *chance.integers(4, 8, rank)])
        kernel = values(chance, [outs, planes, *chance.integers(1, 4, rank)])
        given = {**settings(chance, rank), "flip": bool(chance.integers(2)), "bias": None}

        def expect(picture=picture, kernel=kernel, given=given) -> Any:  # type: ignore[no-untyped-def]
            ways = {key: one_for_all(given[key]) for key in ("stride", "dilation")}
            ways |= {key: given[key] for key in ("flip", "padding", "border")}
            if kernel.shape[:2] == (1, 1):
                given_input = conv_input.Input("the picture", picture, False)
                return told(conv_result.compute(given_input, kernel[0, 0], None, **ways).output)
            return told(ops.steps(picture, kernel, **ways).output())

        yield case(f"filtered {number}", {"input": told(picture), "kernel": told(kernel), **given}, expect)


def written(chance: np.random.Generator, count: int) -> Iterable[Case]:
    """As an address of the screen and a command write it."""
    choices = {
        "picture": ["1 2 3; 4 5 6; 7 8 9", "1 2 3 4 5", "0 1 0 1; 1 0 1 0; 0 1 0 1; 1 1/2 1/3 0", "5"],
        "kernel": ["1 0; 0 -1", "sobel-x", "1/4 1/2 1/4", "gaussian:1:3", "1 -1", "2"],
        "padding": ["same", "full", "1", "valid", "0,2", "2x1", "-1", "some", "1,2,3", "1.5", "01", ""],
        "stride": ["1", "1", "2", "1,2", "0", "1,1,1", "x", "", "2×1"],
        "dilation": ["1", "1", "1", "2", "2,1", "-1"],
        "border": [*BORDERS, "nearest"],
    }
    anything = math.inf
    for number in range(count):
        # One choice in five is any; else it is one of the first, which mostly go together.
        few = [anything if chance.integers(5) == 0 else 3 for _ in choices]
        given = {
            key: options[int(chance.integers(min(len(options), most)))]
            for (key, options), most in zip(choices.items(), few, strict=True)
        }

        def expect(given: dict[str, str] = given) -> Any:
            read = conv_input.read_input(given["picture"], grey=False, crop=None)
            kernel = conv_input.read_kernel(given["kernel"], read.channels.ndim - 1)[1]
            ways: dict[str, Any] = {key: per_axis(given[key], key) for key in ("stride", "dilation")}
            ways |= {"padding": conv_input.padding_of(given["padding"]), "border": given["border"]}
            return told(conv_result.compute(read, kernel, None, flip=False, **ways).output)

        yield case(f"written {number}, {given}", given, expect)
