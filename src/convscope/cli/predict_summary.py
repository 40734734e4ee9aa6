"""What `convscope predict --out` says at its end."""

from __future__ import annotations

from pathlib import Path

from ..columns import columns, shortened
from ..prediction.results import Tally
from .output import percent

MOST = 20  # classes that are listed
LONGEST = 40


def summary(tally: Tally, out: Path, *, unsure: float | None, noun: str) -> str:
    """How many of which class, how many unsure and unreadable, and where they are.

    >>> tally = Tally()
    >>> tally.count, tally.unsure, tally.unreadable = 12, 2, 1
    >>> tally.classes.update(cat=8, dog=3)
    >>> print(summary(tally, Path("out.csv"), unsure=0.8, noun="picture"))
    class  pictures
    cat           8
    dog           3
    12 pictures, of which 2 unsure (below 80 %) and 1 could not be read.
    Written out.csv
    """
    lines = []
    if tally.classes:
        rows = [("class", f"{noun}s")]
        rows += [(shortened(label, LONGEST), f"{n:,}") for label, n in tally.classes.most_common(MOST)]
        more = tally.classes.most_common()[MOST:]
        if more:
            rows.append((f"{len(more):,} other classes", f"{sum(n for _, n in more):,}"))
        lines += columns(rows, right=[1])
    parts = []
    if unsure is not None:
        parts.append(f"{tally.unsure:,} unsure (below {percent(unsure, 1).replace('.0 %', ' %')})")
    if tally.unreadable:
        parts.append(f"{tally.unreadable:,} could not be read")
    if tally.resumed:
        parts.append(f"{tally.resumed:,} predicted before the stop")
    of = (
        f", of which {' and '.join([', '.join(parts[:-1]), parts[-1]] if parts[1:] else parts)}"
        if parts
        else ""
    )
    count = f"{tally.count:,} {noun}{'s' if tally.count != 1 else ''}"
    return "\n".join([*lines, f"{count}{of}.", f"Written {out}"])
