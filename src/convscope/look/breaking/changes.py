"""Pictures shifted, turned, scaled, noisy, blurred, pale or inverted: changes that no attacker chose.

Shifts, turns and scales are those of the augmentation (`data/moving.py`): turned and scaled about the middle,
bilinear. What comes in from outside is the value that most edge pixels of the pictures have, where more than
half have one; else the picture's own mirror image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...data import moving
from ...data.chance import Chance

Pixels = npt.NDArray[np.uint8]
NATURAL = 28  # pixels: the side of a picture for which lengths are stated; others have them in proportion
DIRECTIONS = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)])


@dataclass(frozen=True)
class Outside:
    """What lies outside of a picture: a value, or its mirror image."""

    fill: int
    reflect: bool

    @classmethod
    def of(cls, images: Pixels) -> Outside:
        """
        >>> Outside.of(np.zeros((1, 4, 4, 1), np.uint8))
        Outside(fill=0, reflect=False)
        """
        edges = [images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]]
        counts = np.bincount(np.concatenate([edge.ravel() for edge in edges]), minlength=256)
        most = int(counts.argmax())
        return cls(most, reflect=bool(2 * counts[most] <= counts.sum()))


Changing = Callable[[Pixels, float, int, Outside], Pixels]  # pictures, level, seed, outside


@dataclass(frozen=True)
class Change:
    """One kind of change: its levels but 0, in `unit`, and what they mean in a sentence."""

    name: str
    method: str  # what a person asks for it by
    unit: str
    levels: tuple[float, ...]
    how: str
    apply: Changing
    length: bool = False  # levels are lengths in pixels

    def levels_for(self, images: Pixels) -> tuple[float, ...]:
        """The levels for pictures of this size."""
        if not self.length:
            return self.levels
        scaled = (level * min(images.shape[1:3]) / NATURAL for level in self.levels)
        whole = self.name == "shift"
        return tuple(dict.fromkeys(float(max(1, round(s))) if whole else round(s, 2) for s in scaled))


def shifted(images: Pixels, down: npt.ArrayLike, right: npt.ArrayLike, outside: Outside) -> Pixels:
    """Each picture by whole pixels of its own.

    >>> picture = np.array([[1, 2], [3, 4]], np.uint8)[None, :, :, None]
    >>> shifted(picture, 1, 0, Outside(9, False))[0, :, :, 0].tolist()
    [[9, 9], [1, 2]]
    """
    return _moved(images, outside, {moving.DOWN: down, moving.RIGHT: right})


def _moved(images: Pixels, outside: Outside, columns: dict[int, npt.ArrayLike]) -> Pixels:
    table = np.tile(np.array(moving.UNCHANGED, np.int32), (len(images), 1))
    for column, values in columns.items():
        table[:, column] = values
    return moving.changed(images, table, fill=outside.fill, reflect=outside.reflect)


def _shift(images: Pixels, level: float, seed: int, outside: Outside) -> Pixels:
    chosen = DIRECTIONS[Chance(len(images), seed=seed, epoch=0).below(len(DIRECTIONS), 0)]
    return shifted(images, int(level) * chosen[:, 0], int(level) * chosen[:, 1], outside)


def _turn(images: Pixels, level: float, seed: int, outside: Outside) -> Pixels:
    left = 2 * Chance(len(images), seed=seed, epoch=0).below(2, 1) - 1
    angle = np.deg2rad(level * left)
    return _scaled(images, np.cos(angle), np.sin(angle), outside)


def _scaled(images: Pixels, cosine: npt.ArrayLike, sine: npt.ArrayLike, outside: Outside) -> Pixels:
    return _moved(
        images,
        outside,
        {
            moving.COSINE: np.rint(np.multiply(cosine, moving.UNTURNED)),
            moving.SINE: np.rint(np.multiply(sine, moving.UNTURNED)),
        },
    )


def _smaller(images: Pixels, level: float, _: int, outside: Outside) -> Pixels:
    return _scaled(images, 1 / (1 - level / 100), 0, outside)


def _larger(images: Pixels, level: float, _: int, outside: Outside) -> Pixels:
    return _scaled(images, 1 / (1 + level / 100), 0, outside)


def _noisy(images: Pixels, level: float, seed: int, _: Outside) -> Pixels:
    """The same draw for every level, so that a level has more of the noise of the one before."""
    noisy = np.empty_like(images)
    for position, picture in enumerate(images):
        noise = np.random.default_rng((seed % 2**64, position)).standard_normal(picture.shape)
        noisy[position] = np.rint(picture + level * noise).clip(0, 255)
    return noisy


def _blurred(images: Pixels, level: float, _: int, __: Outside) -> Pixels:
    from scipy.ndimage import gaussian_filter

    blurred = np.empty_like(images)
    for position, picture in enumerate(images):
        exact = gaussian_filter(picture.astype(np.float64), (level, level, 0), mode="nearest")
        blurred[position] = np.rint(exact).clip(0, 255)
    return blurred


def _pale(images: Pixels, level: float, _: int, outside: Outside) -> Pixels:
    return _moved(images, outside, {moving.CONTRAST: round(moving.WHOLE * (1 - level / 100))})


def _inverted(images: Pixels, _: float, __: int, ___: Outside) -> Pixels:
    return 255 - images


CHANGES: Sequence[Change] = (
    Change(
        "shift", "shift", "pixels", (1, 2, 3, 4, 6), "in one of eight directions, drawn", _shift, length=True
    ),
    Change("rotation", "rotation", "degrees", (5, 10, 15, 30, 45, 90), "to the left or right, drawn", _turn),
    Change("smaller", "scale", "%", (10, 20, 30, 50), "of the side less", _smaller),
    Change("larger", "scale", "%", (10, 20, 30, 50), "of the side more", _larger),
    Change("noise", "noise", "1/255", (8, 16, 32, 64, 96), "deviation of Gaussian noise", _noisy),
    Change(
        "blur", "blur", "pixels", (0.5, 1, 1.5, 2, 3), "deviation of a Gaussian blur", _blurred, length=True
    ),
    Change("contrast", "contrast", "%", (25, 50, 75, 90), "of the distance from the mean grey less", _pale),
    Change("inversion", "inversion", "", (1,), "255 minus each value", _inverted),
)
