"""A matrix as people type it, "1 0 -1; 2 0 -2", or keep it: .csv and .npy."""

from __future__ import annotations

import io
import math
import re
import shlex
from fractions import Fraction
from pathlib import Path

import numpy as np

from .errors import DataError, UsageError

FILES = (".csv", ".txt", ".tsv", ".npy")
FILTERS, CHANNELS = (re.compile(rf"(?<!\S){mark}(?!\S)") for mark in ("//", "/"))


def typed_matrix(text: str) -> np.ndarray | None:
    """The numbers of a text, rows apart by ";"; one row gives one axis. None where it begins with no number.

    Raises `UsageError` for what is not a number and for rows of different lengths.

    >>> typed_matrix("1 0 -1; 2 0 -2"), typed_matrix("1/4, 1/2, 1/4"), typed_matrix("sobel-x")
    (array([[ 1,  0, -1],
           [ 2,  0, -2]]), array([0.25, 0.5 , 0.25]), None)
    """
    words = re.split(r"[\s,;]+", text.strip(" \t\n,;"))
    if not text.strip() or _number(words[0]) is None:
        return None
    try:
        rows = [_row(row) for row in re.split(r"[;\n]", text) if row.strip()]
        return _matrix(rows)
    except ValueError as error:
        raise UsageError(
            f'{shlex.quote(text)} is no matrix: {error}. Rows are set apart by ";": "1 0 -1; 2 0 -2".'
        ) from error


def typed_filters(text: str) -> np.ndarray | None:
    """The numbers of a text as (filters, channels, ...): a matrix each, or one axis where each has one row.

    Channels are apart by " / " and filters by " // ", with white space around; `1/4` is a fraction. None
    where it begins with no number. Raises `UsageError` as `typed_matrix` does, and where sizes
    differ.

    >>> typed_filters("1 2; 3 4 / 5 6; 7 8").shape, typed_filters("1 1/4 // 3 4 // 5 6").shape
    ((1, 2, 2, 2), (3, 1, 2))
    """
    if not FILTERS.search(text) and not CHANNELS.search(text):
        alone = typed_matrix(text)
        return None if alone is None else alone[None, None]
    if _number(re.split(r"[\s,;]+", text.strip(" \t\n,;"))[0]) is None:
        return None
    parts = [CHANNELS.split(part) for part in FILTERS.split(text)]
    try:
        filters = [[_plane(part) for part in each] for each in parts]
        sizes = {"×".join(map(str, np.atleast_2d(plane).shape)) for each in filters for plane in each}
        if len(sizes) > 1:
            raise ValueError(f"its channels have {' and '.join(sorted(sizes))} numbers")
        counts = {len(each) for each in filters}
        if len(counts) > 1:
            raise ValueError(f"its filters have {' and '.join(map(str, sorted(counts)))} channels")
        return np.array(filters)
    except ValueError as error:
        raise UsageError(
            f'{shlex.quote(text)} is no array: {error}. Channels of one size are set apart by " / ", filters '
            'by " // ": "1 2; 3 4 / 5 6; 7 8".'
        ) from error


def _plane(text: str) -> np.ndarray:
    if not text.strip(" \t\n,;"):
        raise ValueError("beside a slash there are no numbers")
    return _matrix([_row(row) for row in re.split(r"[;\n]", text) if row.strip()])


def stored_matrix(path: Path) -> np.ndarray:
    """The numbers of a .npy file, or of a text file with a row per line. Raises `DataError` with the line."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    if path.suffix.lower() == ".npy":
        try:
            return np.asarray(np.load(io.BytesIO(content), allow_pickle=False))
        except (ValueError, EOFError, OSError) as error:
            raise DataError(f"{path} is not a .npy file of numbers.") from error
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not text; numbers in rows, apart by commas or spaces, are read."
        ) from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(_row(line))
                _matrix(rows[-1:] if len(rows) == 1 else [rows[0], rows[-1]])
            except ValueError as error:
                raise DataError(f"{path}, line {number}: {error}.") from error
    if not rows:
        raise DataError(f"{path} holds no numbers.")
    return _matrix(rows)


def matrix_bytes(path: Path, numbers: np.ndarray) -> bytes:
    """The content of a .npy file, or of a .csv, of at most rows and columns."""
    content = io.BytesIO()
    if path.suffix.lower() == ".npy":
        np.save(content, numbers, allow_pickle=False)
        return content.getvalue()
    lines = (
        ",".join(f"{number:.17g}" if number % 1 else f"{number:.0f}" for number in row)
        for row in np.atleast_2d(numbers).tolist()
    )
    return ("\n".join(lines) + "\n").encode()


def _row(text: str) -> list[int | float]:
    numbers = []
    for word in re.split(r"[\s,;]+", text.strip(" \t\r\n,;")):
        number = _number(word)
        if number is None:
            raise ValueError(f"{word!r} is not a number")
        if not math.isfinite(number):
            raise ValueError(f"it holds {word}")
        numbers.append(number)
    return numbers


def _number(word: str) -> int | float | None:
    """
    >>> _number("3"), _number("1/4"), _number("\N{MINUS SIGN}1e-3"), _number("x")
    (3, 0.25, -0.001, None)
    """
    plain = word.replace("\N{MINUS SIGN}", "-")  # as pages and books write it
    for read in (int, float, lambda text: float(Fraction(text))):
        try:
            return read(plain)
        except (ValueError, ZeroDivisionError):
            continue
    return None


def _matrix(rows: list[list[int | float]]) -> np.ndarray:
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1:
        raise ValueError(f"rows have {' and '.join(map(str, sorted(set(lengths))))} numbers")
    try:
        return np.array(rows[0] if len(rows) == 1 else rows)
    except OverflowError as error:
        raise ValueError("a number is too large") from error
