"""What commands print: JSON documents, tables and sentences on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from ..metrics import Evaluation, wilson_interval


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Rows in columns two spaces apart, the first row as headings; `right` columns end together.

    >>> print(table([("net", "parameters"), ("lenet-5", "61,706")], right=[1]))
    net      parameters
    lenet-5      61,706
    """
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def percent(share: float, digits: int = 2) -> str:
    """
    >>> percent(0.98765)
    '98.77 %'
    """
    return f"{share:.{digits}%}".replace("%", " %")


def evaluation_sentence(evaluation: Evaluation) -> str:
    """The figures of an evaluation, and what they are of where that is not a test set."""
    low, high = wilson_interval(evaluation.correct, evaluation.count)
    caution = {
        "validation": "\nNo test set: these are validation figures.",
        "train": "\nNo test and no validation pictures: these are figures of the training pictures.",
    }.get(evaluation.split, "")
    return (
        f"{evaluation.split.capitalize()} accuracy {percent(evaluation.accuracy)}, "
        f"loss {evaluation.loss:.4f}\n"
        f"{evaluation.correct:,} of {evaluation.count:,} right; 95 % interval "
        f"{percent(low, 1).removesuffix(' %')} to {percent(high, 1)}{caution}"
    )
