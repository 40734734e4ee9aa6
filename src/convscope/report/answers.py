"""The answers as the page's script reads them: names and numbers beside the sheets with their pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from .content import Answer
from .pictures import data_uri
from .sheets import ACROSS, DOWN, Sheets

DIGITS = 5  # of a probability


def answers_json(answers: Sequence[Answer], sheets: Sheets, classes: Sequence[str]) -> Markup:
    r"""A JSON document, safe inside a script element; an answer is [name, truth, [class, share, ...], share].

    Classes are positions in `classes`, which leads; the last share is the truth's.

    >>> from .sheets import make_sheets
    >>> answers_json([], make_sheets([]), ["<b>"])[:24]
    Markup('{"classes":["\\u003cb>"],')
    """
    shown = answers[: sheets.count]
    said = (name for answer in shown for name in (answer.truth, *(name for name, _ in answer.said)))
    names = list(dict.fromkeys([*classes, *said]))
    places = {name: place for place, name in enumerate(names)}
    document: dict[str, Any] = {
        "classes": names,
        "tile": [sheets.width, sheets.height],
        "pitch": sheets.pitch,
        "grid": [ACROSS, DOWN],
        "drawn": any(answer.is_signal for answer in shown),
        "answers": [
            [
                answer.name,
                places[answer.truth],
                [part for name, share in answer.said for part in (places[name], _share(share))],
                _share(answer.truth_probability),
            ]
            for answer in shown
        ],
        "sheets": [data_uri(file) for file in sheets.files],
    }
    return Markup(json.dumps(document, separators=(",", ":")).replace("<", r"\u003c"))


def _share(share: float) -> float | None:
    """Rounded, but to 0 or 1 only what is; None for what is no number."""
    if not math.isfinite(share):
        return None
    step = 10.0**-DIGITS
    return float(share) if share in (0.0, 1.0) else min(max(round(float(share), DIGITS), step), 1 - step)
