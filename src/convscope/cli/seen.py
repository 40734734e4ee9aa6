"""What commands say and draw of what the network saw of a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import atomic
from ..errors import UsageError
from ..prediction import with_path
from ..prediction.results.tally import Tally, Warned
from ..untrained import warn_if_untrained
from .complaint import complain

if TYPE_CHECKING:
    from ..bundle import Bundle

MOST = 24  # pictures below each other in one drawing


def warned(tally: Tally, noun: str, *, inverted: bool = False) -> list[str]:
    """A sentence for each kind of warning: of the input, or of the first one and how many there are.

    `noun` is what one input is, and `inverted` says that `--invert` was given.

    >>> from convscope.data.unusual import Unusual
    >>> from convscope.prediction import Prediction
    >>> light = Unusual("inverted", "its ground is lighter", "--invert turns it round")
    >>> tally = Tally()
    >>> tally.add(Prediction("a.png", (("7", 0.9),), warnings=(light,)))
    >>> warned(tally, "picture")
    ['a.png: its ground is lighter; --invert turns it round.']
    >>> tally.add(Prediction("b.png", (("7", 0.9),), warnings=(light,)))
    >>> warned(tally, "picture", inverted=True)
    ['2 of 2 pictures, the first a.png: its ground is lighter; leave out --invert.']
    >>> warned(tally, "signal")[0].partition(",")[0]
    '2 of 2 signals'
    """
    sentences = []
    for of in tally.warned.values():
        warning = of.warning
        if inverted and warning.kind == "inverted":
            warning = replace(warning, advice="leave out --invert")
        count = f"{of.count:,} of {tally.count:,} {noun}s, the first " if of.count > 1 else ""
        sentences.append(f"{count}{of.path}: {warning}")
    return sentences


def polarised(bundle: Bundle, picture: Path, *, invert: bool) -> Bundle:
    """The bundle, with `invert` for pictures of the other polarity; says what is unusual about this one."""
    from .. import look

    warn_if_untrained(bundle)
    if invert:
        bundle = bundle.inverted()
    tally = Tally()
    for warning in look.seen(bundle, picture).warnings:
        tally.warned[warning.kind] = Warned(1, str(picture), warning)
    for sentence in warned(tally, bundle.preprocessing.noun, inverted=invert):
        complain(f"warning: {sentence}")
    return bundle


class Seen:
    """The first pictures that can be read, to be drawn at the end as the network saw them.

    Raises `UsageError` where no drawing can be made: of signals, into a file that is no PNG, or one of
    those that are read; `DataError` for a missing folder.
    """

    def __init__(self, bundle: Bundle, file: Path, model: Path, pictures: Sequence[Path]) -> None:
        from ..data import Preprocessing

        if not isinstance(bundle.preprocessing, Preprocessing):
            raise UsageError(f"--seen draws pictures, and the network takes {bundle.preprocessing.noun}s.")
        self.bundle, self.file, self.count = bundle, file, 0
        self.first: list[Any] = []
        read: dict[str, str | None] = {f"the model {model}": os.fspath(model)}
        read |= {f"the picture {path}": os.fspath(path) for path in pictures}
        for folder in pictures:
            if folder.is_dir() and file.exists() and file.resolve().is_relative_to(folder.resolve()):
                inside = folder / file.resolve().relative_to(folder.resolve())
                read[f"the picture {inside}"] = os.fspath(inside)
        _check_file(file, read)

    def add(self, one: Any, error: str | None) -> None:
        """One of the inputs, in order, and why it cannot be read. Raises `UsageError` where it is the file
        that is to be drawn."""
        path, _ = with_path(one)
        if path is not None and os.path.basename(path) == self.file.name:  # noqa: PTH119
            _check_file(self.file, {f"the picture {path}": path})
        if error is None:
            self.count += 1
            if len(self.first) < MOST:
                self.first.append(one)

    def draw(self) -> str:
        """Write the drawing, if there is anything to see; says so where there are more pictures than it
        shows."""
        from .. import look
        from ..drawing.seen import draw
        from ..drawing.tiles import to_png

        if not self.first:
            return ""
        atomic.write_bytes(self.file, to_png(draw([look.seen(self.bundle, one) for one in self.first])))
        return f"the first {MOST} of {self.count:,} pictures" if self.count > MOST else ""


def _check_file(file: Path, read: dict[str, str | None]) -> None:
    from .conv_files import check

    check({"--seen": file}, {"--seen": (".png",)}, read=read)
