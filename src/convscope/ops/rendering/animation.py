"""Steps as a GIF: each frame a scene, drawn with Pillow."""

from __future__ import annotations

import functools
import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

from .layout import Box, Drawing, Label, Pixels, lay_out
from .story import Story
from .theme import FILLS, LIGHT

SCALE = 2  # drawn larger and reduced, so that lines and letters are smooth
WIDEST = 1000  # pixels of a finished frame
TOTAL = 24_000  # milliseconds that all frames take, where none is shorter or longer than these:
SHORTEST, LONGEST = 120, 900
LAST = 2_500
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw(story: Story, most: int) -> bytes:
    """The GIF of at most `most` steps."""
    chosen = story.chosen(most)
    drawings = [lay_out(story.scene(index)) for index in chosen]
    size = (max(d.width for d in drawings), max(d.height for d in drawings))
    note = "" if len(chosen) == len(story.steps) else f"{len(chosen)} of {len(story.steps):,} steps"
    palette = _palette(image(drawings[-1], size, note))
    frames = [
        image(each, size, note).quantize(palette=palette, dither=Image.Dither.NONE) for each in drawings
    ]
    duration = min(max(TOTAL // len(frames), SHORTEST), LONGEST)
    return encoded(frames, duration=duration, last=LAST, comment=drawings[0].description)


def encoded(frames: Sequence[Image.Image], *, duration: int, last: int, comment: str) -> bytes:
    """The GIF of frames that have their palette, over and over; durations in milliseconds."""
    content = io.BytesIO()
    frames[0].save(
        content,
        format="GIF",
        save_all=True,
        append_images=list(frames[1:]),
        duration=[duration] * (len(frames) - 1) + [last],
        loop=0,
        disposal=1,
        comment=comment.encode("utf-8", "backslashreplace"),
    )
    return content.getvalue()


def _palette(frame: Image.Image) -> Image.Image:
    """The colours of a full frame, and those of the theme whatever small part of it they are."""
    colours = (frame.quantize(128 - len(LIGHT)).getpalette() or [])[: 3 * (128 - len(LIGHT))]
    for colour in LIGHT.values():
        colours += ImageColor.getrgb(colour)[:3]
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours)
    return palette


def image(drawing: Drawing, size: tuple[float, float] | None = None, note: str = "") -> Image.Image:
    """One drawing as a picture, `note` in its lower right corner."""
    width, height = size or (drawing.width, drawing.height)
    shrink = min(1.0, WIDEST / width)
    scale = SCALE * shrink
    canvas = Image.new("RGB", (round(width * scale), round(height * scale)), LIGHT["paper"])
    pen = ImageDraw.Draw(canvas)
    for shape in drawing.shapes:
        if isinstance(shape, Pixels):
            place = (round(shape.x * scale), round(shape.y * scale))
            extent = (max(1, round(shape.width * scale)), max(1, round(shape.height * scale)))
            larger = extent[0] > shape.values.shape[1]
            way = Image.Resampling.NEAREST if larger else Image.Resampling.BOX
            canvas.paste(Image.fromarray(shape.values).resize(extent, way).convert("RGB"), place)
        elif isinstance(shape, Box):
            _box(pen, shape, scale)
        else:
            _label(pen, shape, scale)
    if note:
        pen.text(
            ((width - 20) * scale, (height - 20) * scale),
            note,
            LIGHT["faint"],
            font(round(13 * scale)),
            anchor="rm",
        )
    return canvas.reduce(SCALE)


def _box(pen: ImageDraw.ImageDraw, box: Box, scale: float) -> None:
    left, top, right, bottom = (
        round(n * scale) for n in (box.x, box.y, box.x + box.width, box.y + box.height)
    )
    right, bottom = max(left, right), max(top, bottom)
    if box.kind == "winner":
        inset = round(3 * scale)
        pen.ellipse(
            (left + inset, top + inset, right - inset, bottom - inset),
            None,
            LIGHT["winner"],
            round(3 * scale),
        )
    elif box.kind == "marked":
        half = round(1.5 * scale)  # the line lies on the edge, as in SVG
        around = (left - half, top - half, right + half, bottom + half)
        pen.rectangle(around, None, LIGHT["mark"], max(1, 2 * half))
    else:
        fill = LIGHT[FILLS[box.kind]] if box.kind in FILLS else None
        line = None if box.kind == "later" else LIGHT["line"]
        pen.rectangle((left, top, right, bottom), fill, line, max(1, round(scale)))
        if box.kind == "beyond":
            part = round((right - left) * 0.3)
            for ends in (
                (left, top + part, left + part, top),
                (right - part, bottom, right, bottom - part),
            ):
                pen.line(ends, LIGHT["hatch"], max(1, round(1.2 * scale)))


def _label(pen: ImageDraw.ImageDraw, label: Label, scale: float) -> None:
    colour = LIGHT["faint" if label.kind in ("title", "sign", "faint") else "ink"]
    letters = font(max(1, round(label.size * scale)), bold=label.kind == "heading")
    anchor = "mm" if label.anchor == "middle" else "lm"
    pen.text((label.x * scale, label.y * scale), label.text, colour, letters, anchor=anchor)


@functools.lru_cache(maxsize=64)
def font(size: int, *, bold: bool = False) -> Font:
    """DejaVu Sans, which matplotlib ships; found without importing it. Else Pillow's own."""
    spec = importlib.util.find_spec("matplotlib")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        file = Path(folder) / "mpl-data" / "fonts" / "ttf" / f"DejaVuSans{'-Bold' * bold}.ttf"
        if file.is_file():
            return ImageFont.truetype(str(file), size)
    return ImageFont.load_default(size)
