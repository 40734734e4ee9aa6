"""A contact sheet: rows of pictures, pixel for pixel, with a name before each row."""

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


@dataclass(frozen=True)
class Tile:
    """A picture, uint8 (H, W, 1 or 3), and what is written below it."""

    image: np.ndarray
    caption: str = ""


@dataclass(frozen=True)
class Sheet:
    """The drawing, and for each row and tile where its picture's left upper corner is."""

    image: Image.Image
    scale: int  # a picture's pixel is a square of this side
    places: list[list[tuple[int, int]]]  # (x, y)


def contact_sheet(
    title: Sequence[str], rows: Sequence[tuple[str, Sequence[Tile]]], headings: Sequence[str]
) -> Sheet:
    """Lines of a title, then a row per name and its tiles, all pictures of one size.

    The headings stand above the first tiles and are repeated over the others: so many tiles are a group.

    >>> black = Tile(np.zeros((8, 8, 1), np.uint8))
    >>> sheet = contact_sheet(["digits"], [("0", [black, black]), ("1", [black])], ["", ""])
    >>> sheet.scale, sheet.image.size, sheet.places[1]
    (12, (248, 260), [(34, 148)])
    """
    height, width = rows[0][1][0].image.shape[:2]
    scale = max(1, round(SIDE / max(height, width)))
    height, width = height * scale, width * scale
    letters, large = font(LETTERS), font(TITLE, bold=True)
    names = [shortened(printable(name), LONGEST) for name, _ in rows]
    captions = [tile.caption for _, tiles in rows for tile in tiles]
    cell: int = max(width, *(round(letters.getlength(text)) for text in (*headings, *captions)))
    left: int = MARGIN + round(max(map(letters.getlength, names))) + 10
    top = MARGIN + (LINE + 6) * bool(title) + LINE * len(title[1:]) + 4 + LINE * any(headings)
    below = LINE * any(captions)
    most = max(len(tiles) for _, tiles in rows)

    def across(number: int) -> int:
        groups = number // len(headings)
        return left + number * (cell + GAP) + groups * (GROUP_GAP - GAP)

    right = across(most - 1) + cell
    right = max(right, *(MARGIN + round(large.getlength(line)) for line in title)) if title else right
    bottom = top + len(rows) * (height + below + GAP) - GAP
    canvas = Image.new("RGB", (right + MARGIN, bottom + MARGIN), LIGHT["paper"])
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(title):
        at = MARGIN + (LINE + 6) * bool(number) + LINE * max(0, number - 1)
        pen.text((MARGIN, at), line, LIGHT["faint" if number else "ink"], letters if number else large)
    for number in range(most):
        heading = headings[number % len(headings)]
        pen.text((across(number) + width / 2, top - LINE / 2), heading, LIGHT["faint"], letters, anchor="mm")
    places = []
    for row, (name, (_, tiles)) in enumerate(zip(names, rows, strict=True)):
        y = top + row * (height + below + GAP)
        pen.text((left - 10, y + height / 2), name, LIGHT["ink"], letters, anchor="rm")
        places.append([(across(number), y) for number in range(len(tiles))])
        for (x, _), tile in zip(places[-1], tiles, strict=True):
            picture = Image.fromarray(tile.image[:, :, 0] if tile.image.shape[2] == 1 else tile.image)
            canvas.paste(picture.resize((width, height), Image.Resampling.NEAREST), (x, y))
            below_it = (x + width / 2, y + height + LINE / 2)
            pen.text(below_it, tile.caption, LIGHT["faint"], letters, anchor="mm")
    return Sheet(canvas, scale, places)


def stacked(sheets: Sequence[Sheet]) -> Image.Image:
    """Drawings one below the other.

    >>> one = contact_sheet(["digits"], [("0", [Tile(np.zeros((8, 8, 1), np.uint8))])], [""])
    >>> stacked([one, one]).size == (one.image.width, 2 * one.image.height)
    True
    """
    images = [sheet.image for sheet in sheets]
    size = max(image.width for image in images), sum(image.height for image in images)
    whole, top = Image.new("RGB", size, LIGHT["paper"]), 0
    for image in images:
        whole.paste(image, (0, top))
        top += image.height
    return whole
