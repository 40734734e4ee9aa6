"""Text in columns, for tables in a terminal and in files; names shortened to fit, sizes as they are read."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def columns(rows: Sequence[Sequence[str]], *, right: Collection[int] = (), gap: int = 2) -> list[str]:
    """A line per row, columns `gap` spaces apart; those in `right` end together, the others begin together.

    >>> print("\\n".join(columns([("net", "parameters"), ("lenet-5", "61,706")], right=[1])))
    net      parameters
    lenet-5      61,706
    """
    rows = [[printable(cell) for cell in row] for row in rows]
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


def printable(text: str) -> str:
    r"""Text whose control characters, as names of files may have, are escaped.

    >>> print(printable("red\033[31m\n"))
    red\x1b[31m\n
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shortened(text: str, length: int = 26) -> str:
    """
    >>> shortened("a-very-long-name-of-a-class", 12)
    'a-very…class'
    """
    ends = (length - 1) // 2
    return text if len(text) <= length else f"{text[: length - 1 - ends]}…{text[-ends:]}"


def in_bytes(count: int) -> str:
    """
    >>> in_bytes(512), in_bytes(12_345), in_bytes(340_000_000)
    ('512 B', '12.3 kB', '340 MB')
    """
    for unit, size in (("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        if count < 999.5 * size or unit == "GB":
            break
    digits = 1 if size > 1 and count < 99.95 * size else 0
    return f"{count / size:.{digits}f} {unit}"
