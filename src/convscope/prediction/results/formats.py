"""The kinds of file that predictions are written as, by their ending."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from ...errors import DataError, UsageError
from ..prediction import Prediction
from .csv_file import write_csv
from .json_file import write_json, write_json_lines

Write = Callable[[Iterable[Prediction], BinaryIO, int], None]  # predictions, file, how many classes each


def _write_parquet(predictions: Iterable[Prediction], file: BinaryIO, top: int) -> None:
    from .parquet_file import write_parquet

    write_parquet(predictions, file, top)


FORMATS: dict[str, Write] = {
    ".csv": write_csv,
    ".json": lambda predictions, file, _: write_json(predictions, file),
    ".jsonl": lambda predictions, file, _: write_json_lines(predictions, file),
    ".parquet": _write_parquet,
}


def format_of(file: Path) -> Write:
    """What writes such a file.

    Raises `UsageError` for another ending, `DataError` where a package is missing for it.
    """
    ending = file.suffix.lower()
    if ending not in FORMATS:
        raise UsageError(f"{file} should end in {', '.join(FORMATS)}.")
    if ending == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise DataError(
                f"{file} cannot be written: pyarrow is not installed; pip install 'convscope[parquet]' "
                "brings it, or take .csv."
            ) from error
    return FORMATS[ending]
