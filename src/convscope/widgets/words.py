"""Settings of a convolution as Python's values, and in the words that the page speaks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import UsageError
from ..written_matrix import typed_filters, typed_matrix

Words = dict[str, str]


def written(name: str, value: Any) -> str:
    """A setting in words.

    >>> written("kernel", np.array([[1, 0], [0, -1]])), written("stride", (1, 2)), written("flip", True)
    ('1 0; 0 -1', '1,2', 'yes')
    >>> written("kernel", np.arange(8).reshape(2, 2, 2)), written("at", (1, 2)), written("pool", None)
    ('0 1; 2 3 / 4 5; 6 7', '1,2', '')
    """
    if name == "kernel" and isinstance(value, np.ndarray):
        return typed(value)
    if name == "flip":
        return "yes" if value else ""
    if name == "bias" and value is not None:
        return " ".join(map(_number, np.ravel(value)))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(map(str, value))
    return "" if value is None else str(value)


def read(name: str, words: str) -> Any:
    """The value of a setting. Raises `UsageError` for what is none.

    >>> read("kernel", "1 0; 0 -1").tolist(), read("kernel", "gaussian:2"), read("padding", "1,2")
    ([[1, 0], [0, -1]], 'gaussian:2', (1, 2))
    >>> read("flip", "yes"), read("at", ""), read("bias", "0.5")
    (True, None, 0.5)
    """
    words = words.strip()
    if name == "flip":
        return words == "yes"
    if name in ("border", "then") or (name == "padding" and words[:1] not in "-0123456789"):
        return words
    if not words:
        return None
    if name == "kernel":
        planes = typed_planes(words)
        return words if planes is None else planes
    if name == "bias":
        numbers = typed_matrix(words)
        if numbers is None or numbers.ndim != 1:
            raise UsageError(f"bias {words!r} should be a number, or one for each filter.")
        return numbers[0].item() if len(numbers) == 1 else tuple(numbers.tolist())
    if name in ("padding", "stride", "dilation", "at"):
        return _axes(name, words)
    return words


def means(name: str, words: str, value: Any) -> bool:
    """Whether the words of a setting mean a value; what was typed stays as it was typed then.

    >>> means("kernel", "1 0;0 -1", np.array([[1, 0], [0, -1]])), means("stride", "2", (2, 2))
    (True, False)
    """
    try:
        return same(read(name, words), value)
    except UsageError:
        return False


def same(one: Any, other: Any) -> bool:
    """Whether two values of a setting are the same: numbers of any type; one row may stand in a list.

    >>> same(np.array([1, 2]), np.array([[1.0, 2.0]])), same("box", np.array([1, 2]))
    (True, False)
    """
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(_bare(one), _bare(other))
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return False
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _bare(numbers: np.ndarray) -> np.ndarray:
    while numbers.ndim > 1 and len(numbers) == 1:
        numbers = numbers[0]
    return numbers


def typed(numbers: np.ndarray) -> str:
    """Numbers as people type them: rows apart by `;`, planes by `/`, filters by `//`.

    >>> typed(np.array([0.1, 1, -2]))
    '0.1 1 -2'
    """
    if numbers.ndim > 2:
        return (" / " if numbers.ndim == 3 else " // ").join(map(typed, numbers))
    return "; ".join(" ".join(map(_number, row)) for row in np.atleast_2d(numbers))


def typed_planes(text: str) -> np.ndarray | None:
    """The inverse of `typed`, as far as there are several of a kind; None where it begins with no number.

    >>> typed_planes("1 2; 3 4 / 5 6; 7 8").shape, typed_planes("1 / 2 // 3 / 4").shape, typed_planes("box")
    ((2, 2, 2), (2, 2, 1), None)
    """
    filters = typed_filters(text)
    return None if filters is None else _bare(filters) if filters.shape[0] == 1 else filters


def _number(value: Any) -> str:
    number = value.item() if isinstance(value, np.generic) else value
    whole = isinstance(number, float) and number.is_integer() and abs(number) < 1e15
    return str(int(number)) if whole or isinstance(number, bool) else repr(number)


def _axes(name: str, words: str) -> int | tuple[int, ...]:
    try:
        numbers = tuple(int(word) for word in re.split("[x×,]", words))
    except ValueError as error:
        raise UsageError(f"{name} {words!r} should be whole numbers, such as 1 or 1,2.") from error
    return numbers if len(numbers) > 1 or name == "at" else numbers[0]
