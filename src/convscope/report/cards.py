"""A record and what the network said of it, in the words of a page."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..drawing import wording
from . import pictures
from .content import Answer


@dataclass(frozen=True)
class Said:
    """A class that the network named, its probability as text and as the width of a bar."""

    name: str
    probability: str
    width: str
    true: bool


@dataclass(frozen=True)
class AnswerView:
    """A record and what the network said of it, as the page shows them: `source` is a data URI.

    `truth_probability` is there where the truth is not among what is `said`.
    """

    source: str
    signal: bool
    right: bool
    truth: str
    predicted: str
    probability: str
    said: tuple[Said, ...]
    truth_probability: str | None
    name: str


def answer_view(answer: Answer) -> AnswerView:
    """An answer in the words of the page."""
    said = tuple(
        Said(name, wording.percent(share), f"{100 * np.nan_to_num(share):.1f}%", name == answer.truth)
        for name, share in answer.said
    )
    return AnswerView(
        source=pictures.data_uri(pictures.of_record(answer.record)),
        signal=answer.is_signal,
        right=answer.right,
        truth=answer.truth,
        predicted=answer.predicted,
        probability=wording.percent(answer.probability),
        said=said,
        truth_probability=(
            None if any(row.true for row in said) else wording.percent(answer.truth_probability)
        ),
        name=answer.name,
    )
