"""Numbers as a person writes them, with the digits they gave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..errors import DataError

EXACT = 1e-9  # relative; for what is written without decimals, or with all of a float's
LARGEST = 10**12
MOST_AXES = 4  # filters, channels, rows, columns

Claims = Any  # an array of Claim or None, in the shape of what is claimed


@dataclass(frozen=True)
class Claim:
    """A number that is claimed: its value, and how far from it the right one may be.

    Decimals are right to the digits given: 2.33 stands for what rounds to it, from 2.325 to 2.335. A number
    without decimals, and a fraction, stand for themselves.
    """

    value: float
    tolerance: float = 0.0
    decimals: int = 0

    @classmethod
    def of(cls, value: Any, where: str) -> Claim:
        """
        >>> Claim.of(2.33, "result").tolerance, Claim.of("7/3", "result").tolerance
        (0.005, 0.0)
        """
        number: int | Decimal | Fraction
        try:
            if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
                raise ValueError
            if isinstance(value, str):
                number = Fraction(value)
            else:
                number = Decimal(repr(float(value))) if isinstance(value, float) else value
            if not abs(float(number)) <= LARGEST:
                raise ValueError
        except (ValueError, ArithmeticError):
            raise DataError(
                f'{where} is {_short(value)}, and should be a number such as 3, 2.5 or "7/3", of at most '
                f"{LARGEST:g}."
            ) from None
        decimals = 0
        if isinstance(number, Decimal):
            decimals = max(0, -int(number.as_tuple().exponent))
        return cls(float(number), 0.5 * 10.0**-decimals if decimals else 0.0, decimals)

    def holds(self, right: float) -> bool:
        """Whether the right number is the one that is claimed."""
        allowed = self.tolerance + EXACT * max(1.0, abs(right))
        return bool(abs(self.value - right) <= allowed)


def entries(value: Any, where: str) -> Claims:
    """Claims in the shape of nested lists, None where there is null.

    Raises `DataError` for rows of different lengths and for what is no number.
    """
    value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
    shape = _shape(value, where)
    if len(shape) > MOST_AXES:
        raise DataError(f"{where} is nested {len(shape)} lists deep, and should be so at most {MOST_AXES}.")
    found = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        one = value
        for index in place:
            one = one[index]
        at = f"{where} at {list(place)}" if place else where
        found[place] = None if one is None else Claim.of(one, at)
    return found


def holds(claim: Claim | None, right: Any) -> bool:
    """Whether there is a claim, and it is right."""
    return claim is not None and claim.holds(float(right))


def fitted(claims: Claims, shape: tuple[int, ...], *, anyhow: bool = False) -> Claims:
    """Claims in the right shape, where only axes of one at the start differ; or `anyhow`."""

    def core(sizes: tuple[int, ...]) -> tuple[int, ...]:
        return core(sizes[1:]) if sizes[:1] == (1,) else sizes

    fits = core(claims.shape) == core(shape) or (anyhow and claims.size == np.prod(shape))
    return claims.reshape(shape) if fits else claims


def plain(value: Any) -> int | float:
    """A number as Python's, whole where it is."""
    number = float(value)
    return int(number) if number.is_integer() else number


def said(claim: Claim | None) -> str:
    return "nothing" if claim is None else f"{plain(claim.value)}"


def listed(claims: Claims) -> Any:
    """The claimed numbers as nested lists, None where there is none."""
    values = np.array([None if claim is None else plain(claim.value) for claim in claims.flat], dtype=object)
    return values.reshape(claims.shape).tolist()


def numbers(document: Mapping[str, Any], key: str) -> np.ndarray:
    """An array of the document: integers where all are, else floats. Raises `DataError`."""
    claims = entries(document[key], key)
    if any(claim is None for claim in claims.flat):
        raise DataError(f"{key} has null in it, and should be numbers.")
    values = np.array([claim.value for claim in claims.flat]).reshape(claims.shape)
    whole = np.rint(values)
    # the sums of products of larger ones would not be exact
    if np.array_equal(values, whole) and np.abs(values).max() < 1 << 24:
        values = whole.astype(np.int64)
    return np.asarray(values)


def _shape(value: Any, where: str) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        return ()
    if not value:
        raise DataError(f"{where} is an empty list, and should have numbers.")
    shapes = [_shape(one, where) for one in value]
    for row, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise DataError(
                f"{where} has rows of different lengths: {_length(shapes[0])} in row 0, "
                f"{_length(shape)} in row {row}, counted from 0."
            )
    return (len(value), *shapes[0])


def _length(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) if shape else "a number"


def _short(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 40 else f"{text[:39]}…"
