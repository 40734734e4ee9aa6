"""What the pictures of a data set show, as far as it says how they may be changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

Setting = int | float | bool

SMALL = 32  # sides up to this: what is small in a picture is a pixel or two
_SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Subject:
    """Of what the pictures are, and what that says of their changes."""

    noun: str
    photos: bool = False  # light, colours and the frame are one photo's, not the class's
    upright: bool = False  # all of them hang or stand straight
    unmirrored: str | None = None  # why a mirrored one may be of another class; None: it is of the same

    def augmentation(self, height: int, width: int) -> dict[str, Setting]:
        """The moves that suit pictures of this size, by the names of `Augmentation`.

        Photos: another frame, by up to an eighth of a side over the picture's mirror image, and another
        light where they are larger than 32 pixels. The others lie on a plain ground: a shift by up to a
        fourteenth of a side (2 pixels of MNIST's 28; none of 8, where one cuts strokes off), and unless
        they are upright a turn and another size.

        >>> PHOTOS.augmentation(64, 64)
        {'crop': 8, 'flip': True, 'brightness': 0.2, 'contrast': 0.2}
        >>> DIGITS.augmentation(28, 28)
        {'shift': 2, 'rotate': 10.0, 'scale': 0.1}
        """
        side = min(height, width)
        moves: dict[str, Setting] = {}
        if self.photos:
            moves["crop"] = min(max(1, round(side / 8)), side - 1)
        else:
            moves["shift"] = side // 14
        if self.unmirrored is None:
            moves["flip"] = True
        if self.photos and side > SMALL:
            moves |= {"brightness": 0.2, "contrast": 0.2}
        if not self.photos and not self.upright:
            moves |= {"rotate": 10.0, "scale": 0.1}
        return {name: value for name, value in moves.items() if value}


DIGITS = Subject("digits", unmirrored="digits")
CHARACTERS = Subject("characters", unmirrored="characters")
CLOTHES = Subject("clothes", upright=True)
PHOTOS = Subject("photos", photos=True)
SIDED_PHOTOS = Subject("photos", photos=True, unmirrored="a class is named by left or right")
NUMBERED_PHOTOS = Subject(
    "photos", photos=True, unmirrored="the names of the classes do not say what they show"
)
GREY = Subject("grey pictures", unmirrored="a mirrored one may be of another class")
SIGNALS = Subject("signals", unmirrored="signals")  # which nothing moves


def subject_of(classes: Sequence[str], *, grey: bool) -> Subject:
    """Of pictures that nobody has said anything about, from the names of their classes and their colours.

    >>> subject_of(["0", "1"], grey=True).noun, subject_of(["ants", "bees"], grey=False).noun
    ('digits', 'photos')
    """
    names = [name.lower() for name in classes]
    short = all(len(name) == 1 for name in names)
    if grey and short:
        return DIGITS if all(name.isdecimal() for name in names) else CHARACTERS
    if grey:
        return GREY
    if short or all(name.isdecimal() for name in names):
        return NUMBERED_PHOTOS
    words = {word for name in names for word in re.findall(r"[^\W_]+", name)}
    return PHOTOS if words.isdisjoint(_SIDES) else SIDED_PHOTOS
