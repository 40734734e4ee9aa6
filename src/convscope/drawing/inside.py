"""Filters, feature maps and patches as pictures of their own, with title, scale, colour bar and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..columns import printable, shortened
from ..errors import DataError, UsageError
from ..graph.operation import spell
from ..look import FeatureMaps, Filters, LayerMaps, Patch, Patches
from ..look.inside.layers import label_of
from ..ops.rendering.theme import LIGHT
from . import tiles
from .contact_sheet import Bar, Tile, contact_sheet
from .wording import percent, significant

ACROSS = 16  # tiles in a row
MANY = 64  # of more, tiles are half as large
SIDE = 64  # pixels of a tile, about
PICTURE = 160  # of the picture that went through the network
PATCH = 80  # of a patch; larger ones are reduced to twice that
MOST_ROWS = 64  # filters with a row each, or channels with their patches
MOST_INPUTS = 64  # channels of the input with a column each
WIDTH = 1100  # pixels that the columns of a deeper layer take, about
LETTERS = 13  # of a picture's name
BEYOND = tuple(int(LIGHT["hatch"][i : i + 2], 16) for i in (1, 3, 5))  # what lies outside of a picture

Channels = Sequence[int] | None  # None: all


def draw_filters(filters: Filters, *, own_scale: bool = False, channels: Channels = None) -> Image.Image:
    """The filters as a picture; with `own_scale` each in the full range of colours, else all on one scale.

    Over one channel, or red, green and blue, a filter is a tile; of deeper layers it is a row with a tile for
    each channel of its input. `channels` are the filters to show. Raises `UsageError` for one that is not
    there.
    """
    chosen = _chosen(channels, len(filters.values), "filter", filters.layer)
    values, kernel = filters.values, filters.values.shape[2:]
    title = f"{filters.layer}: {_count(len(values), 'filter')} of {spell(values.shape[1:])}"
    if filters.in_colour:
        title += ", over red, green and blue"
    elif filters.groups > 1:
        title += f", in {filters.groups} groups"
    single = values.shape[1] == 1 or filters.in_colour or (len(kernel) == 1 and filters.of_picture)
    zero = "grey is 0" if filters.in_colour else "white is 0" if len(kernel) > 1 else "the line is 0"
    scale = _Scale(values, own_scale, "each filter", zero)
    if single:
        shown = [(str(k), _filter_tile(filters, values[k], scale)) for k in chosen]
        return _grid([title, *_some(chosen, len(values), "filters")], shown, scale, values[chosen])
    rows, columns = chosen[:MOST_ROWS], range(min(values.shape[1], MOST_INPUTS))
    remarks = [
        "a row for each filter, a column for each channel of its "
        + ("group of the input" if filters.groups > 1 else "input"),
        *_some(rows, len(values), "filters"),
        *_some(columns, values.shape[1], "channels of the input"),
    ]
    side = max(SIDE // 4, min(SIDE, WIDTH // len(columns) - 6))
    drawn = [
        (
            f"{k} ±{significant(scale.of(values[k]))}" if own_scale else str(k),
            [Tile(_numbers_tile(values[k][c], scale.of(values[k]))) for c in columns],
        )
        for k in rows
    ]
    return contact_sheet(
        [title, *remarks, scale.sentence],
        drawn,
        [str(c) for c in columns],
        side=side,
        framed=True,
        bar=scale.bar,
    ).image


def draw_maps(layer: LayerMaps, *, own_scale: bool = False, channels: Channels = None) -> Image.Image:
    """The maps of a layer as a picture; of a signal, a strip for each. As `draw_filters`."""
    values = layer.values
    chosen = _chosen(channels, len(values), "channel", label_of(layer.nodes))
    title = f"{label_of(layer.nodes)}: {_count(len(values), 'map')} of {spell(values.shape[1:])}"
    titles = [title, *_some(chosen, len(values), "maps")]
    scale = _Scale(values, own_scale, "each map", "white is 0")
    if values.ndim == 2:
        strips = [tiles.strip(values[k : k + 1], scale.of(values[k])).convert("RGB") for k in chosen]
        names = [f"{k} ±{significant(scale.of(values[k]))}" if own_scale else str(k) for k in chosen]
        rows = [(name, [Tile(np.asarray(strip))]) for name, strip in zip(names, strips, strict=True)]
        side = strips[0].width
        return contact_sheet(
            [*titles, scale.sentence], rows, [""], side=side, framed=True, bar=scale.bar
        ).image
    side = _side(len(chosen))
    shown = [(str(k), _numbers_tile(values[k], scale.of(values[k]), side)) for k in chosen]
    return _grid(titles, shown, scale, values[chosen])


def draw_picture(maps: FeatureMaps) -> Image.Image:
    """The picture that went through the network, and what the network said."""
    record = maps.picture
    name = shortened(printable(Path(maps.name).name), 40) or "the picture"
    size = spell(record.shape[:2] if record.dtype == np.uint8 else record.shape)
    said, share = maps.said
    title = [f"{name}, {size}", f"the network says {printable(said)}, {percent(share)}"]
    return contact_sheet(
        title, [("", [Tile(_record(record, PICTURE))])], [""], side=PICTURE, framed=True
    ).image


def draw_patches(patches: Patches, *, channels: Channels = None) -> Image.Image:
    """A row for each channel: the patches that excite it most, their values and the names of their pictures.

    Where the receptive field is larger than the picture along an axis, a tile is the whole picture, and what
    is not seen is left out. Raises `DataError` where no channel has a patch.
    """
    chosen = _chosen(channels, len(patches.channels), "channel", patches.layer)
    rows = [k for k in chosen if patches.channels[k]][:MOST_ROWS]
    if not rows:
        raise DataError(
            f"the channels of {patches.layer} are the same number everywhere in each of the "
            f"{_count(patches.pictures, patches.noun)}, so that there are no patches."
        )
    still = [str(k) for k in chosen if not patches.channels[k]]
    field = patches.receptive_field
    title = [
        f"{patches.layer}: what excites each of its {_count(len(patches.channels), 'channel')} most",
        f"from {_count(patches.pictures, patches.noun)}, at most one patch of each; "
        + (
            f"a number sees the whole {patches.noun}"
            if field.whole
            else f"a number sees {_extent(field.size)}"
        ),
        *_some(rows, len(chosen) - len(still), "channels"),
    ]
    shown = [patch for k in rows for patch in patches.channels[k]]
    if any(patch.clipped for patch in shown):
        title.append("grey: beyond the border, or not seen")
    if still:
        title.append(f"without a patch, the same number everywhere: {shortened(', '.join(still), 60)}")
    drawn = [(f"channel {k}", [_patch_tile(patch, patches) for patch in patches.channels[k]]) for k in rows]
    most = max(len(row) for _, row in drawn)
    return contact_sheet(title, drawn, [""] * most, side=PATCH, framed=True).image


class _Scale:
    """Which numbers have the full colours: the largest of all, or of each filter or map its own."""

    def __init__(self, values: np.ndarray, own: bool, each: str, zero: str) -> None:
        self.own, self.limit = own, tiles.limit_of(values)
        largest = significant(self.limit)
        self.sentence = f"{each} on its own scale; {zero}" if own else f"one scale, ±{largest}; {zero}"
        ends = ("-largest", "largest") if own else (f"-{largest}", largest)
        grey = np.linspace(0, 255, 2 * tiles.SHADES + 1).round().astype(np.uint8)
        palette = tiles.PALETTE[: 2 * tiles.SHADES + 1]
        colours = np.stack([grey] * 3, axis=1) if zero.startswith("grey") else palette
        self.bar = None if zero.startswith("the line") else Bar(colours, (ends[0], "0", ends[1]))

    def of(self, one: np.ndarray) -> float:
        """For one of them."""
        return tiles.limit_of(one) if self.own else self.limit


def _grid(
    title: Sequence[str], shown: Sequence[tuple[str, np.ndarray]], scale: _Scale, values: np.ndarray
) -> Image.Image:
    """Tiles with their numbers below, and on scales of their own what is the largest of each."""
    pairs = zip(shown, values, strict=True)
    captions = [f"{n}\n±{significant(scale.of(v))}" if scale.own else n for (n, _), v in pairs]
    row = [Tile(pixels, caption) for (_, pixels), caption in zip(shown, captions, strict=True)]
    side = _side(len(row))
    across = min(len(row), ACROSS * SIDE // side)
    rows = [("", row[start : start + across]) for start in range(0, len(row), across)]
    return contact_sheet(
        [*title, scale.sentence], rows, [""] * across, side=side, framed=True, bar=scale.bar
    ).image


def _side(count: int) -> int:
    return SIDE if count <= MANY else SIDE // 2


def _filter_tile(filters: Filters, one: np.ndarray, scale: _Scale) -> tiles.Pixels:
    limit = scale.of(one)
    if filters.in_colour:
        colours: tiles.Pixels = tiles.composite(one[None], limit)[0]
        return colours
    if one.ndim == 2:  # of a signal: its channels as lines
        return tiles.lines(one, width=SIDE, height=SIDE, limit=limit)
    return _numbers_tile(one[0], limit)


def _numbers_tile(values: np.ndarray, limit: float, side: int = SIDE) -> tiles.Pixels:
    """(H, W) as colours, or (L,) as a line."""
    if values.ndim == 1:
        return tiles.lines(values[None], width=SIDE, height=SIDE // 2, limit=limit)
    pixels: tiles.Pixels = tiles.PALETTE[tiles.shades(tiles.reduced(values[None], side)[0], limit)]
    return pixels


def _record(record: npt.NDArray[np.generic], side: int) -> tiles.Pixels:
    """A picture, or numbers, as uint8 (H, W, 1 or 3) of at most `side`; a signal as lines."""
    if record.dtype == np.uint8:
        return _at_most(np.asarray(record, dtype=np.uint8), side)
    values = np.asarray(record, dtype=np.float32)
    if values.ndim == 2:
        return tiles.lines(values, width=2 * side, height=side)
    pixels: tiles.Pixels = tiles.PALETTE[
        tiles.shades(tiles.reduced(values[:1], side)[0], tiles.limit_of(values[0]))
    ]
    return pixels


def _at_most(pixels: tiles.Pixels, side: int) -> tiles.Pixels:
    """A picture (H, W, C) reduced where it is larger."""
    if max(pixels.shape[:2]) <= side:
        return pixels
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image).reshape(image.height, image.width, -1)


def patch_pixels(patch: Patch, patches: Patches) -> tiles.Pixels:
    """The patch where it lies in its receptive field, or in its picture where that is smaller; RGB.

    All patches of a layer have one size, at most twice `PATCH`; what lies beyond the border is grey.
    """
    sizes, starts = [], []
    for (start, stop), (first, _), size in zip(patch.field, patch.seen, patches.size, strict=True):
        large = stop - start > size
        sizes.append(size if large else stop - start)
        starts.append(first if large else first - start)
    if patch.pixels.dtype != np.uint8 and patch.pixels.ndim == 2:
        return _piece_of_signal(patch.pixels, sizes[0], starts[0])
    pixels = _record(patch.pixels, max(patch.pixels.shape))
    canvas = np.empty((*sizes, 3), np.uint8)
    canvas[:] = BEYOND
    canvas[tuple(slice(a, a + n) for a, n in zip(starts, pixels.shape[:2], strict=True))] = pixels
    return _at_most(canvas, 2 * PATCH)


def _patch_tile(patch: Patch, patches: Patches) -> Tile:
    name = Path(patch.name).name or patch.name
    return Tile(patch_pixels(patch, patches), f"{patch.value:.3g}\n{shortened(printable(name), LETTERS)}")


def _piece_of_signal(piece: np.ndarray, size: int, start: int) -> tiles.Pixels:
    """A piece (C, L) as lines at its place in a tile for `size` numbers."""
    unit = 2 * PATCH / size
    canvas = np.empty((PATCH, 2 * PATCH, 3), np.uint8)
    canvas[:] = BEYOND
    left, right = round(start * unit), round((start + piece.shape[1]) * unit)
    if piece.shape[1]:
        right = min(max(right, left + 8), canvas.shape[1])
        canvas[:, left:right] = tiles.lines(piece, width=right - left, height=PATCH)
    return canvas


def _chosen(channels: Channels, count: int, what: str, layer: str) -> list[int]:
    if channels is None:
        return list(range(count))
    for k in channels:
        if not 0 <= k < count:
            raise UsageError(f"there is no {what} {k} in {layer}: they are 0 to {count - 1}.")
    return list(channels)


def _some(chosen: Sequence[int], count: int, what: str) -> Iterator[str]:
    """What is shown where it is not all."""
    if len(chosen) < count:
        first = list(chosen) == list(range(len(chosen)))
        yield f"{'the first ' if first else ''}{len(chosen):,} of {count:,} {what}"


def _extent(size: Sequence[int]) -> str:
    return spell(tuple(size)) if len(size) > 1 else f"{size[0]} values, drawn in their own range"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
