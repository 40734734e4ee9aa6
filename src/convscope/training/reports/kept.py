"""What was measured of a run after its training and lies in its folder, where it is of that run."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ...bundle import Bundle, checksum
from ...errors import ConvscopeError, DataError
from ...look.breaking.robustness import FILE_NAME as ROBUSTNESS
from ...look.breaking.robustness import Robustness
from ...look.suspicion.suspect import FILE_NAME as SUSPECTS
from ...look.suspicion.suspect import Suspects

Found = TypeVar("Found")


class Foreign(NamedTuple):
    """A file in a run's folder that is of something else: `of` another network, or other data."""

    file: str
    of: str

    def __str__(self) -> str:
        return f"The {self.file} in the run's folder is of {self.of}, by its checksum."


def kept_robustness(run: Path, bundle: Bundle, data: Collection[str]) -> Robustness | Foreign | None:
    """That of a run, whose data has one of the checksums `data`; None where none was measured.

    Raises `ConvscopeError` for a file that is not what it is called.
    """
    found = _read(run / ROBUSTNESS, Robustness.from_dict)
    if found is not None and found.network not in ("", checksum({}, bundle.weights)):
        return Foreign(ROBUSTNESS, "another network")
    return Foreign(ROBUSTNESS, "other data") if found is not None and found.data not in data else found


def kept_suspects(run: Path, data: Collection[str]) -> Suspects | Foreign | None:
    """The same of the suspects among its data."""
    found = _read(run / SUSPECTS, Suspects.from_dict)
    return Foreign(SUSPECTS, "other data") if found is not None and found.checksum not in data else found


def _read(file: Path, from_dict: Callable[[Mapping[str, Any]], Found]) -> Found | None:
    """What a file says; None where there is none."""
    try:
        return from_dict(json.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except DataError as error:
        raise ConvscopeError(f"{file}: {error} Measure it again, or move the file away.") from error
    except (OSError, ValueError) as error:
        raise ConvscopeError(f"{file} cannot be read: {error}. Measure it again, or move it away.") from error
