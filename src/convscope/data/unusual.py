"""In what a picture is unlike those that a network was trained on, in sentences, where that can be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .input_preprocessing import InputPreprocessing
from .measures import Measures, measures
from .preprocessing import Preprocessing
from .usual import Range, Usual

CLEAR = 20  # levels by which a figure is lighter or darker than its ground, to speak of a polarity
GREY = 10  # the largest mean distance of channels that is no colour
TINT = 25  # the same where it is taken away: light on paper makes it no photo
FLAT = 1.0  # a deviation below it, in levels of 255, shows nothing
# To each of these comes so much over √count, because few pictures say less about others:
BEYOND, BEYOND_FEW = 0.15, 3.0  # of a range, beyond its ends
SMALLER, SMALLER_FEW = 0.15, 1.0  # less than the smallest usual extent
OFF, OFF_FEW = 0.06, 0.5  # of the picture's side, beyond the usual places
ALWAYS = 200  # pictures of which all are in colour, to say that others are
PROPORTION = 2.0  # times the usual aspect
ENLARGED = 2.0  # times as much as any training picture
ENLARGED_UNKNOWN, PROPORTION_UNKNOWN = 4.0, 4.0  # where the training pictures are not known
# Since pictures.py lays them over white:
_LAID_OVER = "transparent pixels count as white: if its ground is transparent, lay it over black"


@dataclass(frozen=True, slots=True)
class Unusual:
    """One thing about a picture that the training pictures were not like.

    `kind` is blank, inverted, small, place, size, shape, colour, grey, bright, dark, contrast, flat; of
    signals also blank, level and spread.
    """

    kind: str
    what: str  # without a subject: "its ground is light ..."
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        """JSON values."""
        return {"kind": self.kind, "message": str(self)}

    def __str__(self) -> str:
        return f"{self.what}; {self.advice}." if self.advice else f"{self.what}."


def unusual(
    preprocessing: InputPreprocessing,
    usual: Usual | None,
    stored: np.ndarray,
    sizes: np.ndarray | None = None,
    colours: np.ndarray | None = None,
) -> list[tuple[Unusual, ...]]:
    """For each of what is stored, in what it is unlike the training pictures.

    `sizes` (N, 2) are heights and widths before resizing, `colours` (N,) the `Known.colour` that a grey
    network does not see. Without `usual` only what shows in a picture by itself is said. Polarity is told
    where the training pictures are grey and nearly all figures in them lighter than the ground, or nearly all
    darker; of photos it is not. Levels are those that the network sees.

    >>> usual = Usual(count=900, ranges={"ink": Range(lowest=150, low=160, high=240, highest=255)})
    >>> page = np.full((1, 8, 8, 1), 255, np.uint8)
    >>> page[0, 1:7, 3] = 0
    >>> print(unusual(Preprocessing(height=8, width=8, channels=1), usual, page)[0][0])
    its ground is lighter than its figure (255 and 0 of 255), in training darker; --invert turns it round.
    """
    found = measures(preprocessing, stored, sizes)
    lost = colours is not None and isinstance(preprocessing, Preprocessing) and preprocessing.channels == 1
    if lost and colours is not None:
        found["colour"] = colours
    checks = _Checks(found, dict(usual.ranges) if usual else {}, usual.count if usual else 0)
    checks.inverts = isinstance(preprocessing, Preprocessing) and preprocessing.invert
    if not isinstance(preprocessing, Preprocessing):
        checks.of_arrays(preprocessing.noun)
        return checks.said
    checks.of_ground()
    checks.of_level()
    if "colour" in found:
        checks.of_colour(TINT if lost else GREY)
    if sizes is not None:
        checks.of_size(preprocessing, sizes, usual)
    return checks.said


class _Checks:
    """The measures of some pictures beside the usual ones; `said` grows by what is unlike."""

    def __init__(self, found: Measures, ranges: dict[str, Range], count: int) -> None:
        self.found, self.ranges = found, ranges
        self.count = count
        self.inverts = False  # what is seen has levels of its own
        root = max(count, 1) ** 0.5
        self.beyond = BEYOND + BEYOND_FEW / root
        self.smaller = 1 - SMALLER - SMALLER_FEW / root
        self.off = OFF + OFF_FEW / root
        self.said: list[tuple[Unusual, ...]] = [()] * len(found["mean"])
        self.explained = np.zeros(len(self.said), dtype=bool)  # why its level is another, has been said

    def say(self, where: np.ndarray, tell: Callable[[int], Unusual]) -> None:
        for at in np.flatnonzero(where):
            self.said[at] = (*self.said[at], tell(int(at)))

    @property
    def polarity(self) -> int:
        """Of the training pictures: 1 for figures lighter than the ground, -1 for darker, 0 for neither."""
        ink, colour = self.ranges.get("ink"), self.ranges.get("colour")
        if ink is None or (colour is not None and colour.highest > GREY):
            return 0
        return int(ink.low >= CLEAR) - int(ink.high <= -CLEAR)

    def seen(self, what: str) -> str:
        """A sentence on levels, which are not those of the picture where it is inverted."""
        return f"after inversion {what}" if self.inverts else what

    def of_ground(self) -> None:
        """Nothing on it, a ground that is lighter or darker, and a figure too small or out of the middle."""
        deviation = self.ranges.get("deviation")
        blank = self.found["deviation"] < FLAT
        if deviation is None or deviation.lowest >= 2 * FLAT:
            self.say(blank, self._blank)
        self.explained |= blank
        if self.polarity == 0:
            return
        inverted = ~blank & (self.polarity * self.found["ink"] <= -CLEAR)  # NaN is not
        self.say(inverted, self._inverted)
        small = self._small()
        self.explained |= inverted | small | self._out_of_place(~small)

    def _blank(self, at: int) -> Unusual:
        mean = self.found["mean"][at]
        level = 255 - mean if self.inverts else mean
        what = f"it is of one colour ({level:.0f} of 255), with nothing in it to see"
        return Unusual("blank", what, _LAID_OVER if round(level) == 255 else "")

    def _inverted(self, at: int) -> Unusual:
        here, there = ("lighter", "darker") if self.polarity > 0 else ("darker", "lighter")
        ground = self.found["ground"][at]
        levels = f"{ground:.0f} and {ground + self.found['ink'][at]:.0f} of 255"
        what = f"its ground is {here} than its figure ({levels}), in training {there}"
        return Unusual("inverted", self.seen(what), "--invert turns it round")

    def _small(self) -> np.ndarray:
        usual = self.ranges.get("extent")
        if usual is None:
            return np.zeros(len(self.said), dtype=bool)
        extent, least = self.found["extent"], usual.low
        small: np.ndarray = extent < self.smaller * least  # NaN is not

        def tell(at: int) -> Unusual:
            what = f"its figure takes {extent[at]:.0%} of the picture's side, in training {least:.0%} or more"
            return Unusual("small", _spaced(what), "cut it out, so that it fills the picture")

        self.say(small, tell)
        return small

    def _out_of_place(self, where: np.ndarray) -> np.ndarray:
        across, down = self.ranges.get("across"), self.ranges.get("down")
        if across is None or down is None:
            return np.zeros(len(self.said), dtype=bool)
        places = [(self.found["across"], across), (self.found["down"], down)]
        beyond = [(v < r.low - self.off) | (v > r.high + self.off) for v, r in places]
        off: np.ndarray = where & np.any(beyond, axis=0)

        def tell(at: int) -> Unusual:
            here = " and ".join(
                f"{v[at]:.0%} {way}" for way, (v, _) in zip(("across", "down"), places, strict=True)
            )
            there = f"{across.low:.0%} to {across.high:.0%} and {down.low:.0%} to {down.high:.0%}"
            what = f"the middle of its figure is at {here}, in training at {there}"
            return Unusual("place", _spaced(what), "cut it out, so that it is in the middle")

        self.say(off, tell)
        return off

    def of_level(self) -> None:
        """Brightness and contrast, where nothing above says why they are others."""
        for name, low, high, of in (
            ("mean", "dark", "bright", ("darker", "brighter")),
            ("deviation", "flat", "contrast", ("of less contrast", "of more contrast")),
        ):
            figure = "mean" if name == "mean" else "deviation"
            for kind, where, word in zip((low, high), self._beyond(name), of, strict=True):
                what = self.seen(f"it is {word}") if name == "mean" else f"it is {word}"
                self.say(where & ~self.explained, self._level(kind, name, what, figure, ".0f"))

    def of_arrays(self, noun: str) -> None:
        """The same of numbers with units of their own."""
        deviation = self.ranges.get("deviation")
        constant = self.found["deviation"] == 0
        if deviation is None or deviation.lowest > 0:
            self.say(
                constant, lambda at: Unusual("blank", f"all its numbers are {self.found['mean'][at]:.4g}")
            )
        for name, kind in (("mean", "level"), ("deviation", "spread")):
            where = np.any(self._beyond(name), axis=0) & ~constant
            self.say(where, self._level(kind, name, f"its {name} is another", name, ".4g", noun))

    def _level(
        self, kind: str, name: str, what: str, figure: str, digits: str, noun: str = "picture"
    ) -> Callable[[int], Unusual]:
        usual = self.ranges.get(name)

        def tell(at: int) -> Unusual:
            assert usual is not None
            here = format(self.found[name][at], digits)
            span = _span(usual, digits)
            return Unusual(kind, f"{what} than the training {noun}s: {figure} {here}, theirs {span}")

        return tell

    def _beyond(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """What is well below, and well above, all that was measured in training."""
        values, usual = self.found[name], self.ranges.get(name)
        if usual is None:
            return (np.zeros(len(values), dtype=bool),) * 2
        margin = self.beyond * (usual.highest - usual.lowest)
        return values < usual.lowest - margin, values > usual.highest + margin

    def of_colour(self, least: float) -> None:
        """Colour for a network that has seen none, or none for one that has always seen some."""
        usual, colour = self.ranges.get("colour"), self.found["colour"]
        if usual is None:
            return
        if usual.highest <= GREY / 2:
            self.say(
                colour > least, lambda _: Unusual("colour", "it is in colour, the training pictures are grey")
            )
        elif usual.lowest > GREY and self.count >= ALWAYS:
            where = (colour < GREY / 10) & ~self.explained
            self.say(where, lambda _: Unusual("grey", "it is grey, the training pictures are in colour"))

    def of_size(self, preprocessing: Preprocessing, sizes: np.ndarray, usual: Usual | None) -> None:
        """Few pixels, and proportions that leave borders, lose much or distort."""
        enlarged, times = self.found["enlarged"], self.ranges.get("enlarged")
        limit = ENLARGED * max(1.0, times.highest) if times else ENLARGED_UNKNOWN
        frame = f"{preprocessing.height}×{preprocessing.width}"
        theirs = ""
        if usual is not None and usual.smallest is not None:
            theirs = f", the smallest training picture is {usual.smallest[0]}×{usual.smallest[1]}"

        def size(at: int) -> Unusual:
            here = f"it is {sizes[at][0]}×{sizes[at][1]} pixels, enlarged to {frame}"
            return Unusual("size", here + theirs, "give a larger one")

        self.say(enlarged > limit, size)
        aspect, known = self.found["aspect"], self.ranges.get("aspect")
        square = preprocessing.width / preprocessing.height
        by = PROPORTION if known else PROPORTION_UNKNOWN
        low, high = (known.lowest, known.highest) if known else (square, square)

        def shape(at: int) -> Unusual:
            what = _proportions(float(aspect[at]), known, square, preprocessing.resize)
            return Unusual("shape", what, "cut it to their proportions" if known else "cut it")

        self.say((aspect * by < low) | (aspect > high * by), shape)


def _proportions(aspect: float, usual: Range | None, frame: float, resize: str) -> str:
    """
    >>> _proportions(4.0, Range(lowest=1, low=1, high=1.5, highest=1.5), 1.0, "fit")
    'it is 4 times as wide as high (in training 1 to 1.5), which leaves 75 % of what the network sees empty'
    >>> _proportions(15001.0, None, 1.0, "crop")
    'it is 15,000 times as wide as high, of which 100 % is cut off'
    """
    wide = aspect > 1
    times = f"{float(f'{max(aspect, 1 / aspect):.3g}'):,.10g} times"
    longer = f"{times} as wide as high" if wide else f"{times} as high as wide"
    there = ""
    if usual is not None:
        low, high = (usual.lowest, usual.highest) if wide else (1 / usual.highest, 1 / usual.lowest)
        there = f" (in training {low:.3g}" + (f" to {high:.3g})" if f"{low:.3g}" != f"{high:.3g}" else ")")
    lost = 1 - min(aspect / frame, frame / aspect)
    what = {
        "fit": f"which leaves {lost:.0%} of what the network sees empty",
        "crop": f"of which {lost:.0%} is cut off",
        "stretch": f"which stretching changes by a factor of {1 / (1 - lost):.3g}",
    }[resize]
    return _spaced(f"it is {longer}{there}, {what}")


def _span(of: Range, digits: str = ".0f") -> str:
    low, high = format(of.lowest, digits), format(of.highest, digits)
    return low if low == high else f"{low} to {high}"


def _spaced(text: str) -> str:
    return text.replace("%", " %")
