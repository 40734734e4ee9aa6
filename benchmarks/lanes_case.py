"""One network of `lanes.py`, in a process of its own: `python lanes_case.py SETTINGS` prints rows as JSON.

`lanes.py` starts it with its thread pools and allocator set (`environment`). Every contestant starts from the
same weights; before anything is timed, first losses (or logits) must agree.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

PICTURES = 4096
TOLERANCE = 1e-4  # of the first loss, and of a logit where logits are not large
SECOND_TOLERANCE = 5e-3  # of the loss after one step of Adam, which divides small gradients by their size


def environment(threads: int) -> dict[str, str]:
    """Variables for a process whose libraries all use `threads` threads and whose `malloc` keeps its memory.

    As it comes, glibc hands each large activation back to the system and faults its pages in again at the
    next step, which halves PyTorch's speed at large batches.
    """
    words = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")  # NPROC is XLA's
    large = str(2**33)
    return {
        **dict.fromkeys(words, str(threads)),
        "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_COMPILE_THREADS": "1",  # no workers that wait beside the timed process
        "MALLOC_MMAP_THRESHOLD_": large,
        "MALLOC_TRIM_THRESHOLD_": large,
        "MALLOC_TOP_PAD_": str(2**26),
        "MALLOC_ARENA_MAX": "1",  # the main arena alone grows past 64 MB
    }


def measure(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row for each batch size."""
    from contestant_process import Remote
    from interleaved import interleaved
    from native_engine import Unavailable
    from work import forward_flops, training_flops

    from convscope import nets

    what, graph = settings["what"], nets.graph(settings["net"])
    nominal = training_flops(graph) if what == "train" else forward_flops(graph)
    peak = peak_of_quiet_moments(settings["threads"])
    rows = []
    for batch_size in settings["batches"]:
        case = {name: settings[name] for name in ("what", "net", "threads")} | {"batch_size": batch_size}
        remotes = {name: Remote({**case, "contestant": name}) for name in settings["contestants"]}
        first: dict[str, np.ndarray] = {}
        skipped: dict[str, str] = {}
        for name, remote in remotes.items():
            try:
                first[name] = remote.first_results()
            except Unavailable as reason:
                skipped[name] = str(reason)
        agree(first, what)
        contestants = {name: remotes[name] for name in first}
        slices = {"repeats": settings["repeats"], "seconds": settings["seconds"]}
        rates = interleaved(contestants, batch_size=batch_size, **slices) if contestants else {}
        for contestant in contestants.values():
            contestant.close()
        rows.append(
            {
                "net": settings["net"],
                "input_shape": list(graph.input_shape),
                "batch_size": batch_size,
                "threads": settings["threads"],
                "nominal_flops": nominal,
                "executed_flops": contestants["lanes"].flops if "lanes" in contestants else None,
                "fma_peak_gflops": peak,
                "rates": {name: rate.to_dict() for name, rate in rates.items()},
                "skipped": skipped,
            }
        )
    return rows


def peak_of_quiet_moments(threads: int) -> float | None:
    """GFLOP/s of multiply-adds; the best of three measurements, for others can only slow one down."""
    from interleaved import wait_for_quiet
    from native_engine import fma_peak

    peaks = []
    for _ in range(3):
        wait_for_quiet(20)
        peaks.append(fma_peak(threads))
    return max((peak for peak in peaks if peak), default=None)


def data(graph: Any) -> tuple[Any, dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """The graph, weights, uint8 images (pictures, H, W, C) and labels: the same in every process.

    Labels are drawn at random, so that gradients stay large however many steps a fast contestant does.
    Running statistics are drawn too: folding those of a fresh network would change nothing.
    """
    from convscope.graph import initial_weights

    generator = np.random.default_rng(0)
    channels, height, width = graph.input_shape
    weights = initial_weights(graph)
    for name, value in weights.items():
        if name.endswith("running_mean"):
            weights[name] = generator.normal(0, 0.1, value.shape).astype(np.float32)
        elif name.endswith("running_var"):
            weights[name] = generator.uniform(0.5, 1.5, value.shape).astype(np.float32)
    images = generator.integers(0, 256, (PICTURES, height, width, channels), np.uint8)
    return graph, weights, images, generator.integers(0, graph.output_shape[0], PICTURES)


def first_results(contestant: Any, what: str) -> np.ndarray:
    """The losses of the first two training steps, or the logits of the first batch; warms up as well."""
    if what in ("forward", "ship"):
        logits = np.array(contestant.run(0))
        contestant.run(1)
        return logits
    losses = [np.ravel(contestant.run(0))]
    if contestant.steps == 1:
        losses.append(np.ravel(contestant.run(1)))
    return np.concatenate(losses)[:2]


def agree(first: Mapping[str, np.ndarray], what: str) -> None:
    """Raises `AssertionError` where a contestant does not compute what the first one does."""
    if not first:
        return
    reference, expected = next(iter(first.items()))
    tolerance = np.array((TOLERANCE, SECOND_TOLERANCE)) if what == "train" else TOLERANCE
    for name, found in first.items():
        error = np.abs(found - expected) / np.maximum(1, np.abs(expected))
        assert (error <= tolerance).all(), f"{name} gives {found}, {reference} gives {expected}"


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        result = measure(json.loads(sys.argv[1]))
    print(json.dumps(result))
