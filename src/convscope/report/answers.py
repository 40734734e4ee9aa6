"""The answers as the page's script reads them: names and numbers beside the sheets with their pictures."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ..metrics import Evaluation
from .content import Answer
from .pictures import data_uri
from .sheets import ACROSS, DOWN, Sheets

DIGITS = 5  # of a probability


def answers_json(answers: Sequence[Answer], sheets: Sheets, evaluation: Evaluation) -> Markup:
    r"""A JSON document, safe inside a script element; an answer is [name, truth, [class, share, ...], share].

    Classes are positions in `classes`, which those of the evaluation lead; the last share is the truth's.
    `unlisted` are the mistakes without an answer: [truth, predicted, how many].

    >>> from convscope.metrics import evaluate
    >>> from .sheets import make_sheets
    >>> one = evaluate(np.zeros((1, 1), np.float32), np.array([0]), ["<b>"])
    >>> answers_json([], make_sheets([]), one)[:24]
    Markup('{"classes":["\\u003cb>"],')
    """
    shown = answers[: sheets.count]
    classes = [figures.name for figures in evaluation.per_class]
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
        "unlisted": _unlisted(shown, evaluation.confusion, places),
        "sheets": [data_uri(file) for file in sheets.files],
    }
    return Markup(json.dumps(document, separators=(",", ":")).replace("<", r"\u003c"))


def _unlisted(
    shown: Sequence[Answer], confusion: npt.NDArray[np.int64], places: Mapping[str, int]
) -> list[list[int]]:
    left = confusion.copy()
    np.fill_diagonal(left, 0)
    for answer in shown:
        if not answer.right:
            left[places[answer.truth], places[answer.predicted]] -= 1
    return [[*map(int, cell), int(left[tuple(cell)])] for cell in np.argwhere(left > 0)]


def _share(share: float) -> float | None:
    """Rounded, but to 0 or 1 only what is; None for what is no number."""
    if not math.isfinite(share):
        return None
    step = 10.0**-DIGITS
    return float(share) if share in (0.0, 1.0) else min(max(round(float(share), DIGITS), step), 1 - step)
