"""Predictions on standard output, as they are made: a table, JSON or CSV."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..prediction import Prediction, inputs_in, predicted
from ..prediction.results.csv_file import write_csv
from ..prediction.results.json_file import pieces
from ..prediction.results.tally import Tally
from .complaint import complain
from .predict_table import tables, terminal_width
from .seen import Seen

if TYPE_CHECKING:
    from ..bundle import Bundle

STDOUT = Path("-")
HELD = 256  # sentences on what could not be read


def predict_to_output(
    bundle: Bundle,
    pictures: Sequence[Path],
    drawing: Seen | None,
    *,
    top: int,
    unsure: float | None,
    json: bool,
    csv: bool,
) -> tuple[Tally, list[str]]:
    """Print what the bundle says of the pictures.

    Returns how many there are of what, and why some could not be read, as far as that is not said yet.
    """
    tally, unread = Tally(), list[str]()
    noun = bundle.preprocessing.noun
    inputs = inputs_in(pictures, bundle.preprocessing)
    keep = drawing.add if drawing is not None else None
    with contextlib.closing(predicted(bundle, inputs, top=top, keep=keep)) as found:
        told = _told((prediction for _, prediction in found), unsure, tally, unread)
        if csv:
            write_csv(told, sys.stdout.buffer, min(top, len(bundle.classes)))
        elif json:
            sys.stdout.writelines(pieces(prediction.to_dict() for prediction in told))
        else:
            for rows in tables(told, noun, marks=unsure is not None, width=terminal_width()):
                print(rows, flush=True)
    return tally, unread


def complain_of(unread: Iterable[str]) -> None:
    """What could not be read, and why."""
    for sentence in unread:
        complain(f"error: {sentence}")


def _told(
    found: Iterable[Prediction],
    unsure: float | None,
    tally: Tally,
    unread: list[str],
) -> Iterator[Prediction]:
    """The predictions, each counted. Why some could not be read is said at the end; of many, meanwhile."""
    for prediction in found:
        prediction = prediction.marked(unsure)
        tally.add(prediction)
        yield prediction
        if prediction.error is not None:
            unread.append(prediction.error)
            if len(unread) >= HELD:
                complain_of(unread)
                unread.clear()
