"""Predictions as Parquet, a group of rows at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ..prediction import Prediction
from .columns import kinds, names, shares

ROWS = 65_536  # in a group, which is what memory holds


def schema(top: int) -> pa.Schema:
    """The columns: probabilities are float32, as networks give them; warnings are lists of their kinds."""
    first = {
        "path": pa.string(),
        "class": pa.string(),
        "probability": pa.float32(),
        "unsure": pa.bool_(),
        "error": pa.string(),
        "warnings": pa.list_(pa.string()),
    }
    others = {
        name: pa.string() if name.startswith("class") else pa.float32() for name in names(top)[len(first) :]
    }
    return pa.schema(list({**first, **others}.items()))


def write_parquet(predictions: Iterable[Prediction], file: BinaryIO, top: int) -> None:
    """A row per prediction; names that are not UTF-8 have backslash escapes, as in the CSV."""
    columns = schema(top)
    rows = (_row(one, top) for one in predictions)
    with pq.ParquetWriter(file, columns) as writer:
        for group in _groups(rows):
            by_column = zip(*group, strict=True)
            arrays = [pa.array(values, field.type) for values, field in zip(by_column, columns, strict=True)]
            writer.write_table(pa.table(arrays, schema=columns))


def _groups(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while group := list(islice(rows, ROWS)):
        yield group


def _row(one: Prediction, top: int) -> list[Any]:
    (label, probability), *others = shares(one, top)
    row = [_text(one.path), _text(label), probability, one.unsure, _text(one.error), kinds(one)]
    for label, probability in others:
        row += [_text(label), probability]
    return row


def _text(text: str | None) -> str | None:
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
