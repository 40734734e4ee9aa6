"""What commands say and draw of what the network saw of a picture."""

from __future__ import annotations

import io
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
    >>> light = Unusual("inverted", "its ground is light", "--invert turns it round")
    >>> warned([Prediction("a.png", warnings=(light,)), Prediction("b.png")])
    ['a.png: its ground is light; --invert turns it round.']
    >>> warned([Prediction(name, warnings=(light,)) for name in ("a.png", "b.png")], inverted=True)
    ['2 of 2 pictures, the first a.png: its ground is light; leave out --invert.']
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


def check_seen(bundle: Bundle, given: Sequence[Any], file: Path) -> None:
    """Raises `UsageError` where no drawing of these can be made: too many, signals, a file that is no PNG."""
    from ..data import Preprocessing

    if not isinstance(bundle.preprocessing, Preprocessing):
        raise UsageError(f"--seen draws pictures, and the network takes {bundle.preprocessing.noun}s.")
    if file.suffix.lower() != ".png":
        raise UsageError(f"--seen {file} should end in .png, which is what is written.")
    if len(given) > MOST:
        raise UsageError(f"--seen draws up to {MOST} pictures, and there are {len(given):,}; give fewer.")


def draw_seen(bundle: Bundle, given: Sequence[Any], file: Path) -> None:
    """Write the drawing of pictures that can be read."""
    from .. import look
    from ..drawing.seen import draw

    content = io.BytesIO()
    draw([look.seen(bundle, one) for one in given]).save(content, format="PNG")
    atomic.write_bytes(file, content.getvalue())
