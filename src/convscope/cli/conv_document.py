"""What `convscope conv --json` prints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..ops.looking import Walk
from ..ops.pool_steps import PoolStep
from ..ops.steps import Step
from ..written_pool import Pooling
from .conv_input import Input
from .conv_result import Result

MOST_NUMBERS = 4096  # of the output
MOST_STEPS = 64


def document(
    given: Input,
    kernel: tuple[str, np.ndarray] | None,
    pool: Pooling | None,
    result: Result,
    steps: Iterable[Step | PoolStep] | None,
) -> dict[str, Any]:
    """Input, kernel, pool and output as numbers; the steps where there are any."""
    numbers = result.numbers()
    told: dict[str, Any] = {
        "input": {"name": given.name, "shape": list(given.channels.shape), "kind": given.kind},
        "kernel": None,
        "pool": None,
    }
    if kernel is not None and result.convolution is not None:
        told["kernel"] = {
            "name": kernel[0],
            "numbers": kernel[1].tolist(),
            "sum": float(kernel[1].sum()),
            "flipped": result.convolution.flipped,
            "operation": result.convolution.name,
            **_sliding(result.convolution),
        }
    if pool is not None and result.pooling is not None:
        size = list(result.pooling.kernel_size)
        told["pool"] = {"kind": pool.kind, "size": size, "p": pool.p, **_sliding(result.pooling)}
        if pool.kind != "lp":
            del told["pool"]["p"]
    least, most, mean = result.figures()
    told["output"] = {
        "shape": list(result.output.shape),
        "least": least.item(),
        "most": most.item(),
        "mean": mean,
        "numbers": numbers.tolist() if numbers.size <= MOST_NUMBERS else None,
    }
    if steps is not None:
        told["steps"] = [_step(step) for step in steps]
    return told


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
