"""Pictures in characters: each ▀ is two pixels, its own colour above and its background's below."""

from __future__ import annotations

import numpy as np
from PIL import Image
from rich.style import Style
from rich.text import Text


def half_blocks(pixels: np.ndarray, columns: int, rows: int = 24) -> list[Text]:
    """Lines of a picture of uint8, (height, width) or (height, width, 3), in `columns` × `rows` at most.

    >>> lines = half_blocks(np.zeros((8, 6), np.uint8), 6)
    >>> len(lines), lines[0].plain
    (4, '▀▀▀▀▀▀')
    """
    height, width = pixels.shape[:2]
    scale = min(columns / width, 2 * rows / height)
    size = (max(1, int(width * scale)), max(2, int(height * scale) // 2 * 2))
    way = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.BOX
    small = np.asarray(Image.fromarray(pixels).convert("RGB").resize(size, way))
    lines = []
    for above, below in zip(small[0::2], small[1::2], strict=True):
        line = Text()
        for one, other in zip(above.tolist(), below.tolist(), strict=True):
            colours = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in (one, other))
            line.append("▀", Style.parse(" on ".join(colours)))
        lines.append(line)
    return lines
