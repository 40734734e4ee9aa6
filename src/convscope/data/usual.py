"""What training pictures are usually like, in a few numbers that a bundle keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from .input_preprocessing import InputPreprocessing
from .measures import measures

MOST = 2000  # pictures that are measured, evenly taken
FEWEST = 30  # of which something can be said
RARE = 0.005  # the share of pictures beyond each end of what is common
DIGITS = 5  # that are kept of a number


class Range(BaseModel):
    """Where a figure lies: of all that were measured, and of 99 % of them."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    lowest: float
    low: float
    high: float
    highest: float


class Usual(BaseModel):
    """The ranges of `measures` over the training pictures, or signals; frozen, JSON values in a bundle.

    `smallest` and `largest` are the (height, width) of a picture before it was resized, by their areas; None
    where these are not known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    count: int
    ranges: dict[str, Range]
    smallest: tuple[int, int] | None = None
    largest: tuple[int, int] | None = None

    @classmethod
    def of(
        cls,
        preprocessing: InputPreprocessing,
        stored: np.ndarray,
        sizes: np.ndarray | None = None,
        *,
        grey: bool = False,
    ) -> Usual | None:
        """Measured on at most 2,000 of what is stored, evenly taken; None for fewer than 30.

        `grey` says that the pictures had no colour before they were stored, which one channel does not show.

        >>> from convscope.data import Preprocessing
        >>> stored = np.arange(60, dtype=np.uint8).repeat(4).reshape(60, 2, 2, 1)
        >>> Usual.of(Preprocessing(height=2, width=2, channels=1), stored).ranges["mean"]
        Range(lowest=0.0, low=0.295, high=58.705, highest=59.0)
        """
        if len(stored) < FEWEST:
            return None
        taken = np.linspace(0, len(stored) - 1, min(MOST, len(stored))).astype(np.int64)
        found = measures(preprocessing, stored[taken], None if sizes is None else sizes[taken])
        ranges = {name: known for name, values in found.items() if (known := _range(values)) is not None}
        if grey:
            ranges.setdefault("colour", Range(lowest=0, low=0, high=0, highest=0))
        if sizes is None:
            return cls(count=len(taken), ranges=ranges)
        areas = sizes.prod(axis=1)
        smallest, largest = (sizes[at].tolist() for at in (areas.argmin(), areas.argmax()))
        return cls(count=len(taken), ranges=ranges, smallest=smallest, largest=largest)

    def to_dict(self) -> dict[str, Any]:
        """JSON values, of which `Usual.model_validate` makes it again."""
        return self.model_dump(mode="json")


def _range(values: np.ndarray) -> Range | None:
    values = values[~np.isnan(values)]
    if len(values) < FEWEST:
        return None
    ends = np.quantile(values, [0, RARE, 1 - RARE, 1])
    return Range(**{n: float(f"{v:.{DIGITS}g}") for n, v in zip(Range.model_fields, ends, strict=True)})
