"""Text in columns, for tables in a terminal and in files, and shortened for where it has to fit."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), gap: int = 2) -> list[str]:
    """A line per row, columns `gap` spaces apart; those in `right` end together, the others begin together.

    >>> print("\\n".join(columns([("net", "parameters"), ("lenet-5", "61,706")], right=[1])))
    net      parameters
    lenet-5      61,706
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        (" " * gap)
        .join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in rows
    ]


def shortened(text: str, length: int = 26) -> str:
    """
    >>> shortened("a-very-long-name-of-a-class", 12)
    'a-very…class'
    """
    ends = (length - 1) // 2
    return text if len(text) <= length else f"{text[: length - 1 - ends]}…{text[-ends:]}"
