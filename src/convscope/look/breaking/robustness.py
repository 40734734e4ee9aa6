"""How much of a network's accuracy is left under attacks and changes of its pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...errors import DataError

FILE_NAME = "robustness.json"  # in a run directory


@dataclass(frozen=True)
class Curve:
    """Under one attack or change: `correct[i]` of the pictures are right at `levels[i]`, in `unit`.

    The first level is 0: pictures as they are. `how` says in a few words what a level means.
    """

    name: str
    unit: str
    levels: tuple[float, ...]
    correct: tuple[int, ...]
    how: str = ""


@dataclass(frozen=True)
class LayerShift:
    """How far a layer's maps of a shifted picture are from its shifted maps, relative to their size.

    `distance` is for a shift by one pixel, `aligned` for one by `jump` pixels, a whole position of the layer;
    both of where no border has a part. Where there is no such place `interior` is false, `distance` is of all
    places, and `aligned` None.
    """

    layer: str
    distance: float
    aligned: float | None = None
    jump: int = 1
    interior: bool = True


@dataclass(frozen=True)
class Robustness:
    """What was measured, of `count` pictures of `split`, of which `clean` are right unchanged.

    `data` and `network` are the checksums of the data set and of the weights, where they are known.
    """

    split: str
    count: int
    clean: int
    curves: tuple[Curve, ...] = ()
    shifts: tuple[LayerShift, ...] = ()
    seed: int = 0
    data: str = ""
    network: str = ""

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
                    str(curve.get("how", "")),
                )
                for curve in record["curves"]
            )
            shifts = (
                LayerShift(
                    str(s["layer"]),
                    float(s["distance"]),
                    None if s.get("aligned") is None else float(s["aligned"]),
                    int(s.get("jump", 1)),
                    bool(s.get("interior", True)),
                )
                for s in record["shifts"]
            )
            return cls(
                str(record["split"]),
                int(record["count"]),
                int(record["clean"]),
                tuple(curves),
                tuple(shifts),
                int(record["seed"]),
                str(record.get("data", "")),
                str(record.get("network", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"this is not a record of robustness: {error!r}.") from error

    def with_earlier(self, earlier: Robustness) -> Robustness:
        """This and what was measured before of the same pictures and weights.

        A curve of both has the levels of both, this one's figures where they meet; but this one's alone where
        the two were measured in other ways. Where `earlier` is of other pictures, weights or another seed,
        this alone.

        >>> before = Robustness("test", 10, 9, (Curve("blur", "pixels", (0.0, 1.0), (9, 7)),))
        >>> [curve.name for curve in Robustness("test", 10, 9).with_earlier(before).curves]
        ['blur']
        >>> Robustness("test", 20, 18).with_earlier(before).curves
        ()
        """
        if replace(earlier, curves=(), shifts=()) != replace(self, curves=(), shifts=()):
            return self
        before = {curve.name: curve for curve in earlier.curves}
        joined = [_joined(curve, before.pop(curve.name, curve)) for curve in self.curves]
        return replace(self, curves=(*joined, *before.values()), shifts=self.shifts or earlier.shifts)

    def same_subject(self, other: Robustness) -> bool:
        """Whether both are of the same weights and the same part of the same data, however many pictures."""
        of = ((one.network, one.data, one.split) for one in (self, other))
        return next(of) == next(of)


def _joined(curve: Curve, earlier: Curve) -> Curve:
    """The levels of both, where they mean the same."""
    if (curve.unit, curve.how) != (earlier.unit, earlier.how):
        return curve
    points = {
        **dict(zip(earlier.levels, earlier.correct, strict=True)),
        **dict(zip(curve.levels, curve.correct, strict=True)),
    }
    levels = tuple(sorted(points))
    return replace(curve, levels=levels, correct=tuple(points[level] for level in levels))
