"""What a report says: everything a page needs, and nothing about how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..errors import ShapeError
from ..metrics import EpochFigures, Evaluation


@dataclass(frozen=True)
class Mistake:
    """A picture the network got wrong: uint8 (height, width, channels), or (height, width) for grey.

    `probability` (0..1) is what the network gave to `predicted`; `name` says which picture it is.
    """

    picture: npt.NDArray[np.uint8]
    truth: str
    predicted: str
    probability: float
    name: str

    def __post_init__(self) -> None:
        if self.picture.dtype != np.uint8 or self.picture.ndim not in (2, 3) or 0 in self.picture.shape:
            raise ShapeError(
                f"the picture {self.name!r} is {self.picture.dtype} {self.picture.shape}; "
                "a report needs uint8 (height, width, channels)."
            )


@dataclass(frozen=True)
class Report:
    """One training run, ready to be written.

    `best_epoch` counts from 1; `seconds` is the wall time of the training; `summary_text` is a table of
    the network in a monospaced font; `notes` are sentences a reader must not miss and stand at the top.
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
    recipe: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    mistakes: Sequence[Mistake] = ()
