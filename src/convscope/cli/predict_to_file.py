"""Predictions in a file: how far they are, and at the end how many there are of what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..prediction.results.tally import Tally
from ..prediction.results.writing import write_to
from .output import print_json
from .predict_progress import Progress
from .predict_summary import summary
from .seen import Seen

if TYPE_CHECKING:
    from ..bundle import Bundle


def predict_to_file(
    file: Path,
    bundle: Bundle,
    pictures: Sequence[Path],
    drawing: Seen | None,
    *,
    model: str,
    top: int,
    unsure: float | None,
    invert: bool,
    resume: bool,
    json: bool,
) -> tuple[Tally, list[str]]:
    """Write what the bundle says of the pictures, by `write_to`, and print how many there are of what.

    Returns that, and why the first that cannot be read could not.
    """
    progress = Progress(pictures, bundle.preprocessing, drawing)
    with progress.shown():
        tally = write_to(
            file,
            bundle,
            pictures,
            model=model,
            top=top,
            unsure=unsure,
            invert=invert,
            resume=resume,
            listener=progress,
        )
    if json:
        print_json({**tally.to_dict(), "resumed": tally.resumed, "out": str(file)})
    else:
        print(summary(tally, file, unsure=unsure, noun=bundle.preprocessing.noun))
    unread, more = progress.unread, tally.unreadable - len(progress.unread)
    return tally, [*unread, *[f"{more:,} more could not be read; {file} says of each why."] * (more > 0)]
