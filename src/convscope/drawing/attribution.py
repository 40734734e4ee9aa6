"""An attribution as pixels: its map in colours, and the picture with the map over it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..look import Attribution
from .tiles import PALETTE, Pixels, lines, shades

FOR, AGAINST = (37, 99, 201), (217, 115, 13)  # the blue and orange of the palette, between pale and dark
PALE = 0.7  # of the way to white: what the picture becomes, so that both colours stand out on all of it
FULL = 98  # percentile of the magnitudes above 0 that has the full colour: a pixel or two would pale the rest
HEIGHT = 0.4  # of a signal's drawing, as a share of its width


def heat(attribution: Attribution, *, side: int = 0) -> Pixels:
    """The map on white, uint8 (H, W, 3): blue speaks for the target, orange against it.

    `side` enlarges the longer side to about so many pixels, by whole factors.

    >>> one = Attribution("occlusion", "7", np.array([[0.0, 2.0]], np.float32))
    >>> heat(one).tolist()
    [[[255, 255, 255], [11, 42, 99]]]
    """
    return enlarged(PALETTE[shades(attribution.values, full_colour(attribution.values))], side)


def overlay(picture: np.ndarray, attribution: Attribution, *, side: int = 0) -> Pixels:
    """The pale picture under the map, uint8 (H, W, 3): blue for the target, orange against it.

    `picture` is what was attributed, as stored: uint8 (H, W, 1 or 3), or a signal (C, L), which is drawn
    as lines on the map. The colour covers the picture where the map has the magnitude of `full_colour`.

    >>> white, values = np.full((1, 2, 1), 255, np.uint8), np.array([[0.0, -2.0]], np.float32)
    >>> overlay(white, Attribution("occlusion", "7", values)).tolist()
    [[[255, 255, 255], [217, 115, 13]]]
    """
    values = np.clip(attribution.values / full_colour(attribution.values), -1, 1)
    if picture.dtype != np.uint8:
        return _on_signal(picture, values, side or 4 * picture.shape[-1])
    grey = np.asarray(Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).convert("L"))
    pale = (255 * PALE + (1 - PALE) * grey)[..., None]
    return enlarged(_inked(pale, values), side)


def full_colour(values: npt.NDArray[np.floating]) -> float:
    """The magnitude that has the full colour; 1 where all is 0."""
    magnitudes = np.abs(values[values != 0])
    return float(np.percentile(magnitudes, FULL)) if magnitudes.size else 1.0


def _inked(ground: npt.NDArray[np.floating], values: npt.NDArray[np.floating]) -> Pixels:
    """`ground` (H, W, 1 or 3) under the colours of a map (H, W) from -1 to 1."""
    cover = np.abs(values)[..., None]
    ink = np.where(values[..., None] > 0, FOR, AGAINST)
    result: Pixels = np.rint(ground * (1 - cover) + ink * cover).astype(np.uint8)
    return result


def _on_signal(signal: np.ndarray, values: npt.NDArray[np.floating], width: int) -> Pixels:
    """A signal's lines over the stripes of its map; of an array in the plane the map alone."""
    height = max(1, round(HEIGHT * width))
    if signal.ndim != 2:
        return enlarged(_inked(np.full((*values.shape, 1), 255.0), values), width)
    drawn = lines(signal, width=width, height=height)
    places = np.linspace(0, values.shape[1] - 1, width).round().astype(int)
    stripes = _inked(np.full((1, width, 1), 255.0), 0.6 * values[:, places])
    return np.minimum(drawn, np.broadcast_to(stripes, drawn.shape))


def enlarged(pixels: Pixels, side: int) -> Pixels:
    """By whole factors to about `side` pixels on the longer side, up or down; as it is where that is 0.

    >>> [enlarged(np.zeros((size, 2, 3), np.uint8), 100).shape for size in (8, 150, 1000)]
    [(96, 24, 3), (150, 2, 3), (100, 1, 3)]
    """
    longer = max(pixels.shape[:2])
    if not side:
        return pixels
    if longer >= 2 * side:
        return np.asarray(Image.fromarray(pixels).reduce(longer // side))
    factor = max(1, round(side / longer)) if longer < side else 1
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)
