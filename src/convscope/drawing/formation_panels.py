"""What a frame of a formation shows: sheets of filters and of feature maps, one scale for all frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..columns import shortened
from ..errors import UsageError
from ..graph.operation import spell
from ..look.inside.snapshot import Snapshot, Watched, WatchedLayer
from . import tiles

SHEET, GAP = 540, 4  # pixels: a row of tiles, and between two
LARGE, SMALL = 8, 16  # tiles in a row
FEW = 16  # filters that are drawn large
ROWS = 4  # filters that are drawn input by input
LONGEST_NAME = 24


@dataclass(frozen=True, eq=False)
class Panel:
    """A heading and rows of equal tiles below it: the values of each in all frames, and how one is drawn."""

    heading: str
    tiles: Sequence[Sequence[np.ndarray]]  # rows of tiles, each (frames, ...)
    side: int
    drawn: Callable[[np.ndarray, int], Image.Image]  # values of a tile and its side → RGB

    def rows(self, frame: int) -> list[list[Image.Image]]:
        """The tiles of a frame."""
        return [[self.drawn(values[frame], self.side) for values in row] for row in self.tiles]


def panels(
    watched: Watched, snapshots: Sequence[Snapshot], layer: str | None, picture: int
) -> tuple[Panel, ...]:
    """The filters of the first layer and the maps of the first and the last one, or both of one `layer`.

    `picture` counts from 0. Raises `UsageError` for a layer that was not watched.
    """
    by_name = {one.name: one for one in watched.layers}
    if layer is not None and layer not in by_name:
        raise UsageError(f"layer {layer!r} was not watched; there are {', '.join(by_name)}.")
    first, last = (watched.layers[0], watched.layers[-1]) if layer is None else [by_name[layer]] * 2
    filters = np.stack([snapshot.filters[first.name] for snapshot in snapshots])
    of_maps = [
        _maps(one, np.stack([snapshot.maps[one.name][picture] for snapshot in snapshots]))
        for one in dict.fromkeys((first, last))
    ]
    seen = watched.layers[0] is first and watched.images.dtype == np.uint8  # over the pixels themselves
    return _filters(first, filters, colours=seen and first.weight_shape[1] == 3), *of_maps


def _filters(layer: WatchedLayer, values: np.ndarray, *, colours: bool) -> Panel:
    """float32 (frames, filters, channels, *kernel)"""
    limit, (count, channels, *kernel) = tiles.limit_of(values), values.shape[1:]
    of, inputs, *_ = layer.weight_shape
    name, scale = f"Filters of {shortened(layer.name, LONGEST_NAME)}", f"from {-limit:.2g} to {limit:.2g}"
    by_filter = np.moveaxis(values, 1, 0)  # (filters, frames, channels, *kernel)
    if colours:
        size = f"{spell(tuple(kernel))} over red, green and blue"
        heading = f"{name}: {_share(count, of)}, {size}, {scale}, 0 is grey"
        side, rows = _in_rows(by_filter, LARGE if count <= FEW else SMALL)
        return Panel(heading, rows, side, lambda one, side: fitted(_composite(one, limit), side))
    if inputs == 1:
        heading = f"{name}: {_share(count, of)}, {spell(tuple(kernel))}, {scale}"
        side, rows = _in_rows(by_filter[:, :, 0], LARGE if count <= FEW else SMALL)
    else:
        heading = (
            f"{name}: {_share(min(count, ROWS), of)} in rows, over {_share(channels, inputs)} inputs, "
            f"{spell(tuple(kernel))}, {scale}"
        )
        side = _side(max(channels, LARGE))
        rows = [[*np.moveaxis(one, 1, 0)] for one in by_filter[:ROWS]]
    return Panel(heading, rows, side, lambda one, side: _tile(one, limit, side))


def _maps(layer: WatchedLayer, values: np.ndarray) -> Panel:
    """float32 (frames, channels, height, width) or (frames, channels, length)"""
    limit = tiles.limit_of(values)
    channels, *axes = layer.output_shape
    least = -limit if (values < 0).any() else 0
    heading = (
        f"Maps of {_together(layer.nodes)}: {_share(values.shape[1], channels)}, {spell(tuple(axes))}, "
        f"from {least:.2g} to {limit:.2g}"
    )
    side, rows = _in_rows(np.moveaxis(values, 1, 0), LARGE)
    return Panel(heading, rows, side, lambda one, side: _tile(one, limit, side))


def _together(nodes: Sequence[str]) -> str:
    """
    >>> _together(("layer1.0.conv2", "layer1.0.bn2"))
    'layer1.0.conv2, bn2'
    """
    scope = nodes[0].rpartition(".")[0] + "."
    return shortened(", ".join([nodes[0], *(node.removeprefix(scope) for node in nodes[1:])]), 40)


def _share(shown: int, of: int) -> str:
    return f"{of}" if shown == of else f"{shown} of {of}"


def _side(columns: int) -> int:
    return (SHEET + GAP) // columns - GAP


def _in_rows(values: np.ndarray, columns: int) -> tuple[int, list[list[np.ndarray]]]:
    starts = range(0, len(values), columns)
    return _side(columns), [[*values[start : start + columns]] for start in starts]


def _composite(values: np.ndarray, limit: float) -> tiles.Pixels:
    """A filter (3, H, W)"""
    colours: tiles.Pixels = tiles.composite(np.nan_to_num(values)[None], limit)[0]
    return colours


def _tile(values: np.ndarray, limit: float, side: int) -> Image.Image:
    """A map or a filter (H, W) as colours, of signals (L,) as a line."""
    if values.ndim == 1:
        return Image.fromarray(tiles.lines(values[None], width=side, height=side, limit=limit))
    return fitted(tiles.PALETTE[tiles.shades(values, limit)], side)


def fitted(pixels: np.ndarray, side: int) -> Image.Image:
    """uint8 (H, W, 3) as a picture whose longer side is `side` or, enlarged by a whole factor, a little less.

    >>> fitted(np.zeros((5, 3, 3), np.uint8), 64).size, fitted(np.zeros((100, 50, 3), np.uint8), 64).size
    ((36, 60), (32, 64))
    """
    image, longest = Image.fromarray(pixels), max(pixels.shape[:2])
    share = side // longest if longest <= side else side / longest
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(size, Image.Resampling.NEAREST if share >= 1 else Image.Resampling.BOX)
