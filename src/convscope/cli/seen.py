"""What commands say and draw of what the network saw of a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import atomic
from ..errors import UsageError
from ..prediction import Prediction
from .complaint import complain

if TYPE_CHECKING:
    from ..bundle import Bundle
    from ..data.unusual import Unusual

MOST = 24  # pictures below each other in one drawing


def warned(predictions: Sequence[Prediction], *, inverted: bool = False) -> list[str]:
    """A sentence for each kind of warning: of the picture, or of the first one and how many there are.

    `inverted` says that `--invert` was given.

    >>> from convscope.data.unusual import Unusual
    >>> from convscope.prediction import Prediction
    >>> light = Unusual("inverted", "its ground is lighter", "--invert turns it round")
    >>> warned([Prediction("a.png", warnings=(light,)), Prediction("b.png")])
    ['a.png: its ground is lighter; --invert turns it round.']
    >>> warned([Prediction(name, warnings=(light,)) for name in ("a.png", "b.png")], inverted=True)
    ['2 of 2 pictures, the first a.png: its ground is lighter; leave out --invert.']
    """
    told: dict[str, list[tuple[str | None, Unusual]]] = {}
    for prediction in predictions:
        for warning in prediction.warnings:
            told.setdefault(warning.kind, []).append((prediction.path, warning))
    sentences = []
    for of in told.values():
        path, warning = of[0]
        if inverted and warning.kind == "inverted":
            warning = replace(warning, advice="leave out --invert")
        count = f"{len(of):,} of {len(predictions):,} pictures, the first " if len(of) > 1 else ""
        sentences.append(f"{count}{path}: {warning}")
    return sentences


def polarised(bundle: Bundle, picture: Path, *, invert: bool) -> Bundle:
    """The bundle, with `invert` for pictures of the other polarity; says what is unusual about this one."""
    from .. import look

    if invert:
        bundle = bundle.inverted()
    one = Prediction(str(picture), warnings=look.seen(bundle, picture).warnings)
    for sentence in warned([one], inverted=invert):
        complain(f"warning: {sentence}")
    return bundle


def check_seen(bundle: Bundle, file: Path, read: Sequence[tuple[str, Any]]) -> None:
    """Raises `UsageError` where no drawing can be made: signals, a file that is no PNG, or one of those that
    are `read` (what it is, and its path), `DataError` for a missing folder.
    """
    from ..data import Preprocessing
    from .conv_files import check

    if not isinstance(bundle.preprocessing, Preprocessing):
        raise UsageError(f"--seen draws pictures, and the network takes {bundle.preprocessing.noun}s.")
    paths = {f"{what} {path}": os.fspath(path) for what, path in read if isinstance(path, str | os.PathLike)}
    check({"--seen": file}, {"--seen": (".png",)}, read=paths)


def draw_seen(bundle: Bundle, given: Sequence[Any], file: Path) -> str:
    """Write the drawing of the first 24 of pictures that can be read; says so where there are more."""
    from .. import look
    from ..drawing.seen import draw
    from ..drawing.tiles import to_png

    atomic.write_bytes(file, to_png(draw([look.seen(bundle, one) for one in given[:MOST]])))
    return f"the first {MOST} of {len(given):,} pictures" if len(given) > MOST else ""
