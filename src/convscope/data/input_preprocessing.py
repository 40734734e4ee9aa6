"""What the kinds of input have in common: pictures, and signals or other arrays of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self

import numpy as np

from .arrays import ArrayPreprocessing
from .preprocessing import Preprocessing


class InputPreprocessing(Protocol):
    """How inputs of one kind are stored, and become what a network sees.

    `Preprocessing` stores pictures as uint8 (N, H, W, C), `ArrayPreprocessing` signals as float32 (N, C, L)
    and arrays of any other numbers as float32 (N, C, H, W).
    """

    @property
    def noun(self) -> str:
        """What one input is called in sentences."""
        ...

    @property
    def example(self) -> str:
        """The name of a file that holds one."""
        ...

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input in a batch: (C, H, W) or (C, L)."""
        ...

    @property
    def mean(self) -> tuple[float, ...] | None:
        """Per channel, what is subtracted; None where nothing is."""
        ...

    @property
    def std(self) -> tuple[float, ...] | None:
        """Per channel, by what the rest is divided; None where by nothing."""
        ...

    def blank(self, count: int) -> np.ndarray:
        """Zeros of the type and shape in which so many inputs are stored."""
        ...

    def batch(self, stored: np.ndarray, /) -> np.ndarray:
        """What is stored to the network's input: float32 (N, *input_shape)."""
        ...

    def with_statistics(self, stored: np.ndarray, /) -> Self:
        """A copy with the mean and standard deviation of what is stored, per channel."""
        ...

    def one(self, given: Any, /) -> np.ndarray:
        """One input as a person gives it (a path, bytes, an array, ...) as it is stored.

        Raises `DataError` for what cannot be read, or is no such input.
        """
        ...

    def apart(self, given: Any, /) -> np.ndarray | tuple[Any, ...]:
        """The inputs in what a person gives: the rows of an array of several, else the one that it is."""
        ...

    def model_dump(self) -> dict[str, Any]:
        """The settings as JSON values; `preprocessing_of` reads them."""
        ...


def preprocessing_of(record: Mapping[str, Any]) -> InputPreprocessing:
    """The preprocessing that a bundle keeps as JSON; pictures, which were there first, do not say their kind.

    Raises `ValueError` for a record that is neither.

    >>> preprocessing_of({"kind": "arrays", "shape": (2, 128)}).input_shape
    (2, 128)
    >>> preprocessing_of({"height": 28, "width": 28, "channels": 1}).input_shape
    (1, 28, 28)
    """
    if "kind" not in record:
        return Preprocessing(**record)
    if record["kind"] != "arrays":
        raise ValueError(f"its inputs are {record['kind']!r}, which this convscope does not know")
    return ArrayPreprocessing(**record)
