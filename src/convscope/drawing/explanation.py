"""A sheet of attributions: the picture, and below it each map, over it and alone, with what it is worth."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from ..columns import printable
from ..look import Attribution
from ..ops.rendering.animation import font
from ..ops.rendering.theme import LIGHT
from .attribution import enlarged, heat, overlay
from .tiles import Pixels, lines

SIDE = 192  # pixels of a picture's longer side, about
MARGIN, GAP, LINE, APART = 20, 12, 19, 24
TITLE, LETTERS = 17, 13
WORDS = 340  # pixels for the words beside a map
PER_LINE = 50  # letters of them

Line = tuple[str, str, bool]  # words, colour, bold


def explanation(
    title: Sequence[str], picture: np.ndarray, attributions: Sequence[Attribution]
) -> Image.Image:
    """The picture as the network saw it beside the title, then a row for each attribution of it.

    `picture` is as it is stored: uint8 (H, W, 1 or 3), or a signal (C, L), whose map is behind its lines.

    >>> found = Attribution("gradient", "7", np.eye(8, dtype=np.float32))
    >>> explanation(["seven.png"], np.zeros((8, 8, 1), np.uint8), [found]).size
    (792, 448)
    """
    is_signal = picture.dtype != np.uint8 and picture.ndim == 2
    side = 2 * SIDE + GAP if is_signal else SIDE
    heading = [(part, "faint" if number else "ink", not number) for number, part in enumerate(title)]
    rows: list[tuple[list[Pixels], list[Line]]] = [([_as_seen(picture, side)], heading)]
    for one in attributions:
        tiles = [overlay(picture, one, side=side)]
        rows.append((tiles if is_signal else [*tiles, heat(one, side=side)], words(one)))
    return _drawn([(tiles, [part for line in said for part in _wrapped(line)]) for tiles, said in rows])


def words(attribution: Attribution) -> list[Line]:
    """What stands beside a map: its method, what it is of, its figures and whether it passed its checks."""
    of = f"{attribution.score} of {attribution.target}"
    if attribution.probability is not None:
        of += f", probability {attribution.probability:.3f}"
    said: list[Line] = [(attribution.method, "ink", True), (of, "faint", False)]
    said.append((attribution.meaning, "faint", False))
    if attribution.layer is not None:
        said.append((f"layer {attribution.layer}", "faint", False))
    if (checks := attribution.checks) is not None:
        said += [
            (f"deletion {checks.deletion:.2f}, random {checks.random_deletion:.2f}", "faint", False),
            (f"insertion {checks.insertion:.2f}, random {checks.random_insertion:.2f}", "faint", False),
            (f"random weights: similarity {checks.similarity:.2f}", "faint", False),
            ("passed", "winner", True) if checks.passed else ("failed", "mark", True),
            *((sentence, "mark", False) for sentence in checks.failed),
        ]
    else:
        said.append(("not checked", "mark", True))
    return said


def _wrapped(line: Line) -> list[Line]:
    text, colour, bold = line
    return [(part, colour, bold) for part in textwrap.wrap(printable(text), PER_LINE)]


def _drawn(rows: Sequence[tuple[list[Pixels], list[Line]]]) -> Image.Image:
    heights = [max(tiles[0].shape[0], LINE * len(said)) for tiles, said in rows]
    across = max(tile.shape[1] for tiles, _ in rows for tile in tiles)
    most = max(len(tiles) for tiles, _ in rows)
    beside = MARGIN + most * (across + GAP) + 4
    size = (beside + WORDS + MARGIN, 2 * MARGIN + sum(heights) + APART * (len(rows) - 1))
    canvas = Image.new("RGB", size, LIGHT["paper"])
    pen = ImageDraw.Draw(canvas)
    top = MARGIN
    for number, ((tiles, said), height) in enumerate(zip(rows, heights, strict=True)):
        for column, tile in enumerate(tiles):
            left = MARGIN + column * (across + GAP)
            canvas.paste(Image.fromarray(tile), (left, top))
            frame = (left - 1, top - 1, left + tile.shape[1], top + tile.shape[0])
            pen.rectangle(frame, outline=LIGHT["line"])
        words_left = beside if number else MARGIN + across + GAP + 4  # the title begins beside the picture
        for down, (text, colour, bold) in enumerate(said):
            letters = font(TITLE if bold and not number else LETTERS, bold=bold)
            below_title = 6 if down and not number else 0
            pen.text((words_left, top + LINE * down + below_title), text, LIGHT[colour], letters)
        top += height + APART
    return canvas


def _as_seen(picture: np.ndarray, side: int) -> Pixels:
    if picture.dtype == np.uint8:
        return enlarged(np.broadcast_to(picture, (*picture.shape[:2], 3)), side)
    if picture.ndim == 2:
        return lines(picture, width=side, height=round(side * 0.4))
    shown = picture[0].astype(np.float64)  # of an array in the plane its first channel, from black to white
    span = float(np.ptp(shown)) or 1.0
    grey = np.rint(255 * (shown - shown.min()) / span).astype(np.uint8)
    return enlarged(grey[..., None].repeat(3, axis=2), side)
