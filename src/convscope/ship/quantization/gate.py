"""The int8 form of an exported ONNX model, let through only where it is about as good as its bundle.

The contract with the export: `int8_of` takes the float32 file, which has been compared with the bundle, and
the bundle's data (`training.evaluation.dataset_of`), and gives the `Quantized`: `model` is what is written in
its place, `sentences` what is printed, `to_dict()` what goes into a JSON document. It writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...bundle import Bundle
from ...columns import in_bytes
from ...data import Dataset, Split
from ...errors import DataError, GateFailed, UsageError
from ..entrance import Entrance
from ..proof import BATCHES, TOLERANCE
from ..runner import Told, in_batches
from ..sampling import positions
from .cost import Cost
from .static import noted, quantize

MAX_DROP = 0.5  # points
CALIBRATED, MEASURED, COMPARED = 512, 10_000, 256  # inputs at most: for ranges, accuracy, other batches
FEW = 400  # inputs measured, of which one alone is more than a quarter of a point
APART = (
    1e-2  # of a probability, between batches: what a layer that stays float gives may round to another step
)
FLOAT = "without --int8 the model stays float32"


@dataclass(frozen=True)
class Quantized:
    """An int8 model, its size before and after, and what it costs."""

    model: bytes
    size_before: int  # bytes
    calibrated: int  # training inputs
    cost: Cost
    batch_difference: float  # of a probability, the largest between batches of 1, 7 and 64
    max_drop: float
    noun: str  # what an input is called

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON, without the model."""
        return {
            **self.cost.to_dict(),
            "max_drop": self.max_drop,
            "batches": list(BATCHES),
            "batch_difference": self.batch_difference,
            "calibrated": self.calibrated,
            "size_before": self.size_before,
            "size_after": len(self.model),
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a person should know of it: its accuracy, how far it is from the bundle, its size."""
        cost, noun = self.cost, self.noun
        part = f"{cost.part}, where there are no validation {noun}s" if cost.part == "test" else cost.part
        before, after, same = (
            _percent(count, cost.count) for count in (cost.right_before, cost.right_after, cost.agreeing)
        )
        accuracy = (
            f"accuracy {before} before, {after} after, of {cost.count:,} {noun}s ({part}); {_flips(cost)}"
        )
        few = (_alone(cost, noun),) if cost.count < FEW else ()
        close = (
            f"the same class for {same}; probabilities {cost.mean_difference:.1g} from the bundle's in the "
            f"mean, {cost.largest_difference:.2g} at most (int8 rounds; {TOLERANCE:g} holds for float32)"
        )
        sizes = (
            f"{in_bytes(self.size_before)} before, {in_bytes(len(self.model))} after; "
            f"calibrated on {self.calibrated:,} training {noun}s"
        )
        return accuracy, *few, close, sizes


def int8_of(
    bundle: Bundle,
    entrance: Entrance,
    model: bytes,
    dataset: Dataset,
    *,
    max_drop: float = MAX_DROP,
    told: Told | None = None,
) -> Quantized:
    """A bundle's ONNX file in int8, calibrated on its training inputs, and what that costs.

    Calibrated on 512 of `dataset.train`, drawn by a fixed seed. Measured on the validation part, so that no
    choice is made by test figures; on the test part where there is no other; on 10,000 at most.

    Raises `GateFailed` where the accuracy drops by more than `max_drop` points, or batches of 1, 7 and 64
    disagree, `DataError` for data without either part, `UnsupportedOperation` for a network without a
    convolution or linear layer, `UsageError` for an impossible `max_drop`.
    """
    require_possible(max_drop)
    from ..onnx_model.running import run_with_onnxruntime

    noun = bundle.preprocessing.noun
    part, split = _measured(dataset, noun)
    calibration = dataset.train.images[positions(len(dataset.train), CALIBRATED)]
    content = quantize(model, entrance.of_stored(calibration))
    run = run_with_onnxruntime(content)
    measured = positions(len(split), MEASURED)
    stored, labels = split.images[measured], split.labels[measured]
    largest = max(BATCHES)

    def said(some: np.ndarray, size: int, told: Told | None = None) -> np.ndarray:
        return in_batches(
            run,
            entrance,
            some,
            size,
            len(bundle.classes),
            subject="the int8 model",
            advice=FLOAT,
            what=f"{noun}s through int8",
            told=told,
        )

    after = said(stored, largest, told)
    if not np.isfinite(after).all():
        raise GateFailed(f"the int8 model gives numbers that are not finite; {FLOAT}.")
    others = (said(stored[:COMPARED], size) for size in BATCHES if size != largest)
    cost = Cost.of(bundle.probabilities(stored), after, labels, part=part)
    quantized = Quantized(
        model=noted(content, cost.to_dict()),
        size_before=len(model),
        calibrated=len(calibration),
        cost=cost,
        batch_difference=max(float(np.abs(other - after[:COMPARED]).max()) for other in others),
        max_drop=max_drop,
        noun=noun,
    )
    _let_through(quantized)
    return quantized


def require_possible(max_drop: float) -> None:
    """Raises `UsageError` for what no accuracy can drop by."""
    if not 0 <= max_drop <= 100:
        raise UsageError(f"--max-drop {max_drop:g} should be points of accuracy, a number from 0 to 100.")


def _measured(dataset: Dataset, noun: str) -> tuple[str, Split]:
    for part, split in (("validation", dataset.validation), ("test", dataset.test)):
        if split is not None and len(split):
            return part, split
    raise DataError(
        f"{dataset.name} has neither validation nor test {noun}s, so that what int8 costs cannot be "
        "measured; give labelled ones with --data, or leave out --int8."
    )


def _let_through(quantized: Quantized) -> None:
    """Raises `GateFailed` where it is too far from its bundle."""
    cost, noun, allowed = quantized.cost, quantized.noun, quantized.max_drop
    if not quantized.batch_difference <= APART:
        raise GateFailed(
            f"the int8 model says something else of the same {noun}s in batches of "
            f"{', '.join(map(str, BATCHES))}: a probability differs by {quantized.batch_difference:.2g}; "
            f"{FLOAT}."
        )
    if cost.drop <= allowed:
        return
    finer = (
        f" {_alone(cost, noun).capitalize()}: --data with more {noun}s measures finer."
        if 100 / cost.count > allowed > 0
        else ""
    )
    raise GateFailed(
        f"int8 takes the {cost.part} accuracy from {_percent(cost.right_before, cost.count)} to "
        f"{_percent(cost.right_after, cost.count)} of {cost.count:,} {noun}s, by {cost.drop:.2f} points, and "
        f"--max-drop allows {allowed:g} ({_flips(cost)}).{finer} A larger --max-drop accepts it; {FLOAT}, "
        f"{in_bytes(quantized.size_before)} instead of {in_bytes(len(quantized.model))}."
    )


def _alone(cost: Cost, noun: str) -> str:
    return f"one {noun} alone is {100 / cost.count:.2f} points"


def _percent(part: int, of: int) -> str:
    return f"{100 * part / of:.2f} %"


def _flips(cost: Cost) -> str:
    return f"right only before {cost.only_before:,}, only after {cost.only_after:,}"
