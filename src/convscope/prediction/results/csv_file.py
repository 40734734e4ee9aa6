"""Predictions as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import BinaryIO

from ..prediction import Prediction
from .columns import kinds, names, shares

UNSURE = {True: "true", False: "false", None: ""}


def write_csv(predictions: Iterable[Prediction], file: BinaryIO, top: int) -> None:
    r"""A line of names, then one per prediction, in UTF-8; what has no UTF-8 becomes a backslash escape.

    A probability has all the digits that it needs to be read back as it was; kinds of warnings are apart by
    a space.

    >>> file = io.BytesIO()
    >>> write_csv([Prediction("a.png", (("cat", 0.75), ("dog", 0.25)))], file, 2)
    >>> print(file.getvalue().decode())
    path,class,probability,unsure,error,warnings,class_2,probability_2
    a.png,cat,0.75,,,,dog,0.25
    """
    text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names(top))
    for one in predictions:
        (label, probability), *others = shares(one, top)
        row = [one.path, label, probability, UNSURE[one.unsure], one.error, " ".join(kinds(one))]
        writer.writerow([*row, *(value for share in others for value in share)])
    text.flush()
    text.detach()
