"""What is at work, as one line that fits the terminal: words go first where it is narrow, then the bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from ..columns import shortened
from .time_left import duration

LONGEST_BAR, SHORTEST_BAR = 24, 8
GAP = 2


@dataclass(frozen=True)
class Training:
    """A moment of a training. Loss and accuracy are the epoch's so far; `share` of all is done, 0..1."""

    place: str  # such as "epoch 3/20"
    share: float
    loss: float
    accuracy: float
    rate: float | None  # pictures a second
    left: float | None  # seconds

    def line(self, width: int) -> Text:
        """In at most `width` columns."""
        for figures in self._forms():
            room = width - len(self.place) - sum(len(figure) + GAP for figure in figures) - GAP
            if room >= SHORTEST_BAR:
                return _line(self.place, _bar(self.share, min(room, LONGEST_BAR)), figures)
        *_, least = self._forms()
        return _cut(_line(self.place, Text(), least), width)

    def _forms(self) -> Iterator[tuple[str, ...]]:
        """The figures with fewer and fewer words. Each is as wide as it gets, so that nothing jumps."""
        share = f"{self.accuracy:>6.1%}".replace("%", " %")
        loss = f"{self.loss:.4f}" if self.loss < 1000 else f"{self.loss:.1e}"
        rate = f"{self.rate:,.0f}" if self.rate is not None else ""
        left = f"{duration(self.left):>5} left" if self.left is not None else " " * 10
        yield f"loss {loss}", f"accuracy {share}", f"{rate:>6} {'pictures/s' if rate else '':10}", left
        yield f"loss {loss}", f"accuracy {share}", f"{rate:>6}{'/s' if rate else '  '}", left
        yield f"loss {loss}", share, f"{rate:>6}{'/s' if rate else '  '}", left
        yield f"loss {loss}", share, left
        yield loss, share.strip(), left.strip().removesuffix(" left")


@dataclass(frozen=True)
class Reading:
    """How far a download or the reading of pictures is; `whole` is None where it is not known."""

    what: str
    done: int
    whole: int | None

    def line(self, width: int) -> Text:
        """In at most `width` columns."""
        if not self.whole:
            return _cut(Text(f"{shortened(self.what, max(width - 16, 8))}  {self.done:,}"), width)
        share = self.done / self.whole
        bar = _bar(share, min(max(width - len(self.what) - 9, SHORTEST_BAR), LONGEST_BAR))
        what = shortened(self.what, max(width - len(bar) - 10, 8))
        return _cut(_line(what, bar, [f"{share:>4.0%}".replace("%", " %")]), width)


@dataclass(frozen=True)
class Predicting:
    """How far the prediction of pictures is; `whole` and what is left are None where they are not known."""

    done: int
    whole: int | None
    rate: float | None  # pictures a second
    left: float | None  # seconds
    noun: str = "picture"

    def line(self, width: int) -> Text:
        """In at most `width` columns."""
        rate = f"{self.rate:,.0f}" if self.rate is not None else ""
        if not self.whole:
            pace = [f"{rate:>6} {self.noun}s/s"] if rate else []
            return _cut(_line(f"{self.done:,} {self.noun}s", Text(), pace), width)
        left = f"{duration(self.left):>5} left" if self.left is not None else " " * 10
        place = f"{self.done:>{len(f'{self.whole:,}')},}/{self.whole:,}"
        forms = [
            (f"{rate:>6} {f'{self.noun}s/s' if rate else '':{len(self.noun) + 3}}", left),
            (f"{rate:>6}{'/s' if rate else '  '}", left),
            (left,),
        ]
        for figures in forms:
            room = width - len(place) - sum(len(figure) + GAP for figure in figures) - GAP
            if room >= SHORTEST_BAR:
                return _line(place, _bar(self.done / self.whole, min(room, LONGEST_BAR)), figures)
        return _cut(_line(place, Text(), [left.strip()]), width)


@dataclass(frozen=True)
class Waiting:
    """Something that takes a while, and nobody knows how long."""

    what: str

    def line(self, width: int) -> Text:
        """In at most `width` columns."""
        return Text(shortened(f"{self.what} …", width), "dim")


def _line(place: str, bar: Text, figures: Sequence[str]) -> Text:
    parts = [Text(place), bar, *map(Text, figures)]
    return Text(" " * GAP).join(part for part in parts if len(part))


def _bar(share: float, width: int) -> Text:
    done = round(min(max(share, 0.0), 1.0) * width)
    return Text.assemble(("━" * done, "cyan"), ("─" * (width - done), "bright_black"))


def _cut(text: Text, width: int) -> Text:
    text.truncate(width)
    return text
