"""What `convscope conv --json` prints."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..chain import Passage
from ..ops.looking import Walk
from ..ops.pool_steps import PoolStep
from ..ops.steps import Step
from ..written_pool import Pooling
from .conv_input import Input, Kernel
from .conv_result import Result, figures

MOST_NUMBERS = 4096  # of the output
MOST_STEPS = 64


def document(
    given: Input,
    kernel: Kernel | None,
    pool: Pooling | None,
    result: Result,
    *,
    steps: bool,
    place: tuple[int, ...] | None,
) -> dict[str, Any]:
    """Input, kernel, pool, output and chain as numbers; the step at `place`, or the first `steps`."""
    told: dict[str, Any] = {
        "input": {"name": given.name, "shape": list(given.channels.shape), "kind": given.kind},
        "kernel": None,
        "pool": None,
    }
    if kernel is not None and result.convolution is not None:
        told["kernel"] = {
            "name": kernel.name,
            "numbers": kernel.numbers.tolist(),
            "sum": float(kernel.numbers.sum()),
            "bias": None if kernel.bias is None else kernel.bias.tolist(),
            "flipped": result.convolution.flipped,
            "operation": result.convolution.name,
            **_sliding(result.convolution),
        }
    if pool is not None and result.pooling is not None:
        size = list(result.pooling.kernel_size)
        told["pool"] = {"kind": pool.kind, "size": size, "p": pool.p, **_sliding(result.pooling)}
        if pool.kind != "lp":
            del told["pool"]["p"]
    told["output"] = _numbers(result, result.output)
    if result.stages:
        befores = [result.output, *result.results]
        told["then"] = [
            {
                "stage": stage.written,
                "name": stage.name,
                "settings": stage.settings(before),
                **_numbers(result, after),
            }
            for stage, before, after in zip(result.stages, befores, result.results, strict=False)
        ]
    if place is not None:
        walk, position, _ = result.found(place)
        told["steps"] = [_step(walk.at(*position))]
        if result.stages:
            told["way"] = [_passage(passage) for passage in result.way(place)]
    elif steps:
        told["steps"] = [_step(step) for step in result.walks[0][:MOST_STEPS]]
    return told


def _numbers(result: Result, values: np.ndarray) -> dict[str, Any]:
    """The shape, the figures, and all numbers where they are few."""
    least, most, mean = figures(values)
    return {
        "shape": list(values.shape),
        "least": least.item(),
        "most": most.item(),
        "mean": mean,
        "numbers": result.numbers(values).tolist() if values.size <= MOST_NUMBERS else None,
    }


def _passage(passage: Passage) -> dict[str, Any]:
    numbers = [
        {"position": list(number.position), "equation": number.equation, "result": number.result}
        for number in passage.numbers
    ]
    return {"stage": passage.stage.written, "numbers": numbers, "more": passage.more}


def _sliding(walk: Walk[Any]) -> dict[str, Any]:
    return {
        "stride": list(walk.stride),
        "padding": [list(pair) for pair in walk.pads],
        "dilation": list(walk.dilation),
        "border": walk.border,
    }


def _step(step: Step | PoolStep) -> dict[str, Any]:
    told: dict[str, Any] = {
        "position": list(step.position),
        "start": list(step.start),
        "window": step.window.tolist(),
        "inside": step.inside.tolist(),
    }
    if isinstance(step, Step):
        told |= {"kernel": step.kernel.tolist(), "products": step.products.tolist()}
    else:
        told["winner"] = None if step.winner is None else list(step.winner)
    return {**told, "result": step.result.item(), "equation": step.equation()}
