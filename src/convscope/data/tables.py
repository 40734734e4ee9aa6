"""Parquet files of pictures: a column of paths, or of the pictures' own bytes as Hugging Face writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConvscopeError, DataError
from .layout import Picture
from .lists import Columns, ListLayout, Row, find_columns, lay_out, ordered, part_of, picture_path
from .stored import HeldFile, Spool, StoredFile

_AT_ONCE = 256  # rows in memory


class TablePicture(StoredFile):
    """The bytes of a picture in one row; called "pictures.parquet/17"."""

    def __init__(self, path: Path, number: int, spool: Spool, place: tuple[int, int]) -> None:
        self.name = f"{path}/{number}"
        self._spool = spool
        self._place = place

    def __str__(self) -> str:
        return self.name

    def read_bytes(self) -> bytes:
        return self._spool.read(*self._place)


def parquet_layout(paths: Sequence[Path]) -> ListLayout:
    """The pictures in Parquet files that belong together, as the shards of a data set do.

    The columns have the names of a CSV list. The pictures are paths, bytes, or `image` with `bytes` and
    `path`; bytes are copied to a temporary file without a name. Where there is no column for the part, the
    name of each file may begin with it, as in train-00000-of-00002.parquet. Numbers as classes get the names
    that Hugging Face keeps beside the columns.

    Raises `DataError` for a damaged file or lacking columns, and `ConvscopeError` where pyarrow is not
    installed.
    """
    whole = paths[0] if len(paths) == 1 else paths[0].parent
    names: list[str] = []

    def rows() -> Iterator[Row]:
        for path in paths:
            yield from parquet_rows(path, names=names, by_name=len(paths) > 1)

    layout = lay_out(whole, rows(), "row")
    layout.order = tuple(name for name in names if name in layout.order) or ordered(layout.order)
    return layout


def parquet_rows(
    path: Path, *, labelled: bool = True, names: list[str] | None = None, by_name: bool = False
) -> Iterator[Row]:
    """The rows of a Parquet file, numbered from 0; `names` is given the names of its classes.

    The bytes of pictures are copied to a temporary file, and where no labels are needed, as rows are then
    read once, kept until the next row.
    """
    pyarrow, parquet = _pyarrow(path)
    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            columns = find_columns(schema.names, path, labelled=labelled)
            if columns is None:
                raise DataError(
                    f"{path} has the columns {', '.join(schema.names)}; call the picture's path or image, "
                    "and the class's label."
                )
            known = _class_names(schema, columns)
            if names is not None:
                names[:] = known
            wanted = [schema.names[position] for position in columns if position is not None]
            spool = Spool(str(path)) if labelled else None
            number = 0
            default = _part_in_name(path) if by_name else "train"
            for batch in file.iter_batches(batch_size=_AT_ONCE, columns=wanted):
                for cells in zip(*(batch.column(name).to_pylist() for name in wanted), strict=True):
                    yield _row(
                        path,
                        number,
                        dict(zip(wanted, cells, strict=True)),
                        schema,
                        columns,
                        known,
                        spool,
                        default,
                    )
                    number += 1
    except pyarrow.ArrowException as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{path} is cut off, damaged or not a Parquet file ({reason}).") from error
    except OSError as error:
        reason = error.strerror or str(error).splitlines()[0].rstrip(".")
        raise DataError(f"{path} cannot be read: {reason}.") from error


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConvscopeError(
            f"{path}: reading Parquet needs pyarrow; install it with pip install 'convscope[parquet]', "
            "or save the list as CSV."
        ) from error
    return pyarrow, parquet


def _row(
    path: Path,
    number: int,
    cells: dict[str, Any],
    schema: Any,
    columns: Columns,
    names: list[str],
    spool: Spool | None,
    default: str,
) -> Row:
    where = f"{path}, row {number}"

    def cell(position: int | None) -> Any:
        return None if position is None else cells[schema.names[position]]

    content = cell(columns.path)
    written = content.get("path") if isinstance(content, dict) else content
    if isinstance(content, dict) and content.get("bytes") is not None:
        content = content["bytes"]
    elif isinstance(content, dict):
        content = written
    if isinstance(content, bytes):
        picture: Picture = (
            TablePicture(path, number, spool, spool.add([content]))
            if spool
            else HeldFile(f"{path}/{number}", content)
        )
        written = f"{path.name}/{number}"
    elif isinstance(content, str) and content.strip():
        picture = picture_path(path.parent, content.strip())
    else:
        raise DataError(f"{where} has no picture, but {content!r}.")
    label = "" if columns.label is None else _label(cell(columns.label), names, where)
    part = default if columns.part is None else part_of(str(cell(columns.part)), where)
    return Row(number, picture, str(written), label, part)


def _label(value: Any, names: list[str], where: str) -> str:
    """The name of a class, given as a name or a whole number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int) or value == "":
        raise DataError(f"{where} has no class, but {value!r}.")
    if names and isinstance(value, int):
        if not 0 <= value < len(names):
            raise DataError(
                f"{where} has the class {value}, but its {len(names)} names are for 0 to {len(names) - 1}."
            )
        return names[value]
    return str(value)


def _class_names(schema: Any, columns: Columns) -> list[str]:
    """The names that Hugging Face's `ClassLabel` keeps in the file's metadata, none for none."""
    if columns.label is None:
        return []
    try:
        document = json.loads((schema.metadata or {})[b"huggingface"])
        names = document["info"]["features"][schema.names[columns.label]]["names"]
    except (KeyError, TypeError, ValueError):
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _part_in_name(path: Path) -> str:
    word = re.split(r"[^A-Za-z]", path.stem)[0]
    try:
        return part_of(word, path.name)
    except DataError:
        return "train"
