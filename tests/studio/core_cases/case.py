"""One case, and what stands in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from convscope import ops
from convscope.errors import ConvscopeError, ConvscopeWarning
from convscope.exercise.size_sum import SizeSum
from convscope.ops.looking import Walk
from convscope.ops.pool_steps import PoolStep

Case = dict[str, Any]
BORDERS = ("zeros", "reflect", "replicate", "circular")


def case(name: str, given: Any, expect: Callable[[], Any]) -> Case:
    """With what `expect` gives, or that it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvscopeWarning)  # of even kernels
        try:
            expected = expect()
        except ConvscopeError as error:
            expected = {"error": str(error)}
    return {"name": name, "given": given, "expected": expected}


def told(array: Any) -> dict[str, Any]:
    """Shape and numbers."""
    values = np.asarray(array, dtype=np.float64)
    return {"shape": list(values.shape), "data": values.ravel().tolist()}


def values(chance: np.random.Generator, shape: Iterable[int]) -> np.ndarray:
    """Whole numbers, quarters, or any; sums of the first two are exact, so that ties round alike."""
    shape = tuple(shape)
    kind = chance.integers(3)
    if kind == 0:
        return chance.integers(-9, 10, shape)
    return chance.integers(-40, 41, shape) / 4 if kind == 1 else chance.normal(size=shape) * 3


def one_for_all(given: list[int] | None) -> Any:
    """As ops takes it: one number stands alone."""
    return given[0] if given is not None and len(given) == 1 else given


def settings(chance: np.random.Generator, rank: int, *, pool: bool = False) -> dict[str, Any]:
    padding: Any = chance.choice(["valid", "same", "full", "number", "each"])
    if padding == "number":
        padding = int(chance.integers(0, 4))
    elif padding == "each":
        padding = chance.integers(0, 3, rank).tolist()
    return {
        "padding": padding if isinstance(padding, int | list) else str(padding),
        "stride": chance.integers(1, 4, chance.choice([1, rank])).tolist(),
        "dilation": chance.integers(1, 3, chance.choice([1, rank])).tolist(),
        "border": str(chance.choice(BORDERS)),
    }


def walked(walk: Walk[Any], chance: np.random.Generator, sizes: Any, kernel_size: Any) -> dict[str, Any]:
    """All of a walk that the page shows, and some of its steps."""
    chosen = {0, len(walk) - 1, *chance.integers(0, len(walk), 3).tolist()}
    axes = [
        {"kernel_size": int(k), "stride": s, "dilation": d, "padding": p}
        for k, s, d, p in zip(kernel_size, walk.stride, walk.dilation, walk.pads, strict=True)
    ]
    return {
        "shape": list(walk.shape),
        "pads": [list(pair) for pair in walk.pads],
        "output": told(walk.output()),
        "unreached": [ops.unreached(n, **axis) for n, axis in zip(sizes, axes, strict=True)],
        "sizes": [str(SizeSum("axis", n, **axis)) for n, axis in zip(sizes, axes, strict=True)],
        "steps": [stepped(walk[index]) for index in sorted(chosen)],
    }


def stepped(step: Any) -> dict[str, Any]:
    common = {
        "position": list(step.position),
        "start": list(step.start),
        "window": told(step.window),
        "inside": step.inside.ravel().tolist(),
        "result": float(step.result),
        "equation": step.equation(),
    }
    if isinstance(step, PoolStep):
        winner = None if step.winner is None else list(step.winner)
        kind = {"pool": step.kind, "p": step.p}
        return {**common, **kind, "counted": step.counted.ravel().tolist(), "winner": winner}
    return {
        **common,
        "coordinates": [axis.tolist() for axis in step.coordinates],
        "kernel": told(step.kernel),
        "products": told(step.products),
        "running": told(step.running),
        "channelSums": step.channel_sums.tolist(),
        "bias": None if step.bias is None else float(step.bias),
    }


def of_channels(walks: list[Walk[Any]], chance: np.random.Generator, picture: Any, kernel_size: Any) -> Any:
    """The walks over single channels as one: a channel stands before every position."""
    each = [walked(walk, chance, picture.shape[1:], kernel_size) for walk in walks]
    steps = []
    for channel, one in enumerate(each):
        for step in one["steps"]:
            winner = step.get("winner")
            found = {} if winner is None else {"winner": [channel, *winner]}
            steps.append({**step, "position": [channel, *step["position"]], **found})
    output = told(np.stack([walk.output() for walk in walks]))
    return {**each[0], "shape": output["shape"], "output": output, "steps": steps}
