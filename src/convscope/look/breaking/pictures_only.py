"""What only pictures have: pixels to change."""

from __future__ import annotations

from ...bundle import Bundle
from ...data import Preprocessing
from ...errors import DataError


def of_pictures(bundle: Bundle) -> Preprocessing:
    """The bundle's preprocessing of pictures; raises `DataError` where it takes other numbers."""
    if isinstance(bundle.preprocessing, Preprocessing):
        return bundle.preprocessing
    raise DataError(
        f"{bundle.net} takes {bundle.preprocessing.noun}s, which have no pixels; attacks and changes are of "
        "pictures."
    )
