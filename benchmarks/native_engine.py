"""The native engine as the benchmarks use it: the only file here that knows its API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from contestants import Case

LR = 1e-3  # of every contestant


class Unavailable(Exception):
    """A contestant cannot run here; the message says why."""


class Training:
    """A case in a `lanes.Trainer` with Adam."""

    def __init__(self, case: Case) -> None:
        self.trainer = _made(
            lambda lanes: lanes.Trainer(case.graph, weights=case.weights, lr=LR, threads=case.threads)
        )

    def steps(self, images: np.ndarray, labels: np.ndarray, batches: list[np.ndarray]) -> np.ndarray:
        """One step per batch of positions into uint8 images (N, H, W, C); their losses."""
        return self.trainer.steps(images, labels, batches)

    def step(self, pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """One step on a float32 batch (N, C, H, W); its loss."""
        return np.asarray(self.trainer.step(pictures, labels))

    def flops(self) -> float | None:
        return _flops(self.trainer)


class Forward:
    """A case under `lanes.compile`."""

    def __init__(self, case: Case) -> None:
        self.compiled = _made(
            lambda lanes: lanes.compile(case.graph, weights=case.weights, threads=case.threads)
        )

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (N, C, H, W) → (N, classes)."""
        return self.compiled(pictures)

    def flops(self) -> float | None:
        return _flops(self.compiled)


def _made(make: Callable[[Any], Any]) -> Any:
    if reason := missing():
        raise Unavailable(reason)
    from convscope import lanes
    from convscope.errors import ConvscopeError

    try:
        return make(lanes)
    except ConvscopeError as error:  # an operation that the plan does not take
        raise Unavailable(str(error)) from error


def _flops(engine: Any) -> float | None:
    """Operations per picture that it executes, transforms not counted; None where it does not say."""
    executed = getattr(engine, "executed_flops", None)
    return float(executed()) if executed else None


def missing() -> str | None:
    """Why the engine is not there, or None where it is."""
    try:
        from convscope import native
    except ImportError as error:
        return f"convscope.lanes cannot be imported: {error}"
    return native.reason()


def fma_peak(threads: int) -> float | None:
    """Measured GFLOP/s of multiply-adds in registers on `threads` threads, with the engine's instructions."""
    if missing():
        return None
    from convscope import native

    return native.peak(threads)


def instruction_set() -> str | None:
    """The instructions that the engine uses on this processor."""
    if missing():
        return None
    from convscope import native

    return native.instruction_set()
