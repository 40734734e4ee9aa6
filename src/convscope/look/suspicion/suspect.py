"""A picture of a data set that a person should look at, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...errors import DataError

FILE_NAME = "suspects.json"  # in a run directory

Kind = Literal["label", "duplicate", "outlier"]


@dataclass(frozen=True)
class Place:
    """Which picture: `part` is "train", "validation" or "test", `position` counts from 0 in it."""

    part: str
    position: int
    name: str
    label: str


@dataclass(frozen=True)
class Suspect:
    """Why a picture is suspect; the higher the `score` (0..1), the more.

    Its label is probably another (`suggested`), or it is nearly the picture at `twin` in another part, or
    it is like no other.
    """

    kind: Kind
    place: Place
    score: float
    suggested: str | None = None
    twin: Place | None = None


@dataclass(frozen=True)
class Suspects:
    """Those of a data set of `count` pictures, the most suspect of each kind first; nothing is deleted."""

    data: str
    checksum: str
    count: int
    suspects: tuple[Suspect, ...]
    method: Mapping[str, Any]  # how they were found: net, folds, seed, thresholds

    def __repr__(self) -> str:
        kinds = dict.fromkeys(suspect.kind for suspect in self.suspects)
        found = ", ".join(f"{len(self.of(kind)):,} {kind}" for kind in kinds)
        return f"Suspects({self.data!r}, {found or 'none'} among {self.count:,})"

    def of(self, kind: Kind) -> tuple[Suspect, ...]:
        """Those of one kind."""
        return tuple(suspect for suspect in self.suspects if suspect.kind == kind)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values.

        >>> one = Suspect("label", Place("train", 3, "cats/3.png", "cat"), 0.98, suggested="dog")
        >>> found = Suspects("pets", "", 10, (one,), {"folds": 5})
        >>> found
        Suspects('pets', 1 label among 10)
        >>> Suspects.from_dict(found.to_dict()) == found
        True
        """
        return {**asdict(self), "suspects": [asdict(suspect) for suspect in self.suspects]}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Suspects:
        """The inverse of `to_dict`. Raises `DataError` for what it is not."""
        try:
            suspects = tuple(
                Suspect(
                    kind=s["kind"],
                    place=Place(**s["place"]),
                    score=float(s["score"]),
                    suggested=s["suggested"],
                    twin=None if s["twin"] is None else Place(**s["twin"]),
                )
                for s in record["suspects"]
            )
            return cls(
                str(record["data"]),
                str(record["checksum"]),
                int(record["count"]),
                suspects,
                dict(record["method"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is not a record of suspects: {error!r}.") from error
