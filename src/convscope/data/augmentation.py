"""What may happen to training pictures, another thing in each epoch, and the table of what does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import moving
from .chance import Chance
from .moving import (
    BRIGHTNESS,
    CONTRAST,
    COSINE,
    DOWN,
    LEFT,
    MIRRORED,
    PARTNER,
    RIGHT,
    SHARE,
    SINE,
    TOP,
    UNCHANGED,
    UNTURNED,
    WHOLE,
)

_SCALE = len(UNCHANGED)  # a draw that has no column of its own


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What may happen to a training picture; by default nothing.

    `shift` moves it by up to so many pixels along each axis, over a border of `fill`; `crop` does the same
    over the picture's own mirror image (without its edge, numpy's "reflect"). `flip` mirrors half of the
    pictures left to right. `rotate` turns them by up to so many degrees either way, `scale` makes them larger
    or smaller by up to that share, both about the middle, over the same border as the shift. `brightness`
    and `contrast` change them by up to that share (Pillow's ImageEnhance). `cutout` covers a square of that
    side with `fill`; its centre lies anywhere in the picture (DeVries & Taylor 2017), so that a part of it
    may lie outside.

    `mixup` mixes each picture with a partner, any picture of the training part as it is in this epoch: share
    times the one plus (1 - share) times the other, the share from Beta(mixup, mixup); the loss is mixed
    alike (Zhang et al. 2018).
    """

    shift: int = 0
    crop: int = 0
    flip: bool = False
    rotate: float = 0.0  # degrees
    scale: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    cutout: int = 0
    mixup: float = 0.0
    fill: int = 0  # 0..255

    def __bool__(self) -> bool:
        moves = self.shift or self.crop or self.flip or self.rotate or self.scale or self.cutout
        return bool(moves or self.brightness or self.contrast or self.mixup)

    def draw(self, count: int, height: int, width: int, *, seed: int, epoch: int) -> np.ndarray:
        """int32 (count, 11), a row per picture, as `moving` reads it.

        >>> Augmentation(shift=2, flip=True).draw(3, 28, 28, seed=0, epoch=1)[:, :5]
        array([[ 2,  2,  0,  0,  0],
               [-1,  0,  1,  0,  0],
               [ 0, -2,  0,  0,  0]], dtype=int32)
        """
        table = np.tile(np.array(UNCHANGED, dtype=np.int32), (count, 1))
        chance = Chance(count, seed=seed, epoch=epoch)
        reach = self.shift or self.crop
        if reach:
            table[:, DOWN] = chance.below(2 * reach + 1, DOWN) - reach
            table[:, RIGHT] = chance.below(2 * reach + 1, RIGHT) - reach
        if self.flip:
            table[:, MIRRORED] = chance.below(2, MIRRORED)
        if self.rotate or self.scale:
            angle = np.radians(chance.within(self.rotate, COSINE))
            zoom = UNTURNED / (1 + chance.within(self.scale, _SCALE))
            table[:, COSINE] = np.rint(np.cos(angle) * zoom)
            table[:, SINE] = np.rint(np.sin(angle) * zoom)
        for share, column in ((self.brightness, BRIGHTNESS), (self.contrast, CONTRAST)):
            if share:
                table[:, column] = np.rint(WHOLE * (1 + chance.within(share, column)))
        if self.cutout:
            table[:, TOP] = chance.below(height, TOP) - self.cutout // 2
            table[:, LEFT] = chance.below(width, LEFT) - self.cutout // 2
        if self.mixup:
            from scipy.special import betaincinv

            table[:, PARTNER] = chance.below(count, PARTNER)
            table[:, SHARE] = np.rint(WHOLE * betaincinv(self.mixup, self.mixup, chance.share(SHARE)))
        return table

    def apply(self, images: np.ndarray, table: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """The pictures of a training part at some positions, as its table for an epoch has them.

        `images` are uint8 (N, H, W, C), `table` has N rows; the result is uint8 (positions, H, W, C).
        """
        found = self._changed(images, table, positions)
        if self.mixup:
            partners = self._changed(images, table, table[positions, PARTNER])
            found = moving.mixed(found, partners, table[positions, SHARE])
        return found

    def _changed(self, images: np.ndarray, table: np.ndarray, positions: np.ndarray) -> np.ndarray:
        return moving.changed(
            images[positions], table[positions], hole=self.cutout, fill=self.fill, reflect=self.crop > 0
        )

    def described(self, row: np.ndarray) -> dict[str, Any]:
        """What a row of a table does, in people's units, as far as it may happen.

        >>> how = Augmentation(shift=2, rotate=10)
        >>> how.described(how.draw(1, 28, 28, seed=0, epoch=1)[0])
        {'down': 2, 'right': 2, 'degrees': -2.92, 'scale': 1.0}
        """
        down, right, mirrored, top, left, cosine, sine, *tones, partner, share = (int(value) for value in row)
        found: dict[str, Any] = {}
        if self.shift or self.crop:
            found |= {"down": down, "right": right}
        if self.flip:
            found["mirrored"] = bool(mirrored)
        if self.rotate or self.scale:
            found["degrees"] = round(float(np.degrees(np.arctan2(sine, cosine))), 2)
            found["scale"] = round(UNTURNED / float(np.hypot(sine, cosine)), 3)
        if self.brightness:
            found["brightness"] = round(tones[0] / WHOLE, 3)
        if self.contrast:
            found["contrast"] = round(tones[1] / WHOLE, 3)
        if self.cutout:
            found |= {"top": top, "left": left}
        if self.mixup:
            found |= {"partner": partner, "share": round(share / WHOLE, 4)}
        return found
