"""Numbers as coloured pixels and small lines: filters and feature maps, many on one sheet.

Dark ink on white, as the figures: 0 is white, what is above is blue, what is below orange.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

COLUMNS = 8
SIDE = 64  # pixels of a tile's longer side, about
GAP = 4
FRAME = (203, 210, 217)
NO_TILE = (255, 255, 255, 0)  # nothing, and paper where a format has no nothing
INKS = ((37, 99, 201), (217, 115, 13), (82, 96, 109), (20, 125, 100))
STOPS = (
    (122, 51, 0),
    (217, 115, 13),
    (247, 201, 153),
    (255, 255, 255),
    (164, 198, 242),
    (37, 99, 201),
    (11, 42, 99),
)
SHADES = 60  # on each side of 0
FINENESS = 4  # lines are drawn so many times as large, and reduced

# The palette: the shades from the largest magnitude below 0 to that above, then the frame, then nothing.
_PLACES = np.linspace(0, len(STOPS) - 1, 2 * SHADES + 1)
PALETTE = np.array(
    [
        *np.rint([np.interp(_PLACES, range(len(STOPS)), part) for part in zip(*STOPS, strict=True)]).T,
        FRAME,
        (255, 255, 255),
    ],
    dtype=np.uint8,
)
FRAME_SHADE, NOTHING = len(PALETTE) - 2, len(PALETTE) - 1

Pixels = npt.NDArray[np.uint8]


def limit_of(values: npt.NDArray[np.floating]) -> float:
    """The largest finite magnitude: what has the full colour. 1 where all is 0."""
    magnitudes = np.abs(values[np.isfinite(values)])
    return float(magnitudes.max(initial=0.0)) or 1.0


def shades(values: npt.NDArray[np.floating], limit: float) -> Pixels:
    """Numbers as places in `PALETTE`: 0 is white, `limit` full blue, -`limit` full orange; NaN as the frame.

    >>> PALETTE[shades(np.array([0.0, 2.0, -1.0]), 2.0)].tolist()
    [[255, 255, 255], [11, 42, 99], [232, 158, 83]]
    """
    places = np.clip(np.nan_to_num(values.astype(np.float64), nan=0.0) / limit, -1, 1)
    result: Pixels = np.rint(SHADES + SHADES * places).astype(np.uint8)
    result[np.isnan(values)] = FRAME_SHADE
    return result


def composite(filters: npt.NDArray[np.floating], limit: float) -> Pixels:
    """Filters over red, green and blue (N, 3, H, W) as the colours they look for, (N, H, W, 3); 0 is grey."""
    colours: Pixels = np.rint(127.5 + 127.5 * np.clip(filters / limit, -1, 1)).astype(np.uint8)
    return colours.transpose(0, 2, 3, 1)


def reduced(maps: npt.NDArray[np.floating], side: int) -> npt.NDArray[np.floating]:
    """Maps (N, H, W) whose longer side is at most `side`: larger ones are averaged."""
    height, width = maps.shape[1:]
    if max(height, width) <= side:
        return maps
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    finite = np.nan_to_num(maps.astype(np.float32))
    return np.stack([np.asarray(Image.fromarray(m).resize(size, Image.Resampling.BOX)) for m in finite])


def mosaic(pieces: Pixels, columns: int = 3) -> Image.Image:
    """Equal pieces of pictures (N, H, W, 1 or 3) in rows of `columns`; empty places are transparent or paper.

    >>> four = mosaic(np.zeros((4, 8, 8, 1), np.uint8))
    >>> four.getpixel((100, 60)), four.convert("RGB").getpixel((100, 60))
    ((255, 255, 255, 0), (255, 255, 255))
    """
    return sheet(np.broadcast_to(pieces, (*pieces.shape[:3], 3)), columns, side=SIDE // 2)


def maps_sheet(maps: npt.NDArray[np.floating], limit: float) -> Image.Image:
    """Maps (N, H, W) beside each other on one scale; large ones are averaged."""
    maps = reduced(maps, SIDE)
    return _with_palette(_sheet(shades(maps, limit), FRAME_SHADE, NOTHING))


def strip(maps: npt.NDArray[np.floating], limit: float) -> Image.Image:
    """The maps of a signal (N, L) as rows of one picture."""
    rows, length = maps.shape
    finite = np.nan_to_num(maps.astype(np.float32))
    width = COLUMNS * (SIDE + GAP)
    way = Image.Resampling.NEAREST if length <= width else Image.Resampling.BOX
    stretched = np.asarray(Image.fromarray(finite).resize((width, rows), way))
    return _with_palette(shades(stretched, limit).repeat(10, axis=0))


def sheet(tiles: Pixels, columns: int = COLUMNS, side: int = SIDE) -> Image.Image:
    """Equal tiles (N, H, W, 3) in rows of `columns`, on nothing."""
    opaque = np.concatenate([tiles, np.full_like(tiles[..., :1], 255)], axis=-1)
    return Image.fromarray(_sheet(opaque, (*FRAME, 255), NO_TILE, columns, side))


def _sheet(
    tiles: Pixels, frame: npt.ArrayLike, nothing: npt.ArrayLike, columns: int = COLUMNS, side: int = SIDE
) -> Pixels:
    """Tiles (N, H, W, ...) enlarged to about `side`, each with a frame, in rows of `columns`."""
    factor = max(1, side // max(tiles.shape[1:3]))
    tiles = tiles.repeat(factor, axis=1).repeat(factor, axis=2)
    count, height, width, *rest = tiles.shape
    columns = min(count, columns)
    rows = -(-count // columns)
    across, down = width + 2 + GAP, height + 2 + GAP
    canvas = np.empty((rows * down - GAP, columns * across - GAP, *rest), np.uint8)
    canvas[:] = nothing
    for number, tile in enumerate(tiles):
        top, left = number // columns * down, number % columns * across
        canvas[top : top + height + 2, left : left + width + 2] = frame
        canvas[top + 1 : top + 1 + height, left + 1 : left + 1 + width] = tile
    return canvas


def _with_palette(places: Pixels) -> Image.Image:
    image = Image.fromarray(places).convert("P")
    image.putpalette(PALETTE.tobytes())
    image.info["transparency"] = NOTHING
    return image


def lines(
    signals: npt.NDArray[np.floating], *, width: int, height: int, limit: float | None = None
) -> Pixels:
    """Channels (C, L) as lines over each other on white, uint8 (height, width, 3); at most as many as `INKS`.

    With `limit` from -limit to limit, with a line at 0, else from the smallest to the largest number.
    """
    shown = np.nan_to_num(signals[: len(INKS)].astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = (-limit, limit) if limit is not None else (float(shown.min()), float(shown.max()))
    span, margin = (high - low) or 1.0, 3 * FINENESS
    image = Image.new("RGB", (width * FINENESS, height * FINENESS), "white")
    pen = ImageDraw.Draw(image)

    def row(value: float) -> float:
        return margin + (high - value) / span * (image.height - 1 - 2 * margin)

    if limit is not None:
        pen.line([(0, row(0.0)), (image.width, row(0.0))], FRAME, FINENESS)
    x = np.linspace(margin, image.width - 1 - margin, shown.shape[1]) if shown.shape[1] > 1 else None
    for channel, ink in zip(shown, INKS, strict=False):
        if x is None:
            pen.line([(margin, row(channel[0])), (image.width - margin, row(channel[0]))], ink, 2 * FINENESS)
        else:
            points = [(float(a), float(row(b))) for a, b in zip(x, channel, strict=True)]
            pen.line(points, ink, 2 * FINENESS, joint="curve")
    return np.asarray(image.reduce(FINENESS))


def to_png(image: Image.Image) -> bytes:
    """The picture as PNG bytes."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
