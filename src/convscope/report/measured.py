"""What was measured of a run after its training, in the words of the page; nothing where it is absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..drawing import tiles, wording
from ..drawing.attribution import overlay
from ..drawing.inside import patch_pixels
from ..look import Attribution, Patch, Patches, Robustness, Suspects
from ..look.suspicion.suspect import Kind, Place, Suspect
from ..metrics import wilson_interval
from . import pictures
from .cards import AnswerView, answer_view
from .content import Absent, Explained, Report, ShownSuspects

MOST_SUSPECTS = 24  # of each kind
MOST_CHANNELS = 16  # of a layer
SMALL_PIECE = 32  # pixels
KINDS: dict[Kind, tuple[str, str]] = {
    "label": ("Probably another class", "suggested"),
    "duplicate": ("Nearly the same picture in two parts, or under two labels", "twin"),
    "outlier": ("Like no other", ""),
}
DOUBTFUL = "Possibly another class"  # of networks that err often themselves


@dataclass(frozen=True)
class PatchesView:
    """`title` and `channels`: number, picture, and the range of what the channel gives."""

    layer: str
    searched: str
    shown: str
    channels: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True)
class MapView:
    """An attribution: `passed` is None where nothing was checked, `figures` are names and numbers as text."""

    method: str
    target: str
    source: str
    passed: bool | None
    figures: tuple[tuple[str, str], ...]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class ExplainedView:
    """A picture and its maps."""

    answer: AnswerView
    maps: tuple[MapView, ...]


@dataclass(frozen=True)
class CurveView:
    """The points of a curve: level, share right, its interval."""

    name: str
    points: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class RobustnessView:
    """`shifts` are layer, distance and the width of a bar."""

    count: str
    split: str
    clean: str
    curves: tuple[CurveView, ...]
    shifts: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class SuspectRow:
    """A suspect: pictures are data URIs, or empty where the picture is not at hand."""

    score: str
    place: Place
    source: str
    other: str
    twin: Place | None
    twin_source: str


@dataclass(frozen=True)
class SuspectsView:
    """Of each kind its title, the title of its last column, how many were found, and the first rows.

    `remark` says where labels were not judged.
    """

    count: str
    remark: str
    method: tuple[tuple[str, str], ...]
    kinds: tuple[tuple[str, str, int, tuple[SuspectRow, ...]], ...]


def patches(found: Sequence[Patches] | Absent) -> list[PatchesView]:
    """Each layer, each channel as 3 × 3 pieces."""
    return [] if isinstance(found, Absent) else [_patches(layer) for layer in found]


def attributions(found: Sequence[Explained] | Absent) -> list[ExplainedView]:
    """Each picture with its maps."""
    if isinstance(found, Absent):
        return []
    return [
        ExplainedView(
            answer_view(one.answer), tuple(_map(found, one.answer.record) for found in one.attributions)
        )
        for one in found
    ]


def robustness(found: Robustness | Absent) -> RobustnessView | None:
    """The numbers of the figure, and a bar per layer."""
    if isinstance(found, Absent):
        return None
    furthest = max((shift.distance for shift in found.shifts), default=0.0) or 1.0
    return RobustnessView(
        f"{found.count:,}",
        found.split,
        wording.percent(found.clean / found.count),
        tuple(
            CurveView(
                curve_name(curve.name, curve.unit), tuple(_points(curve.levels, curve.correct, found.count))
            )
            for curve in found.curves
        ),
        tuple(
            (shift.layer, f"{shift.distance:.3f}", f"{100 * shift.distance / furthest:.1f}%")
            for shift in found.shifts
        ),
    )


def suspects(found: ShownSuspects | Absent) -> SuspectsView | None:
    """The first of each kind, with their pictures."""
    if isinstance(found, Absent):
        return None
    trust = found.found.method.get("trust")
    return SuspectsView(
        f"{found.found.count:,}",
        "The networks were too weak to judge labels." if trust == "too weak" else "",
        tuple(wording.settings(found.found.method)),
        tuple(
            (
                DOUBTFUL if (kind, trust) == ("label", "doubtful") else title,
                other,
                _count(found.found, kind),
                tuple(_suspect(one, found) for one in all_of[:MOST_SUSPECTS]),
            )
            for kind, (title, other) in KINDS.items()
            if (all_of := found.found.of(kind))
        ),
    )


def unmeasured(report: Report) -> list[tuple[str, Absent]]:
    """The parts that can be measured and were not, by name."""
    parts = {
        "What excites the filters": report.patches,
        "Why it says so": report.attributions,
        "What is left under attacks and changes": report.robustness,
        "Pictures to look at": report.suspects,
    }
    return [(name, part) for name, part in parts.items() if isinstance(part, Absent)]


def curve_name(name: str, unit: str) -> str:
    """
    >>> curve_name("fgsm", "1/255"), curve_name("blur", "")
    ('fgsm (1/255)', 'blur')
    """
    return f"{name} ({unit})" if unit else name


def _patches(layer: Patches) -> PatchesView:
    count = len(layer.channels)
    stirred = [(number, found) for number, found in enumerate(layer.channels) if found]
    shown = stirred[:MOST_CHANNELS]
    of = f"the first {len(shown)}" if len(shown) < len(stirred) else f"{len(shown)}"
    return PatchesView(
        layer.layer,
        f"{layer.pictures:,}",
        f"all {count} channels" if len(shown) == count else f"{of} of {count} channels",
        tuple(
            (
                number,
                pictures.data_uri(_mosaic(found, layer)),
                wording.significant(found[0].value),
            )
            for number, found in shown
        ),
    )


def _mosaic(found: Sequence[Patch], layer: Patches) -> bytes:
    """Of small pieces every pixel is kept; of others there would be megabytes."""
    pieces = np.stack([patch_pixels(patch, layer) for patch in found])
    mosaic = tiles.mosaic(pieces)
    if max(pieces.shape[1:3]) <= SMALL_PIECE:
        return tiles.to_png(mosaic)
    return pictures.encoded(np.asarray(mosaic.convert("RGB")))


def _map(found: Attribution, record: npt.NDArray[Any]) -> MapView:
    source = pictures.data_uri(pictures.encoded(overlay(record, found)))
    method = f"{found.method} at {found.layer}" if found.layer else found.method
    checks = found.checks
    if checks is None:
        return MapView(method, found.target, source, None, (), ())
    figures = (
        ("deletion", f"{checks.deletion:.2f}, random {checks.random_deletion:.2f}"),
        ("insertion", f"{checks.insertion:.2f}, random {checks.random_insertion:.2f}"),
        ("similarity", f"{checks.similarity:.2f}"),
    )
    return MapView(method, found.target, source, checks.passed, figures, checks.failed)


def _points(levels: Sequence[float], correct: Sequence[int], count: int) -> Iterator[tuple[str, str, str]]:
    for level, right in zip(levels, correct, strict=True):
        low, high = wilson_interval(right, count)
        yield (
            f"{level:g}",
            wording.percent(right / count),
            f"{wording.percent(low)} to {wording.percent(high)}",
        )


def _suspect(one: Suspect, shown: ShownSuspects) -> SuspectRow:
    return SuspectRow(
        f"{one.score:.3f}",
        one.place,
        _picture(one.place, shown),
        one.suggested or "",
        one.twin,
        "" if one.twin is None else _picture(one.twin, shown),
    )


def _count(found: Suspects, kind: Kind) -> int:
    """How many were found, of which the file has the first; as many as it has where it does not say."""
    counts = found.method.get("found")
    said = counts.get(kind) if isinstance(counts, Mapping) else None
    return max(said, len(found.of(kind))) if isinstance(said, int) else len(found.of(kind))


def _picture(place: Place, shown: ShownSuspects) -> str:
    record = shown.records.get((place.part, place.position))
    return "" if record is None else pictures.data_uri(pictures.of_record(record, pictures.SMALL))
