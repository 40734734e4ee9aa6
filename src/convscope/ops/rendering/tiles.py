"""Pictures side by side with a line of text above each, as one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from .animation import font
from .theme import LIGHT

GAP = 16
CAPTION = 26
LETTERS = 15  # pixels high


def tile(pictures: Sequence[tuple[str, np.ndarray | Image.Image]], *, columns: int, side: int) -> Image.Image:
    """Rows of `columns` captioned pictures.

    Arrays (height, width) or (height, width, 3) of uint8 become as large as `side`; images stay as they are.

    >>> black = np.zeros((10, 20), np.uint8)
    >>> tile([("a", black), ("b", black[:, :5])], columns=2, side=20).size
    (78, 78)
    """
    images = [_fitted(p, side) if isinstance(p, np.ndarray) else p for _, p in pictures]
    captions = [caption for caption, _ in pictures]
    needed = [max(i.width, round(font(LETTERS).getlength(c))) for i, c in zip(images, captions, strict=True)]
    widths = [max(needed[column::columns]) for column in range(min(columns, len(images)))]
    heights = [
        CAPTION + max(image.height for image in images[first : first + columns])
        for first in range(0, len(images), columns)
    ]
    size = [GAP + sum(sides) + GAP * len(sides) for sides in (widths, heights)]
    canvas = Image.new("RGB", (size[0], size[1]), LIGHT["paper"])
    pen = ImageDraw.Draw(canvas)
    for number, (image, caption) in enumerate(zip(images, captions, strict=True)):
        row, column = divmod(number, columns)
        x = GAP + sum(widths[:column]) + GAP * column
        y = GAP + sum(heights[:row]) + GAP * row
        pen.text((x, y + CAPTION / 2 - 2), caption, LIGHT["ink"], font(LETTERS), anchor="lm")
        canvas.paste(image, (x, y + CAPTION))
    return canvas


def _fitted(pixels: np.ndarray, side: int) -> Image.Image:
    """As large as `side`; where pixels are few they stay squares."""
    image = Image.fromarray(pixels).convert("RGB")
    scale = side / max(image.size)
    way = Image.Resampling.NEAREST if scale >= 8 else Image.Resampling.LANCZOS
    return image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), way)
