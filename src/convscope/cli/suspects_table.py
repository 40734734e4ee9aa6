"""What `convscope data suspects` prints: a table of each kind, what to make of it, where the files are."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..columns import columns, printable, shortened
from ..look.suspicion.suspect import Kind, Place, Suspect
from .output import WIDTH, percent
from .suspects_files import LABEL, MOST_DRAWN, heading_of, left_out_of

if TYPE_CHECKING:
    from ..training.suspects.search import Found

LONGEST_NAME, SHORTEST_NAME = 60, 10  # letters
FEW_NAMED = 3  # classes that are too small


def lines_of(found: Found, shown: dict[Kind, tuple[Suspect, ...]]) -> list[str]:
    suspects, noun = found.suspects, found.dataset.preprocessing.noun
    method = suspects.method
    lines = [f"{suspects.data}: {suspects.count:,} {noun}s"]
    if "folds" in method:
        agreement = percent(method["agreement"], 1)
        lines[0] += f", judged by {method['folds']} networks ({method['net']}) that had not"
        lines.append(f"seen them; {agreement} of the labels are as the networks say")
    for kind, chosen in shown.items():
        heading = heading_of(found, kind).replace("picture", noun).replace("Picture", noun.capitalize())
        too_weak = kind == "label" and method["trust"] == "too weak"
        lines += ["", f"{heading}: {'not judged' if too_weak else _count(method, kind, len(chosen))}"]
        lines += _remarks(kind, method, noun)
        lines += _table(chosen, noun, prefix=_common_part(found))
    return lines


def _count(method: Mapping[str, Any], kind: Kind, shown: int) -> str:
    count = method["found"][kind]
    if not count:
        return "none"
    return f"{count:,}" + (f"; the first {shown:,}" if shown < count else "")


def _remarks(kind: Kind, method: Mapping[str, Any], noun: str) -> list[str]:
    """What to make of the suspects of a kind."""
    from ..look.suspicion.outliers import FEWEST

    sentence = ""
    if kind == "label":
        agreement, largest = percent(method["agreement"], 1), percent(method["largest_class"], 1)
        better = "more --epochs, --pretrained or another --net"
        sentence = {
            "too weak": f"These networks are too weak to judge labels: {agreement} are as they say, and "
            f"to answer the largest class always gives {largest}. What helps: {better}.",
            "doubtful": f"With {agreement} (the largest class: {largest}) the networks err often themselves; "
            f"how many labels are wrong cannot be said. Better ones: {better}.",
            "good": f"(about {method.get('expected_wrong_labels', 0):,} are, by confident learning)",
        }[method["trust"]]
    elif kind == "outlier" and (few := method.get("classes_of_fewer")):
        more = f" and {len(few) - FEW_NAMED:,} more" if len(few) > FEW_NAMED else ""
        named = ", ".join(shortened(name, LABEL) for name in few[:FEW_NAMED]) + more
        classes = f"{len(few):,} class{'es' if len(few) > 1 else ''}"
        sentence = f"({classes} of fewer than {FEWEST} {noun}s not judged: {named})"
    return textwrap.wrap(printable(sentence), WIDTH, break_on_hyphens=False, break_long_words=False)


def _table(chosen: Sequence[Suspect], noun: str, prefix: str) -> list[str]:
    """A line for each suspect, and one for its twin, with names as long as there is room for."""
    if not chosen:
        return []
    for letters in range(LONGEST_NAME, SHORTEST_NAME - 1, -1):
        rows = [_heading(chosen[0], noun)]
        for rank, one in enumerate(chosen, start=1):
            suggested = () if one.suggested is None else (shortened(one.suggested, LABEL),)
            rows.append((str(rank), *_cells(one.place, letters, prefix), *suggested, f"{one.score:.3f}"))
            if one.twin is not None:
                rows.append(("", *_cells(one.twin, letters, prefix), ""))
        lines = columns(rows, right=[0, len(rows[0]) - 1])
        if max(map(len, lines)) <= WIDTH:
            break
    return lines


def _heading(suspect: Suspect, noun: str) -> tuple[str, ...]:
    suggested = () if suspect.suggested is None else ("suggested",)
    return ("rank", noun, "part", "label", *suggested, "score")


def _cells(place: Place, letters: int, prefix: str) -> tuple[str, str, str]:
    """Name, part and label; the folder above a file is told where it is not the label's."""
    folder, name = ("", *Path(place.name.removeprefix(prefix)).parts)[-2:]
    if folder not in ("", "/", place.label):
        name = f"{folder}/{name}"
    part = "valid." if place.part == "validation" else place.part
    return shortened(name, letters), part, shortened(place.label, LABEL)


def _common_part(found: Found) -> str:
    """What all names begin with where they are numbers in one array: its name is not the part they are in."""
    whole = found.whole
    if Path(whole.place(0)[2]).is_file():
        return ""
    first, last = (whole.place(position)[2].rpartition("/")[0] for position in (0, len(whole) - 1))
    return f"{first}/" if first and first == last else ""


def end_of(
    files: dict[str, Path | None],
    shown: dict[Kind, tuple[Suspect, ...]],
    left_out: set[tuple[str, int]],
    found: Found,
    run: Path | None,
) -> list[str]:
    lines = [""]
    names = {"sheet": "Sheet", "csv": "Table", "rest": "Rest"}
    lines += [f"{names[name]:7} {printable(str(path))}" for name, path in files.items() if path is not None]
    noun = found.dataset.preprocessing.noun
    if files["sheet"] is not None and max(map(len, shown.values())) > MOST_DRAWN:
        lines.append(f"        the first {MOST_DRAWN} of each kind; --csv has all")
    if files["rest"] is not None:
        test = sum(part == "test" for part, _ in left_out)
        all_of_test = sum(part == "test" for part, _ in left_out_of(shown, test_too=True))
        lines.append(
            f"        {len(found.whole) - len(left_out):,} {noun}s, without {len(left_out):,} of those shown"
        )
        if test:
            lines.append(f"        {test:,} of them of the test part: figures on the others flatter")
        elif all_of_test:
            lines.append(
                f"        the {all_of_test:,} of the test part stay, so that its figures do not flatter"
            )
    if run is not None:
        from ..look.suspicion.suspect import FILE_NAME

        lines.append(f"Kept    {run / FILE_NAME}")
    lines.append("Nothing was deleted or changed. A suspect may be right, and only rare: look.")
    if files["rest"] is not None:
        lines.append(f"Next    convscope train {shlex.quote(str(files['rest']))}")
    elif any(shown.values()) and Path(found.whole.place(0)[2]).is_file():
        lines.append("To train without those shown: --rest rest.csv, then convscope train rest.csv")
    return lines
