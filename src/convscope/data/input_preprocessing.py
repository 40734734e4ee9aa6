"""The kinds of input that a network may have: pictures, and arrays of any numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .arrays import ArrayPreprocessing
from .preprocessing import Preprocessing

InputPreprocessing = Preprocessing | ArrayPreprocessing


def preprocessing_of(record: Mapping[str, Any]) -> InputPreprocessing:
    """The preprocessing that a bundle keeps as JSON; what does not say its kind is of pictures.

    Raises `ValueError` for a record that is neither.

    >>> preprocessing_of({"kind": "arrays", "shape": [1, 1, 30]}).input_shape
    (1, 1, 30)
    >>> preprocessing_of({"height": 28, "width": 28, "channels": 1}).input_shape
    (1, 28, 28)
    """
    return ArrayPreprocessing(**record) if "kind" in record else Preprocessing(**record)
