"""A contact sheet: rows of pictures, pixel for pixel, with names, captions and a bar of their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..columns import printable, shortened
from ..ops.rendering.animation import font
from ..ops.rendering.theme import LIGHT

SIDE = 96  # pixels of a tile, about; a small picture's pixels become whole squares
MARGIN, GAP, GROUP_GAP = 16, 6, 22
TITLE, LETTERS, LINE = 17, 13, 20
LONGEST = 24  # letters of a name
BAR = (160, 10)  # pixels of a bar of colours


@dataclass(frozen=True)
class Tile:
    """A picture, uint8 (H, W, 1 or 3), and the lines that are written below it."""

    image: np.ndarray
    caption: str = ""


@dataclass(frozen=True)
class Bar:
    """The colours that numbers have, uint8 (N, 3), and what is written at its beginning, middle and end."""

    colours: np.ndarray
    labels: tuple[str, str, str]


@dataclass(frozen=True)
class Sheet:
    """The drawing, and for each row and tile where its picture's left upper corner is."""

    image: Image.Image
    scale: int  # a picture's pixel is a square of this side
    places: list[list[tuple[int, int]]]  # (x, y)


def contact_sheet(
    title: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Tile]]],
    headings: Sequence[str],
    *,
    side: int = SIDE,
    framed: bool = False,
    bar: Bar | None = None,
) -> Sheet:
    """Lines of a title, a bar of colours, then a row per name and its tiles, all pictures of one size.

    The headings stand above the first tiles and are repeated over the others: so many tiles are a group.
    `side` is that of a tile, about; `framed` ones have a line around them.

    >>> black = Tile(np.zeros((8, 8, 1), np.uint8))
    >>> sheet = contact_sheet(["digits"], [("0", [black, black]), ("1", [black])], ["", ""])
    >>> sheet.scale, sheet.image.size, sheet.places[1]
    (12, (248, 260), [(34, 148)])
    """
    height, width = rows[0][1][0].image.shape[:2]
    scale = max(1, round(side / max(height, width)))
    height, width = height * scale, width * scale
    letters, large = font(LETTERS), font(TITLE, bold=True)
    names = [shortened(printable(name), LONGEST) for name, _ in rows]
    captions = [line for _, tiles in rows for tile in tiles for line in tile.caption.split("\n")]
    cell: int = max(width, *(round(letters.getlength(text)) for text in (*headings, *captions)))
    left: int = MARGIN + round(max(map(letters.getlength, names))) + 10 * any(names)
    bar_top = MARGIN + (LINE + 6) * bool(title) + LINE * len(title[1:])
    top = bar_top + (BAR[1] + LINE + 4) * (bar is not None) + 4 + LINE * any(headings)
    below = LINE * max(
        (tile.caption.count("\n") + 1 for _, tiles in rows for tile in tiles if tile.caption), default=0
    )
    apart = GAP + (GAP if below > LINE else 0)
    most = max(len(tiles) for _, tiles in rows)

    def across(number: int) -> int:
        groups = number // len(headings)
        return left + number * (cell + GAP) + groups * (GROUP_GAP - GAP)

    right = max(across(most - 1) + cell, MARGIN + BAR[0] if bar else 0)
    right = (
        max(
            right,
            *(MARGIN + round(large.getlength(line)) for line in title[:1]),
            *(MARGIN + round(letters.getlength(line)) for line in title[1:]),
        )
        if title
        else right
    )
    bottom = top + len(rows) * (height + below + apart) - apart
    canvas = Image.new("RGB", (right + MARGIN, bottom + MARGIN), LIGHT["paper"])
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(title):
        at = MARGIN + (LINE + 6) * bool(number) + LINE * max(0, number - 1)
        pen.text((MARGIN, at), line, LIGHT["faint" if number else "ink"], letters if number else large)
    if bar is not None:
        _draw_bar(canvas, bar, bar_top + 4)
    for number in range(most):
        heading = headings[number % len(headings)]
        pen.text((across(number) + width / 2, top - LINE / 2), heading, LIGHT["faint"], letters, anchor="mm")
    places = []
    for row, (name, (_, tiles)) in enumerate(zip(names, rows, strict=True)):
        y = top + row * (height + below + apart)
        pen.text((left - 10, y + height / 2), name, LIGHT["ink"], letters, anchor="rm")
        places.append([(across(number), y) for number in range(len(tiles))])
        for (x, _), tile in zip(places[-1], tiles, strict=True):
            picture = Image.fromarray(tile.image[:, :, 0] if tile.image.shape[2] == 1 else tile.image)
            canvas.paste(picture.resize((width, height), Image.Resampling.NEAREST), (x, y))
            if framed:
                pen.rectangle((x - 1, y - 1, x + width, y + height), None, LIGHT["line"])
            for number, line in enumerate(tile.caption.split("\n")):
                place = (x + width / 2, y + height + LINE * (number + 0.5))
                pen.text(place, line, LIGHT["faint"], letters, anchor="mm")
    return Sheet(canvas, scale, places)


def stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets below each other, as one picture."""
    size = max(sheet.width for sheet in sheets), sum(sheet.height for sheet in sheets)
    canvas = Image.new("RGB", size, LIGHT["paper"])
    top = 0
    for sheet in sheets:
        canvas.paste(sheet, (0, top))
        top += sheet.height
    return canvas


def _draw_bar(canvas: Image.Image, bar: Bar, top: int) -> None:
    width, height = BAR
    pen = ImageDraw.Draw(canvas)
    colours = Image.fromarray(bar.colours[None]).resize(BAR, Image.Resampling.NEAREST)
    canvas.paste(colours, (MARGIN, top))
    pen.rectangle((MARGIN - 1, top - 1, MARGIN + width, top + height), None, LIGHT["line"])
    for text, share, anchor in zip(bar.labels, (0, 0.5, 1), ("lm", "mm", "rm"), strict=True):
        place = (MARGIN + share * width, top + height + LINE / 2)
        pen.text(place, text, LIGHT["faint"], font(LETTERS), anchor=anchor)
