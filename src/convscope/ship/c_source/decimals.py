"""float32 numbers as C writes them, exact: nine digits name every one of them (Steele & White 1990)."""

from __future__ import annotations

import re

import numpy as np

PER_LINE = 5
BLOCK = 1 << 17  # numbers that are formatted in one go
_WHOLE = re.compile(r"(?<![\w.+-])-?\d+(?=f)")


def decimal(value: float) -> str:
    """One number.

    >>> decimal(0.5), decimal(-3.0), decimal(1e-5)
    ('0.5f', '-3.0f', '9.99999975e-06f')
    """
    return _WHOLE.sub(r"\g<0>.0", f"{np.float32(value):.9g}f")


def rows(values: np.ndarray) -> str:
    """The numbers between the braces of an array, some on each line.

    >>> print(rows(np.array([1, 0.1, -2.5, 3, 4, 5], dtype=np.float32)))
        1.0f, 0.100000001f, -2.5f, 3.0f, 4.0f,
        5.0f,
    """
    flat = values.ravel()
    return "\n".join(_block(flat[start : start + _LINES]) for start in range(0, len(flat), _LINES))


_LINES = BLOCK // PER_LINE * PER_LINE


def _block(values: np.ndarray) -> str:
    lines, rest = divmod(len(values), PER_LINE)
    whole = ["    " + ", ".join(["%.9gf"] * PER_LINE) + ","] * lines
    if rest:
        whole.append("    " + ", ".join(["%.9gf"] * rest) + ",")
    text = "\n".join(whole) % tuple(values.tolist())
    return _WHOLE.sub(r"\g<0>.0", text) if (values == np.rint(values)).any() else text
