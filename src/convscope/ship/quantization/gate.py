"""The int8 form of an exported ONNX model, let through only where it is about as good as its bundle.

The contract with the export: `int8_of(bundle, entrance, model, dataset, max_drop=...)` takes the float32
file that has been proven, and the bundle's data (`training.evaluation.dataset_of`), and gives a `Quantized`:
the bytes to write in its place, `to_dict()` and `sentences` to print. It writes nothing. `GateFailed` where
it is worse by more than `max_drop` points or batches disagree, `DataError` for data that cannot say,
`UnsupportedOperation` for a network without a layer that int8 makes smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...bundle import Bundle
from ...columns import in_bytes
from ...data import Dataset, Split
from ...errors import DataError, GateFailed, UsageError
from ..entrance import Entrance
from .cost import Cost
from .static import quantize

MAX_DROP = 0.5  # points
CALIBRATED, MEASURED, COMPARED = 512, 10_000, 256  # inputs at most: ranges from, accuracy of, batches with
SEED = 0  # of which are chosen
BATCHES = (1, 7, 64)
TOLERANCE = 1e-2  # of a probability, between batches


@dataclass(frozen=True)
class Quantized:
    """An int8 model, its size before and after, and what it cost."""

    model: bytes
    size_before: int  # bytes
    calibrated: int  # training inputs
    cost: Cost
    batches: tuple[int, ...]
    batch_difference: float  # the largest, of a probability in one batch and in another
    max_drop: float
    noun: str = "picture"

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON, without the model."""
        return {
            **self.cost.to_dict(),
            "max_drop": self.max_drop,
            "calibrated": self.calibrated,
            "batches": list(self.batches),
            "batch_difference": self.batch_difference,
            "size_before": self.size_before,
            "size_after": len(self.model),
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person should know of it."""
        cost = self.cost
        sizes = f"{in_bytes(self.size_before)} before, {in_bytes(len(self.model))} after"
        return (
            f"{_accuracies(cost, self.noun)}.",
            f"{_flips(cost)}; the same class for {cost.agreeing:,}.",
            f"Probabilities differ by {cost.mean_difference:.1g} on average, {cost.largest_difference:.1g} "
            "at most: int8 rounds, so the bound of 1e-4 is that of the float32 file.",
            f"{sizes}; calibrated on {self.calibrated:,} training {self.noun}s.",
        )


def int8_of(
    bundle: Bundle, entrance: Entrance, model: bytes, dataset: Dataset, *, max_drop: float = MAX_DROP
) -> Quantized:
    """Quantise a bundle's ONNX file and measure both.

    Calibrated on 512 training inputs, drawn with a fixed seed; measured on all of the validation part, or
    of the test part where there is no other, 10,000 at most.
    """
    if not 0 <= max_drop <= 100:
        raise UsageError(f"--max-drop {max_drop:g} should be points of accuracy, 0 to 100.")
    noun = bundle.preprocessing.noun
    part, split = _measured(dataset, noun)
    training = dataset.train.images[_chosen(len(dataset.train), CALIBRATED)]
    content = quantize(model, entrance.of_stored(training))
    run = _runner(content)
    at = _chosen(len(split), MEASURED)
    stored, labels = split.images[at], split.labels[at]
    before, after = bundle.probabilities(stored), _in_batches(run, entrance, stored, max(BATCHES))
    if not np.isfinite(after).all():
        raise GateFailed("the int8 model gives numbers that are not finite; export it without --int8.")
    result = Quantized(
        content,
        len(model),
        len(training),
        Cost.of(before, after, labels, part=part),
        BATCHES,
        _between_batches(run, entrance, stored[:COMPARED], after[:COMPARED]),
        max_drop,
        noun,
    )
    _let_through(result)
    return result


def _measured(dataset: Dataset, noun: str) -> tuple[str, Split]:
    """The validation part, so that test figures are not what int8 is chosen by."""
    for part, split in (("validation", dataset.validation), ("test", dataset.test)):
        if split is not None and len(split):
            return part, split
    raise DataError(
        f"{dataset.name} has neither validation nor test {noun}s, so what int8 costs cannot be measured; "
        "give labelled ones with --data."
    )


def _chosen(count: int, most: int) -> np.ndarray:
    """Positions of up to `most` of `count`, always the same ones, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(SEED).permutation(count)[:most])


def _runner(model: bytes) -> Callable[[np.ndarray], np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name, output = session.get_inputs()[0].name, session.get_outputs()[0].name

    def run(inputs: np.ndarray) -> np.ndarray:
        given: np.ndarray = session.run([output], {name: inputs})[0]
        return given

    return run


def _in_batches(
    run: Callable[[np.ndarray], np.ndarray], entrance: Entrance, stored: np.ndarray, size: int
) -> np.ndarray:
    starts = range(0, len(stored), size)
    return np.concatenate([run(entrance.of_stored(stored[start : start + size])) for start in starts])


def _between_batches(
    run: Callable[[np.ndarray], np.ndarray], entrance: Entrance, stored: np.ndarray, largest: np.ndarray
) -> float:
    """The largest difference of a probability between batches; `largest` is what the largest batch gave."""
    others = (_in_batches(run, entrance, stored, size) for size in BATCHES[:-1])
    return max(float(np.abs(other - largest).max()) for other in others)


def _let_through(result: Quantized) -> None:
    cost, noun = result.cost, result.noun
    if not result.batch_difference <= TOLERANCE:
        raise GateFailed(
            f"the int8 model gives the same {noun}s probabilities that differ by "
            f"{result.batch_difference:.2g} between batches of {', '.join(map(str, BATCHES))}; "
            "export it without --int8."
        )
    if cost.drop <= result.max_drop:
        return
    size = in_bytes(result.size_before)
    advice = f"A larger --max-drop accepts it; without --int8 the model stays float32, {size}."
    single = 100 / cost.count
    if single > result.max_drop > 0:
        advice = f"One {noun} is {single:.2f} points here: --data with more {noun}s measures finer. {advice}"
    raise GateFailed(
        f"{_accuracies(cost, noun)}, {cost.drop:.2f} points less where --max-drop allows "
        f"{result.max_drop:g} ({_flips(cost).lower()}). {advice}"
    )


def _accuracies(cost: Cost, noun: str) -> str:
    return (
        f"int8 takes the {cost.part} accuracy from {100 * cost.accuracy_before:.2f} to "
        f"{100 * cost.accuracy_after:.2f} % of {cost.count:,} {noun}s"
    )


def _flips(cost: Cost) -> str:
    return f"Right only before: {cost.only_before:,}, only after: {cost.only_after:,}"
