"""What a report says: everything a page needs, and nothing about how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..calibration import Calibration
from ..errors import ShapeError
from ..look import Attribution, Patches, Robustness, Suspects
from ..metrics import EpochFigures, Evaluation


@dataclass(frozen=True)
class Answer:
    """What the network said of one record.

    `record` is a picture, uint8 (height, width, channels) or (height, width), or a signal, float32 (channels,
    length). `said` has the most probable classes with their probabilities (0..1), the most probable first;
    `truth_probability` is what the network gave to the truth. `name` says which record it is.
    """

    record: npt.NDArray[Any]
    name: str
    truth: str
    said: Sequence[tuple[str, float]]
    truth_probability: float

    def __post_init__(self) -> None:
        picture = self.record.dtype == np.uint8 and self.record.ndim in (2, 3)
        signal = self.record.dtype == np.float32 and self.record.ndim == 2
        if not (picture or signal) or 0 in self.record.shape:
            raise ShapeError(
                f"the record {self.name!r} is {self.record.dtype} {self.record.shape}; a report needs a "
                "picture, uint8 (height, width, channels), or a signal, float32 (channels, length)."
            )

    @property
    def right(self) -> bool:
        return self.predicted == self.truth

    @property
    def is_signal(self) -> bool:
        return self.record.dtype == np.float32

    @property
    def predicted(self) -> str:
        return self.said[0][0]

    @property
    def probability(self) -> float:
        """How sure the network was of what it predicted."""
        return self.said[0][1]


@dataclass(frozen=True)
class Absent:
    """A part that this run does not have, and why, as a sentence; `commands` add it, one after the other."""

    reason: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Filters:
    """The first convolution: float32 (shown, channels, *kernel), the first of its `count` filters."""

    layer: str
    values: npt.NDArray[np.float32]
    count: int


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """What one layer gave: float32 (shown, height, width) or (shown, length), the first of its channels.

    `nodes` are the layer and the normalisation and activation that follow it; `shape` is that of the output.
    """

    nodes: tuple[str, ...]
    shape: tuple[int, ...]
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """One record on its way through the network: `layers` of the `count` that have maps."""

    answer: Answer
    layers: tuple[LayerMaps, ...]
    count: int


@dataclass(frozen=True, eq=False)
class Explained:
    """A picture and the maps of why it was called what it was."""

    answer: Answer
    attributions: tuple[Attribution, ...]


@dataclass(frozen=True, eq=False)
class ShownSuspects:
    """What was found in a data set, and the pictures, uint8 (H, W, C), of some by (part, position)."""

    found: Suspects
    records: Mapping[tuple[str, int], npt.NDArray[Any]]


NOT_MEASURED = Absent("It was not measured.")


@dataclass(frozen=True)
class Report:
    """One training run, ready to be written.

    `best_epoch` counts from 1, and is None where none was chosen; `kept_epoch` is the one whose weights were
    kept where that was not for its figures; `seconds` is the wall time of the training; `summary_text` is a
    table of the network in a monospaced font; `notes` are sentences a reader must not miss and stand at the
    top; `counts` says for each split how many records of each class it has, `checksum` (sha256) which data it
    was, `records` what they are called, and `loss` what the curves of the loss are of. `answers` are the
    records that the page has, mistakes and others: those of a cell of the confusion matrix are shown with it.
    """

    title: str
    net: str
    data: str
    engine: str
    parameters: int
    seconds: float
    epochs: Sequence[EpochFigures]
    best_epoch: int | None
    evaluation: Evaluation
    classes: Sequence[str]
    summary_text: str
    calibration: Calibration | Absent
    filters: Filters | Absent
    feature_maps: FeatureMaps | Absent
    recipe: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    checksum: str = ""
    records: str = "pictures"
    loss: str = "cross-entropy"
    notes: Sequence[str] = ()
    answers: Sequence[Answer] = ()
    patches: Sequence[Patches] | Absent = NOT_MEASURED
    attributions: Sequence[Explained] | Absent = NOT_MEASURED
    robustness: Robustness | Absent = NOT_MEASURED
    suspects: ShownSuspects | Absent = NOT_MEASURED
    kept_epoch: int | None = None

    @property
    def mistakes(self) -> list[Answer]:
        """The answers that are wrong, the surest first."""
        return sorted((a for a in self.answers if not a.right), key=lambda answer: -answer.probability)
