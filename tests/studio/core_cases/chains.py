"""What follows a convolution, and a whole screen as its address writes it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from convscope.chain import apply, written_chain
from convscope.cli import conv_input, conv_result
from convscope.cli.options import per_axis

from .case import BORDERS, Case, case, one_for_all, settings, told, values


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
    """What each stage makes, and how its first and last numbers come about."""
    stages = written_chain(text) if text else []
    results = apply(stages, maps)
    told_of = []
    for stage, given, result in zip(stages, [maps, *results], results, strict=False):
        corners = [(0,) * result.ndim, tuple(n - 1 for n in result.shape)]
        texts = {",".join(map(str, place)): stage.equation(given, result, place) for place in corners}
        # The page writes out sums that the command only counts.
        counted = re.compile(r"Σ|(sum|maximum|mean|norm) of \d+ (products|numbers)")
        equations = {place: None if counted.search(text) else text for place, text in texts.items()}
        told_of.append({"output": told(result), "equations": equations})
    return told_of


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
            layer = kernel.shape[:2] != (1, 1)
            slid = conv_input.Kernel("the kernel", kernel if layer else kernel[0, 0], layer)
            return told(
                conv_result.compute(conv_input.Input("it", picture, False), slid, None, **ways).output
            )

        yield case(f"filtered {number}", {"input": told(picture), "kernel": told(kernel), **given}, expect)


def written(chance: np.random.Generator, count: int) -> Iterable[Case]:
    """As an address of the screen and a command write it."""
    choices = {
        "picture": [
            "1 2 3; 4 5 6; 7 8 9", "1 2 3 4 5", "0 1; 1 0; 1 1/2 / 1 2; 3 4; 5 6", "1 2 3 / -4 5 -6", "5",
            "0 1 0 1; 1 0 1 0; 0 1 0 1; 1 1/2 1/3 0", "1 2 // 3 4",
        ],
        "kernel": [
            "1 0 -1", "1/4 1/2 1/4", "1 -1 / 2 1/2", "1 0; 0 -1", "sobel-x", "gaussian:1:3", "2",
            "1 -1 // 0 2", "1 / 2 // 3 / 4 // 0 / -1",
        ],
        "bias": ["", "", "0.5", "1 2", "1/2 -1 0", "x"],
        "padding": ["same", "full", "1", "valid", "0,2", "2x1", "-1", "some", "1,2,3", "1.5", "01", ""],
        "stride": ["1", "1", "2", "1,2", "0", "1,1,1", "x", "", "2×1"],
        "dilation": ["1", "1", "1", "2", "2,1", "-1"],
        "border": [*BORDERS, "nearest"],
        "then": [
            "", "relu", "relu | max:2:1", "flatten | softmax", "batch-norm | global-average", "softmax",
            "| relu",
        ],
    }  # fmt: skip
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
            kernel = conv_input.read_kernel(given["kernel"], read.channels.ndim - 1)
            kernel = kernel.with_bias(given["bias"]) if given["bias"] else kernel
            ways: dict[str, Any] = {key: per_axis(given[key], key) for key in ("stride", "dilation")}
            ways |= {"padding": conv_input.padding_of(given["padding"]), "border": given["border"]}
            stages = written_chain(given["then"]) if given["then"] else []
            return told(conv_result.compute(read, kernel, None, stages, flip=False, **ways).end)

        yield case(f"written {number}, {given}", given, expect)
