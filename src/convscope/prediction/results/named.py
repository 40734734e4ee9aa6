"""What a person names to be predicted into a file: each has to be there before anything is predicted."""

from __future__ import annotations

import os
from collections.abc import Iterable

from ...data import InputPreprocessing
from ...errors import DataError
from ..inputs import Unreadable, inputs_in
from ..standard_input import MARK

MOST = 20  # that are said


def check_named(paths: Iterable[str | os.PathLike[str]], preprocessing: InputPreprocessing) -> None:
    """Raises `DataError` with those where nothing is: no file, a folder without inputs, an unmatched pattern.

    Else a typing error or a drive that is away would make a file of errors in place of the one that is there.
    What comes through standard input is not looked at.
    """
    faults = [fault for path in paths if (fault := _fault(os.fspath(path), preprocessing))]
    if faults:
        more = len(faults) - MOST
        said = [*faults[:MOST], *[f"{more:,} others are missing too."] * (more > 0)]
        raise DataError(f"{' '.join(said)} Nothing was predicted.")


def _fault(path: str, preprocessing: InputPreprocessing) -> str:
    """Why there is nothing at a path; empty where there is something, readable or not."""
    is_file = os.path.exists(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112 (takes any name)
    if path == MARK or is_file:
        return ""
    fault = ""
    for one in inputs_in(path, preprocessing):
        if isinstance(one, Unreadable):
            fault = fault or one.error
        elif one != path:
            return ""
    return fault or f"there is no {preprocessing.noun} {path}."
