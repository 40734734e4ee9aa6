"""How a network formed, as a GIF: a frame per snapshot."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor, ImageDraw

from ..columns import printable, shortened
from ..errors import ConvscopeError, UsageError
from ..look.formation import Formation
from ..look.snapshot import Snapshot, Watched
from ..metrics import EpochFigures
from ..ops.rendering.animation import font
from ..ops.rendering.theme import LIGHT
from . import tiles
from .formation_panels import GAP, SHEET, Panel, enlarged, panels

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
    palette = _palette(sheet.frame(len(snapshots) - 1, snapshots[-1]))
    frames = [
        sheet.frame(number, snapshot).quantize(palette=palette, dither=Image.Dither.NONE)
        for number, snapshot in enumerate(snapshots)
    ]
    duration = min(max(TOTAL // len(frames), SHORTEST), LONGEST)
    content = io.BytesIO()
    frames[0].save(
        content,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[duration] * (len(frames) - 1) + [LAST],
        loop=0,
        disposal=1,
        comment=f"How {watched.net} formed on {watched.data}".encode("utf-8", "backslashreplace"),
    )
    return content.getvalue(), len(frames)


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
            pen.text((MARGIN, top), panel.heading, LIGHT["ink"], font(12))
            for row, tiles_of_row in enumerate(panel.rows(number)):
                for column, tile in enumerate(tiles_of_row):
                    left = MARGIN + column * (panel.side + GAP)
                    self._put(image, pen, tile, left, top + LINE + row * (tile.height + GAP))
        self._progress(pen, snapshot)
        return image

    def _head(self, image: Image.Image, pen: ImageDraw.ImageDraw, snapshot: Snapshot) -> None:
        watched = self.watched
        title = f"{shortened(watched.net)} on {shortened(printable(watched.data))}"
        pen.text((MARGIN, MARGIN), title, LIGHT["ink"], font(16, bold=True))
        step = f"step {snapshot.step:,} of {watched.steps:,}"
        lines = [f"{step}, epoch {snapshot.epoch} of {watched.epochs}" if snapshot.epoch else f"{step}, untrained"]
        if snapshot.loss is not None and snapshot.accuracy is not None:
            lines.append(f"training: loss {snapshot.loss:.4f}, {snapshot.accuracy:.1%} right".replace("%", " %"))
        over = [one for one in self.epochs if one.epoch * watched.steps_of_epoch <= snapshot.step]
        if over and over[-1].validation_accuracy is not None:
            accuracy = f"{over[-1].validation_accuracy:.1%}".replace("%", " %")
            lines.append(f"validation: {accuracy} right after epoch {over[-1].epoch}")
        for row, line in enumerate(lines):
            pen.text((MARGIN, MARGIN + 23 + row * (LINE - 2)), line, LIGHT["faint"], font(13))
        left = self.size[0] - MARGIN - self.picture.width
        self._put(image, pen, self.picture, left, MARGIN)
        pen.text((left - 8, MARGIN), self.caption, LIGHT["faint"], font(12), anchor="ra")

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
        words = "blue above 0, orange below; each sheet on one scale from the first frame to the last"
        pen.text((MARGIN, bottom + 6), words, LIGHT["faint"], font(11))

    @staticmethod
    def _put(image: Image.Image, pen: ImageDraw.ImageDraw, tile: Image.Image, left: int, top: int) -> None:
        image.paste(tile, (left, top))
        pen.rectangle((left - 1, top - 1, left + tile.width, top + tile.height), None, tiles.FRAME)


def _picture(stored: np.ndarray) -> Image.Image:
    """What was looked at: a picture uint8 (H, W, C), lines of a signal (C, L), or the first channel of an array."""
    if stored.ndim == 2:
        return Image.fromarray(tiles.lines(stored, width=2 * PICTURE, height=PICTURE))
    if stored.dtype == np.uint8:
        return enlarged(Image.fromarray(stored[:, :, 0] if stored.shape[2] == 1 else stored), PICTURE)
    return enlarged(Image.fromarray(tiles.PALETTE[tiles.shades(stored[0], tiles.limit_of(stored[0]))]), PICTURE)


def _palette(frame: Image.Image) -> Image.Image:
    """The shades of maps, the greys of letters, and the colours of a frame for filters and photos."""
    ink = np.array(ImageColor.getrgb(LIGHT["ink"]))
    fixed = [*tiles.PALETTE.tolist(), *np.linspace(ink, 255, GREYS).round().astype(int).tolist()]
    fixed += [list(ImageColor.getrgb(colour)[:3]) for colour in LIGHT.values()]
    free = COLOURS - len(fixed)
    colours = (frame.quantize(free).getpalette() or [])[: 3 * free]
    palette = Image.new("P", (1, 1))
    palette.putpalette([value for colour in fixed for value in colour] + colours)
    return palette
