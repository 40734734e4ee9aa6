"""How a network formed, as a GIF: a frame per snapshot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from ..columns import printable, shortened
from ..errors import ConvscopeError, UsageError
from ..look.inside.formation import Formation
from ..look.inside.snapshot import Snapshot, Watched
from ..metrics import EpochFigures
from ..ops.rendering.animation import Font, encoded, font
from ..ops.rendering.theme import LIGHT
from . import tiles
from .formation_panels import GAP, SHEET, Panel, fitted, panels

MARGIN, LINE, BETWEEN, BAR = 16, 19, 12, 7  # pixels
PICTURE = 72
MOST_FRAMES = 120
TOTAL, SHORTEST, LONGEST = 9_000, 60, 500  # milliseconds of all frames, and of one
LAST = 3_000
COLOURS = 256
GREYS = 24


def draw(formation: Formation, *, layer: str | None = None, picture: int = 1) -> tuple[bytes, int]:
    """The GIF and how many frames it has: at most 120, evenly chosen among the snapshots.

    It shows the filters of the first convolution, and what that and the last one that was watched give for
    one `picture`, counted from 1; or the filters and maps of one `layer`. Raises `UsageError` for a layer or
    picture that was not watched, `ConvscopeError` where there is no snapshot yet, or one is damaged.
    """
    watched, steps = formation.watched, formation.steps
    if not steps:
        raise ConvscopeError(f"{formation.run} has no snapshot yet.")
    if not 1 <= picture <= len(watched.images):
        raise UsageError(f"picture {picture} was not watched; there are 1 to {len(watched.images)}.")
    chosen = np.linspace(0, len(steps) - 1, min(len(steps), MOST_FRAMES)).round().astype(int)
    snapshots = [formation.snapshot(steps[i]) for i in chosen]
    sheet = _Sheet(watched, panels(watched, snapshots, layer, picture - 1), picture - 1, formation.epochs())
    palette = _Palette(sheet.frame(len(snapshots) - 1, snapshots[-1]))
    frames = [palette.of(sheet.frame(number, snapshot)) for number, snapshot in enumerate(snapshots)]
    duration = min(max(TOTAL // len(frames), SHORTEST), LONGEST)
    comment = f"How {watched.net} formed on {watched.data}"
    return encoded(frames, duration=duration, last=LAST, comment=comment), len(frames)


class _Sheet:
    """Where everything is in a frame: the same in all of them."""

    def __init__(
        self, watched: Watched, shown: Sequence[Panel], picture: int, epochs: Sequence[EpochFigures]
    ) -> None:
        self.watched, self.panels, self.epochs = watched, shown, epochs
        self.picture = _picture(watched.images[picture])
        self.caption = shortened(printable(watched.labels[picture]), 20)
        self.tops = [MARGIN + PICTURE + BETWEEN]
        for panel in shown:
            rows = panel.rows(0)
            self.tops.append(self.tops[-1] + LINE + len(rows) * (rows[0][0].height + GAP) + BETWEEN)
        self.size = SHEET + 2 * MARGIN, self.tops[-1] + BAR + LINE + MARGIN

    def frame(self, number: int, snapshot: Snapshot) -> Image.Image:
        """That of a snapshot, RGB."""
        image = Image.new("RGB", self.size, LIGHT["paper"])
        pen = ImageDraw.Draw(image)
        self._head(image, pen, snapshot)
        for panel, top in zip(self.panels, self.tops, strict=False):
            _text(pen, (MARGIN, top), panel.heading, LIGHT["ink"], font(12), SHEET)
            for row, tiles_of_row in enumerate(panel.rows(number)):
                for column, tile in enumerate(tiles_of_row):
                    left = MARGIN + column * (panel.side + GAP)
                    self._put(image, pen, tile, left, top + LINE + row * (tile.height + GAP))
        self._progress(pen, snapshot)
        return image

    def _head(self, image: Image.Image, pen: ImageDraw.ImageDraw, snapshot: Snapshot) -> None:
        watched = self.watched
        title = f"{shortened(watched.net)} on {shortened(printable(watched.data))}"
        left = self.size[0] - MARGIN - self.picture.width
        label = pen.textlength(self.caption, font(12))
        self._put(image, pen, self.picture, left, MARGIN)
        pen.text((left - 8, MARGIN), self.caption, LIGHT["faint"], font(12), anchor="ra")
        room = round(left - 8 - label) - 12 - MARGIN
        _text(pen, (MARGIN, MARGIN), title, LIGHT["ink"], font(16, bold=True), room)
        step = f"step {snapshot.step:,} of {watched.steps:,}"
        lines = [
            f"{step}, epoch {snapshot.epoch} of {watched.epochs}" if snapshot.epoch else f"{step}, untrained"
        ]
        if snapshot.loss is not None and snapshot.accuracy is not None:
            lines.append(
                f"training: loss {snapshot.loss:.4f}, {snapshot.accuracy:.1%} right".replace("%", " %")
            )
        over = [one for one in self.epochs if one.epoch * watched.steps_of_epoch <= snapshot.step]
        if over and over[-1].validation_accuracy is not None:
            accuracy = f"{over[-1].validation_accuracy:.1%}".replace("%", " %")
            lines.append(f"validation: {accuracy} right after epoch {over[-1].epoch}")
        for row, line in enumerate(lines):
            pen.text((MARGIN, MARGIN + 23 + row * (LINE - 2)), line, LIGHT["faint"], font(13))

    def _progress(self, pen: ImageDraw.ImageDraw, snapshot: Snapshot) -> None:
        watched, top = self.watched, self.tops[-1]
        right, bottom = MARGIN + SHEET, top + BAR
        pen.rectangle((MARGIN, top, right, bottom), LIGHT["beyond"])
        done = MARGIN + round(SHEET * min(1.0, snapshot.step / watched.steps))
        pen.rectangle((MARGIN, top, done, bottom), ImageColor.getrgb("#2563c9"))
        if watched.epochs <= SHEET // 8:
            for epoch in range(1, watched.epochs):
                at = MARGIN + round(SHEET * epoch / watched.epochs)
                pen.line((at, top, at, bottom), LIGHT["paper"])
        words = "each sheet is on one scale from the first frame to the last"
        words += "; blue is above 0, orange below" * (len(watched.layers[0].maps_shape) == 3)
        pen.text((MARGIN, bottom + 6), words, LIGHT["faint"], font(11))

    @staticmethod
    def _put(image: Image.Image, pen: ImageDraw.ImageDraw, tile: Image.Image, left: int, top: int) -> None:
        image.paste(tile, (left, top))
        pen.rectangle((left - 1, top - 1, left + tile.width, top + tile.height), None, tiles.FRAME)


def _text(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, colour: str, letters: Font, room: int
) -> None:
    """A line, shortened where it is wider than `room`."""
    length = len(text)
    while length > 1 and pen.textlength(shortened(text, length), letters) > room:
        length -= 1
    pen.text(place, shortened(text, length), colour, letters)


def _picture(stored: np.ndarray) -> Image.Image:
    """A picture uint8 (H, W, C) that was looked at, a signal (C, L), or the first channel of an array."""
    if stored.ndim == 2:
        return Image.fromarray(tiles.lines(stored, width=2 * PICTURE, height=PICTURE))
    if stored.dtype == np.uint8:
        return fitted(np.broadcast_to(stored, (*stored.shape[:2], 3)), PICTURE)
    return fitted(tiles.PALETTE[tiles.shades(stored[0], tiles.limit_of(stored[0]))], PICTURE)


class _Palette:
    """The shades of maps, the greys of letters, and the colours that a frame has of filters and photos.

    Each pixel gets the nearest of them; Pillow's own search goes by cells, and makes white grey.
    """

    def __init__(self, frame: Image.Image) -> None:
        ink = np.array(ImageColor.getrgb(LIGHT["ink"]))
        fixed = [*tiles.PALETTE, *np.linspace(ink, 255, GREYS).round()]
        fixed += [np.array(ImageColor.getrgb(colour)[:3]) for colour in LIGHT.values()]
        free = np.array(frame.quantize(COLOURS - len(fixed)).getpalette()).reshape(-1, 3)
        self.colours = np.concatenate([fixed, free])[:COLOURS].astype(np.int32)
        self.known = np.full(1 << 24, -1, dtype=np.int16)  # the place of every colour that came up

    def of(self, frame: Image.Image) -> Image.Image:
        """A frame with this palette."""
        pixels = np.asarray(frame).astype(np.int32)
        packed = pixels @ np.array([1 << 16, 1 << 8, 1], dtype=np.int32)
        new = np.unique(packed[self.known[packed] < 0])
        colours = np.stack([new >> 16, new >> 8 & 255, new & 255], axis=1)
        for start in range(0, len(new), 4096):
            apart = colours[start : start + 4096, None] - self.colours
            self.known[new[start : start + 4096]] = (apart**2).sum(axis=2).argmin(axis=1)
        image = Image.fromarray(self.known[packed].astype(np.uint8)).convert("P")
        image.putpalette(self.colours.astype(np.uint8).tobytes())
        return image
