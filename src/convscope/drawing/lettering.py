"""How wide a text is about, without the reader's font, and texts cut so that they fit."""

from __future__ import annotations

import unicodedata

NARROW, WIDE, CAPITAL, OTHER, FULL = 0.37, 0.99, 0.73, 0.62, 1.1  # in units of the size, rather too wide
BOLD = 1.08


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """At most how wide a text is in a system's sans-serif font, in the units of `size`.

    >>> width_of("conv1", 10) < width_of("CONV1", 10) < width_of("CONV1", 10, bold=True)
    True
    """
    return sum(map(_width, text)) * size * (BOLD if bold else 1)


def fitted(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """The text, or its beginning and its end with … between them, so that it is no wider than `width`.

    >>> fitted("encoder.layer4.1.downsample.0", 120, 12)
    'encoder.…ample.0'
    """
    if width_of(text, size, bold=bold) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        end = kept // 2
        cut = f"{text[: kept - end]}…{text[len(text) - end :]}"
        if width_of(cut, size, bold=bold) <= width:
            return cut
    return "…"


def _width(character: str) -> float:
    if character in "ijlt.:,;'|!()[] -/·":
        return NARROW
    if character == "×":
        return 0.84
    if character in "mwMW@%…→":
        return WIDE
    if unicodedata.combining(character):
        return 0
    if ord(character) > 0x2E7F or unicodedata.east_asian_width(character) in "FW":
        return FULL
    if ord(character) > 0x24F:  # other scripts
        return WIDE
    return CAPITAL if character.isupper() else OTHER
