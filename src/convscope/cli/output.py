"""What commands print: JSON documents, tables and sentences on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

from ..metrics import Evaluation, wilson_interval

WIDTH = 80  # columns that any terminal has


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def percent(share: float, digits: int = 2) -> str:
    """
    >>> percent(0.98765)
    '98.77 %'
    """
    return f"{share:.{digits}%}".replace("%", " %")


def evaluation_sentence(evaluation: Evaluation) -> str:
    """The figures of an evaluation, and what they are of."""
    low, high = wilson_interval(evaluation.correct, evaluation.count)
    return (
        f"{evaluation.split.capitalize()} accuracy {percent(evaluation.accuracy)}, "
        f"loss {evaluation.loss:.4f}\n"
        f"{evaluation.correct:,} of {evaluation.count:,} right; 95 % interval "
        f"{percent(low, 1).removesuffix(' %')} to {percent(high, 1)}"
    )
