"""Predictions as one JSON document, or as a line of JSON each."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ..prediction import Prediction


def pieces(records: Iterable[Any]) -> Iterator[str]:
    """The text of a JSON list, piece by piece: what `json.dump(records, indent=1)` writes, and a line end.

    >>> text = "".join(pieces({"a": n} for n in range(2)))
    >>> text == json.dumps([{"a": 0}, {"a": 1}], indent=1) + "\\n"
    True
    """
    before = "[\n "
    for record in records:
        yield before + _dumped(record, indent=1).replace("\n", "\n ")
        before = ",\n "
    yield "[]\n" if before == "[\n " else "\n]\n"


def write_json(predictions: Iterable[Prediction], file: BinaryIO) -> None:
    """The list that `convscope predict --json` prints, in UTF-8."""
    _write(pieces(one.to_dict() for one in predictions), file)


def write_json_lines(predictions: Iterable[Prediction], file: BinaryIO) -> None:
    """The same records, a line each."""
    _write((_dumped(one.to_dict()) + "\n" for one in predictions), file)


def _dumped(record: Any, indent: int | None = None) -> str:
    return json.dumps(record, indent=indent, ensure_ascii=False, allow_nan=False)


def _write(text: Iterable[str], file: BinaryIO) -> None:
    """In JSON a backslash escape is read back as what it stands for, in names that are not UTF-8 too."""
    written = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
    written.writelines(text)
    written.flush()
    written.detach()
