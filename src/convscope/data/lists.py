"""Lists of pictures with their classes: the rows of a CSV or Parquet file, checked and laid out."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import DataError
from .layout import PARTS, Layout, Picture
from .pictures import EXTENSIONS

#: The names a column may have, the first that is there counts; letters may be small or large.
PATH_COLUMNS = (
    "path",
    "file",
    "filename",
    "file_name",
    "filepath",
    "file_path",
    "image",
    "image_path",
    "img",
    "img_path",
    "picture",
)
LABEL_COLUMNS = ("label", "class", "target", "category", "class_name", "label_name", "y")
PART_COLUMNS = ("split", "part", "set", "subset", "partition")

_PARTS = {word: part for part, words in PARTS.items() for word in words} | {"dev": "validation"}
_DELIMITERS = ",;\t"


class Row(NamedTuple):
    """A picture of a list, from a line or row of this number."""

    number: int
    picture: Picture
    written: str
    label: str
    part: str


class Columns(NamedTuple):
    """The positions of the columns; those of class and part are None where there is none."""

    path: int
    label: int | None
    part: int | None


@dataclass
class ListLayout(Layout):
    """The pictures of a list, under the names that the list has for them."""

    order: tuple[str, ...] = ()
    written: dict[Picture, str] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.order

    def short_name(self, picture: Picture) -> str:
        return self.written[picture]

    def identity(self, part: str, label: str, picture: Picture) -> str:
        return f"{part}/{label}/{self.written[picture]}"


def csv_layout(path: Path, *, fewest_classes: int = 2) -> ListLayout:
    """The pictures in a CSV file with a column for the path and one for the class; a third may say the part.

    Paths are relative to the list's folder. Columns are apart by comma, semicolon or tab, whichever the
    first line has most of; the text is UTF-8 (or UTF-16 with its mark). Without a line of names the columns
    are path, class and, where it is train, val or test throughout, part.

    Raises `DataError` with the line for what cannot be a list, or contradicts itself.
    """
    return lay_out(path, csv_rows(path), "line", fewest_classes)


def csv_rows(path: Path, *, labelled: bool = True) -> Iterator[Row]:
    """The rows of a CSV file; `labelled` False does without a column for the class."""
    lines = _lines(path)
    try:
        number, first = next(lines)
    except StopIteration:
        raise DataError(f"{path} is empty; it should list a path and a class per line.") from None
    columns = find_columns(first, path, labelled=labelled)
    if columns is None:
        columns = _unnamed(first, path, labelled)
        yield _row(path, number, first, columns)
    for number, cells in lines:
        yield _row(path, number, cells, columns)


def find_columns(names: Sequence[str], path: Path, *, labelled: bool = True) -> Columns | None:
    """The columns by their names; None where none of the names is known. `DataError` where one is lacking."""
    lower = [name.strip().lower() for name in names]

    def position(known: Sequence[str]) -> int | None:
        return next((lower.index(name) for name in known if name in lower), None)

    found = position(PATH_COLUMNS), position(LABEL_COLUMNS), position(PART_COLUMNS)
    if found == (None, None, None):
        return None
    picture, label, part = found
    for column, what, known in ((picture, "picture", PATH_COLUMNS), (label, "class", LABEL_COLUMNS)):
        if column is None and (labelled or what == "picture"):
            raise DataError(
                f"{path} has the columns {', '.join(names)}, and none for the {what}; "
                f"call it {', '.join(known[:3])} or {known[3]}."
            )
    assert picture is not None
    return Columns(picture, label, part)


def lay_out(path: Path, rows: Iterable[Row], word: str, fewest_classes: int = 2) -> ListLayout:
    """The rows in parts and classes; `word` is "line" or "row", for messages.

    Numbers as classes are put in the order of their values, names in that of the alphabet.
    """
    layout = ListLayout(path, {})
    seen: dict[str, Row] = {}
    again = 0
    for row in rows:
        key = os.path.normpath(str(row.picture))
        before = seen.setdefault(key, row)
        if before is row:
            layout.parts.setdefault(row.part, {}).setdefault(row.label, []).append(row.picture)
            layout.written[row.picture] = row.written
            continue
        again += 1
        for what, one, other in (("classes", before.label, row.label), ("parts", before.part, row.part)):
            if one != other:
                raise DataError(
                    f"{path}: {row.written} has two {what}, {one!r} in {word} {before.number} and "
                    f"{other!r} in {word} {row.number}; keep one."
                )
    if not seen:
        raise DataError(f"{path} lists no pictures.")
    if "train" not in layout.parts:
        raise DataError(f"{path} has {' and '.join(layout.parts)} pictures but none to train on.")
    known = layout.parts["train"]
    for part, classes in layout.parts.items():
        for label, pictures in classes.items():
            if label not in known:
                number = next(row.number for row in seen.values() if row.picture is pictures[0])
                raise DataError(
                    f"{path}: the class {label!r} ({word} {number}) has {part} pictures but none to train on."
                )
    if len(known) < fewest_classes:
        raise DataError(f"{path} has one class only, {next(iter(known))!r}; a classifier needs at least two.")
    layout.order = ordered(known)
    layout.parts = {part: layout.parts[part] for part in PARTS if part in layout.parts}
    if again:
        noun = f"{word}s of {path.name} repeat" if again > 1 else f"{word} of {path.name} repeats"
        layout.notes.append(f"{again} {noun} another and count{'' if again > 1 else 's'} once.")
    return layout


def ordered(labels: Iterable[str]) -> tuple[str, ...]:
    """Class names in order: by value where all are whole numbers.

    >>> ordered(["10", "9"]), ordered(["b", "10"])
    (('9', '10'), ('10', 'b'))
    """
    names = list(labels)
    if all(re.fullmatch(r"-?\d{1,18}", name) for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def part_of(text: str, where: str) -> str:
    """The part that a word stands for. Raises `DataError` for one that is none, naming `where`."""
    part = _PARTS.get(text.strip().lower())
    if part is None:
        raise DataError(f"{where} has the part {text.strip()!r}; write train, val or test.")
    return part


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and cells, without empty lines; only the line that was read last is in memory."""
    number = 0
    try:
        with path.open("rb") as file:
            text = _text(path, file)
            head = list(_until_words(text))
            first = head[-1] if head else ""
            delimiter = max(_DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))
            reader = csv.reader(chain(head, text), delimiter=delimiter, strict=True)
            for cells in reader:
                number = reader.line_num
                if any(cell.strip() for cell in cells):
                    yield number, cells
    except csv.Error as error:
        raise DataError(f"{path}, line {max(reader.line_num, number)}: {error}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _text(path: Path, file: BinaryIO) -> Iterator[str]:
    """The lines, each decoded by itself, so that all those before one that is no text are there."""
    wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")()
    number, waiting = 1, ""
    for piece in chain(file, [b""]):  # up to a byte 10, which ends a line of UTF-8, or is half of what does
        try:
            waiting += decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            raise DataError(
                f"{path}, line {number}: this is not text in UTF-8; save the list as UTF-8."
            ) from error
        lines = list(io.StringIO(waiting, newline=""))
        waiting = lines.pop() if lines and piece and not waiting.endswith("\n") else ""
        number += len(lines)
        yield from lines


def _until_words(lines: Iterator[str]) -> Iterator[str]:
    """The lines up to the first that is not empty."""
    for line in lines:
        yield line
        if line.strip():
            return


def _unnamed(first: list[str], path: Path, labelled: bool) -> Columns:
    """The columns of a list whose first line is a picture already."""
    if Path(first[0].strip()).suffix.lower() not in EXTENSIONS or (labelled and len(first) < 2):
        raise DataError(
            f"{path} begins with {', '.join(first)[:80]!r}, which names neither a picture nor the columns; "
            "let its first line be path,label (a third column, split, may say train, val or test)."
        )
    has_part = len(first) > 2 and first[2].strip().lower() in _PARTS
    return Columns(0, 1 if len(first) > 1 else None, 2 if has_part else None)


def _row(path: Path, number: int, cells: list[str], columns: Columns) -> Row:
    where = f"{path}, line {number}"
    needed = max(position for position in columns if position is not None) + 1
    if len(cells) < needed:
        raise DataError(f"{where} has {len(cells)} of {needed} columns.")
    written = cells[columns.path].strip()
    label = "" if columns.label is None else cells[columns.label].strip()
    if not written or (columns.label is not None and not label):
        raise DataError(f"{where} has no {'class' if written else 'path'}; add it, or take the line out.")
    if "\0" in written:
        raise DataError(f"{where}: {written!r} is not a path.")
    part = "train" if columns.part is None else part_of(cells[columns.part], where)
    return Row(number, picture_path(path.parent, written), written, label, part)


def picture_path(folder: Path, written: str) -> Path:
    """The file that a list in `folder` means; a path with backslashes alone is one of Windows."""
    if os.sep == "/" and "\\" in written and "/" not in written:
        written = written.replace("\\", "/")
    return folder / written
