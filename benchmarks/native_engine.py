"""The native engine as the benchmarks use it: the only file here that knows its API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from contestants import Case

LR = 1e-3  # of every contestant


class Unavailable(Exception):
    """A contestant cannot run here; the message says why."""


class Lanes:
    """A network of one case in the engine, with Adam where it trains."""

    def __init__(self, case: Case, *, training: bool) -> None:
        if reason := missing():
            raise Unavailable(reason)
        from convscope.errors import ConvscopeError
        from convscope.lanes.network import Network, OptimizerSettings

        settings = OptimizerSettings(optimizer="adam")
        try:
            self.network = Network(
                case.graph, case.weights, training=training, threads=case.threads, settings=settings
            )
        except ConvscopeError as error:  # an operation that the plan does not take
            raise Unavailable(str(error)) from error
        self.factor = np.full(case.images.shape[-1], 1 / 255, np.float32)

    def train_from_bytes(
        self, images: np.ndarray, labels: np.ndarray, batches: list[np.ndarray]
    ) -> np.ndarray:
        """One step per batch of positions into uint8 images (N, H, W, C); their losses."""
        from convscope.lanes.network import Pixels

        return self.network.train(Pixels(images, self.factor), labels, batches, [LR] * len(batches))[0]

    def train(self, pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """One step on a float32 batch (N, C, H, W); its loss."""
        return self.network.train(pictures, labels, [np.arange(len(pictures))], [LR])[0]

    def logits(self, pictures: np.ndarray) -> np.ndarray:
        """float32 (N, C, H, W) → (N, classes)."""
        return self.network.outputs(pictures)

    def flops(self) -> float | None:
        """Operations per picture that it executes, transforms not counted; None where it does not say."""
        executed: Any = getattr(self.network, "executed_flops", None)
        return float(executed()) if executed else None


def missing() -> str | None:
    """Why the engine is not there, or None where it is."""
    try:
        from convscope.lanes import native
    except ImportError as error:
        return f"convscope.lanes cannot be imported: {error}"
    return native.reason()


def fma_peak(threads: int) -> float | None:
    """Measured GFLOP/s of multiply-adds in registers on `threads` threads, with the engine's instructions."""
    if missing():
        return None
    from convscope.lanes import native

    return native.peak(threads)


def instruction_set() -> str | None:
    """The instructions that the engine uses on this processor."""
    if missing():
        return None
    from convscope.lanes import native

    return native.instruction_set()
