"""Pictures beside what a network saw of them, one below the other, with what was done to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from ..columns import printable, shortened
from ..look.inside.seen import CHANNELS, Seen
from ..ops.rendering.animation import Font, font
from ..ops.rendering.theme import LIGHT

SIDE = 280  # pixels of a picture's longer side, about
BETWEEN, MARGIN, GAP = 56, 20, 28
TITLE, LETTERS, LINE = 17, 13, 20
LONGEST = 70  # letters of a title
ARROW = 20

Line = tuple[str, str, Font]  # words, colour, font


def draw(several: Sequence[Seen]) -> Image.Image:
    """One picture of them all; raises `DataError` for a signal."""
    pairs = [(_original(one), _enlarged(one.picture)) for one in several]
    captions = [_captions(one, *pair) for one, pair in zip(several, pairs, strict=True)]
    longest = max(round(font(LETTERS).getlength(after[0])) for lines in captions for _, after in lines)
    left = max(first.width for first, _ in pairs)
    width = left + BETWEEN + max(longest, *(second.width for _, second in pairs))
    rows = [
        (_above(one, width), *pair, lines, _below(one, width))
        for one, pair, lines in zip(several, pairs, captions, strict=True)
    ]
    heights = [
        (len(above) + len(lines) + len(below)) * LINE + max(first.height, second.height) + 16
        for above, first, second, lines, below in rows
    ]
    total = sum(heights) + GAP * (len(rows) - 1) + 2 * MARGIN
    canvas = Image.new("RGB", (width + 2 * MARGIN, total), LIGHT["paper"])
    pen = ImageDraw.Draw(canvas)
    at = MARGIN
    x = MARGIN + left + BETWEEN
    for (above, first, second, lines, below), height in zip(rows, heights, strict=True):
        y = _write(pen, MARGIN, at, above) + 8
        tall = max(first.height, second.height)
        for image, place in ((first, MARGIN), (second, x)):
            top = y + (tall - image.height) // 2
            canvas.paste(image, (place, top))
            pen.rectangle(
                (place - 1, top - 1, place + image.width, top + image.height), outline=LIGHT["line"]
            )
        _arrow(pen, MARGIN + first.width, x, y + tall // 2)
        y += tall + 6
        for number, (before, after) in enumerate(lines):
            _write(pen, MARGIN, y + number * LINE, [before])
            _write(pen, x, y + number * LINE, [after])
        _write(pen, MARGIN, y + len(lines) * LINE + 2, below)
        at += height + GAP
    return canvas


def _original(one: Seen) -> Image.Image:
    picture = one.original if one.original is not None else one.picture
    return _enlarged(picture) if max(picture.size) <= SIDE else _reduced(picture)


def _reduced(picture: Image.Image) -> Image.Image:
    scale = SIDE / max(picture.size)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _enlarged(picture: Image.Image) -> Image.Image:
    """Each pixel a whole square."""
    scale = max(1, SIDE // max(picture.size))
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def _above(one: Seen, width: int) -> list[Line]:
    large, letters = font(TITLE, bold=True), font(LETTERS)
    name = "/".join(Path(one.path).parts[-2:]) if one.path else "picture"
    title = shortened(printable(name), LONGEST)
    return [(title, LIGHT["ink"], large), *_lines(" → ".join(one.steps), width, LIGHT["faint"], letters)]


def _captions(one: Seen, first: Image.Image, second: Image.Image) -> list[tuple[Line, Line]]:
    """Below the original and below what was seen, as many lines for both."""
    letters, faint = font(LETTERS), LIGHT["faint"]
    height, width, channels = one.stored.shape
    scale = second.width // width
    pixels = f", each pixel {scale}×{scale}" if scale > 1 else ""
    seen = [f"what the network saw: {height}×{width} {'grey' if channels == 1 else 'colour'}{pixels}"]
    for name, (low, high) in zip(CHANNELS[channels], one.ranges, strict=True):
        seen.append(f"{name}: numbers from {low:.4g} to {high:.4g}")
    shown = ["the picture, reduced" if one.size and first.height < one.size[0] else "the picture"]
    shown += [""] * (len(seen) - 1)
    return [((a, faint, letters), (b, faint, letters)) for a, b in zip(shown, seen, strict=True)]


def _below(one: Seen, width: int) -> list[Line]:
    letters = font(LETTERS)
    return [
        line
        for warning in one.warnings
        for line in _lines(f"warning: {warning}", width, LIGHT["mark"], letters)
    ]


def _lines(text: str, width: int, colour: str, letters: Font) -> list[Line]:
    """The text broken between words into lines of at most `width` pixels."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and letters.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [(line, colour, letters) for line in lines]


def _write(pen: ImageDraw.ImageDraw, x: int, y: int, lines: Sequence[Line]) -> int:
    for words, colour, letters in lines:
        pen.text((x, y + LINE // 2), words, colour, letters, anchor="lm")
        y += LINE
    return y


def _arrow(pen: ImageDraw.ImageDraw, left: int, right: int, y: int) -> None:
    middle = (left + right) // 2
    ends = middle - ARROW // 2, middle + ARROW // 2
    pen.line((ends[0], y, ends[1], y), LIGHT["faint"], 2)
    pen.line([(ends[1] - 6, y - 6), (ends[1], y), (ends[1] - 6, y + 6)], LIGHT["faint"], 2)
