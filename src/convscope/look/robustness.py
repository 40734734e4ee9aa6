"""How much of a network's accuracy is left under attacks and changes of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import DataError

FILE_NAME = "robustness.json"  # in a run directory


@dataclass(frozen=True)
class Curve:
    """Under one attack or change: `correct[i]` of the pictures are right at `levels[i]`, in `unit`."""

    name: str
    unit: str
    levels: tuple[float, ...]
    correct: tuple[int, ...]


@dataclass(frozen=True)
class LayerShift:
    """How far a layer's maps of a shifted picture are from its shifted maps, relative to their size."""

    layer: str
    distance: float


@dataclass(frozen=True)
class Robustness:
    """What was measured, of `count` pictures of `split`, of which `clean` are right unchanged."""

    split: str
    count: int
    clean: int
    curves: tuple[Curve, ...] = ()
    shifts: tuple[LayerShift, ...] = ()
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON values.

        >>> measured = Robustness("test", 10, 9, (Curve("fgsm", "1/255", (0.0, 8.0), (9, 3)),))
        >>> Robustness.from_dict(measured.to_dict()) == measured
        True
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Robustness:
        """The inverse of `to_dict`. Raises `DataError` for what it is not."""
        try:
            curves = (
                Curve(
                    str(curve["name"]),
                    str(curve["unit"]),
                    tuple(map(float, curve["levels"])),
                    tuple(map(int, curve["correct"])),
                )
                for curve in record["curves"]
            )
            shifts = (LayerShift(str(s["layer"]), float(s["distance"])) for s in record["shifts"])
            return cls(
                str(record["split"]),
                int(record["count"]),
                int(record["clean"]),
                tuple(curves),
                tuple(shifts),
                int(record["seed"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"this is not a record of robustness: {error!r}.") from error
