"""What `convscope data suspects` writes: the contact sheet, the table, the list of what remains."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..columns import shortened
from ..look.suspicion.suspect import Kind, Place, Suspect
from .conv_files import encoded

if TYPE_CHECKING:
    from ..training.suspects.search import Found

MOST_DRAWN = 200  # of a kind, on the sheet
A_ROW = 8  # tiles of the sheet
LABEL = 14  # letters
HEADINGS = {
    "label": "Labels that are probably wrong",
    "duplicate": "Nearly the same picture in two parts, or under two labels",
    "outlier": "Pictures that are like no other",
}
DOUBTFUL = "Labels that are possibly wrong"


def heading_of(found: Found, kind: Kind) -> str:
    """What the suspects of a kind are called, as far as the networks can judge."""
    doubtful = kind == "label" and found.suspects.method["trust"] != "good"
    return DOUBTFUL if doubtful else HEADINGS[kind]


def left_out_of(shown: dict[Kind, tuple[Suspect, ...]], *, test_too: bool) -> set[tuple[str, int]]:
    """Part and position of those shown, that --rest leaves out."""
    places = (one.place for chosen in shown.values() for one in chosen)
    return {(place.part, place.position) for place in places if test_too or place.part != "test"}


def write_all(
    found: Found,
    shown: dict[Kind, tuple[Suspect, ...]],
    left_out: set[tuple[str, int]],
    out: Path | None,
    table: Path | None,
    rest: Path | None,
) -> None:
    from ..atomic import write_bytes, write_text

    if out is not None:
        write_bytes(out, encoded(_sheet(found, shown), out))
    if table is not None:
        write_text(table, _csv({kind: found.suspects.of(kind) for kind in shown}))
    if rest is not None:
        write_text(rest, _rest(found, left_out))


def _sheet(found: Found, shown: dict[Kind, tuple[Suspect, ...]]) -> Any:
    from ..drawing.contact_sheet import Tile, contact_sheet, stacked

    def tile(place: Place, caption: str) -> Tile:
        return Tile(found.image(place), caption)

    sheets = []
    for kind, chosen in shown.items():
        tiles: list[list[Tile]] = []
        for one in chosen[:MOST_DRAWN]:
            label = shortened(one.place.label, LABEL)
            if one.twin is not None:
                twin = shortened(one.twin.label, LABEL)
                pair = ((one.place, label), (one.twin, twin))
                tiles.append([tile(place, f"{name}, {place.part}") for place, name in pair])
            elif one.suggested is not None:
                tiles.append([tile(one.place, f"{label} → {shortened(one.suggested, LABEL)}")])
            else:
                tiles.append([tile(one.place, label)])
        if not tiles:
            continue
        together = len(tiles[0])  # a pair stays together
        each = A_ROW // together
        rows = [
            (
                f"{start + 1}–{min(start + each, len(tiles))}",
                [one for group in tiles[start : start + each] for one in group],
            )
            for start in range(0, len(tiles), each)
        ]
        heading = heading_of(found, kind)
        title = [f"{found.dataset.name}: {heading[0].lower()}{heading[1:]}"]
        if kind == "label":
            title.append("label → what is more probable")
        sheets.append(contact_sheet(title, rows, [""] * (together if together > 1 else A_ROW)))
    return stacked([sheet.image for sheet in sheets])


def _csv(kept: dict[Kind, tuple[Suspect, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = "kind,rank,picture,part,position,label,suggested,twin,twin_part,twin_position,twin_label,score"
    writer.writerow(names.split(","))
    for kind, chosen in kept.items():
        for rank, one in enumerate(chosen, start=1):
            place, twin = one.place, one.twin
            of_twin = ("",) * 4 if twin is None else (twin.name, twin.part, twin.position, twin.label)
            here = (place.name, place.part, place.position, place.label, one.suggested or "")
            writer.writerow((kind, rank, *here, *of_twin, f"{one.score:.6f}"))
    return text.getvalue()


def _rest(found: Found, left_out: set[tuple[str, int]]) -> str:
    whole = found.whole
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "label", "split"))
    for position in range(len(whole)):
        part, within, name = whole.place(position)
        if (part, within) not in left_out:
            label = found.dataset.classes[int(whole.labels[position])]
            writer.writerow((Path(name).resolve(), label, part))
    return text.getvalue()
