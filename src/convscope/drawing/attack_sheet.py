"""Attacked pictures on a sheet: what was, what was added, what came of it, and what the network says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..columns import printable, shortened
from ..look.breaking.attack_pictures import Fooling
from ..look.breaking.rereading import given
from .contact_sheet import Sheet, Tile, contact_sheet

ROWS = 10
SHORT = 10  # letters of a class below a picture


def attack_sheet(bundle: Bundle, fooled: Sequence[Fooling], *, of: int) -> Sheet:
    """At most `ROWS` pictures that one method fooled the network with, spread over the classes.

    `of` is how many pictures were attacked. The perturbation is amplified so that its largest value is black
    or white, and mid-grey is none.
    """
    chosen = _spread(fooled)
    preprocessing: Any = bundle.preprocessing
    before = bundle.probabilities(np.stack([one.original for one in chosen]))
    after = bundle.probabilities(np.stack([one.image for one in chosen]))
    rows = []
    for one, clean, said in zip(chosen, before, after, strict=True):
        original, attacked = (given(preprocessing, picture) for picture in (one.original, one.image))
        change = attacked.astype(np.int64) - original
        most = int(np.abs(change).max())
        amplified = np.rint(127.5 + 127.5 * change / most).astype(np.uint8)
        tiles = [
            Tile(original, _says(bundle, clean)),
            Tile(amplified, f"±{most}/255, ×{127.5 / most:.0f}" if most < 64 else f"±{most}/255"),
            Tile(attacked, _says(bundle, said)),
        ]
        rows.append((bundle.classes[one.label], tiles))
    title = [
        f"{fooled[0].method.upper()} on {bundle.net}",
        f"{len(fooled):,} of {of:,} pictures that were right fooled it,",
        "each within the smallest epsilon that did",
    ]
    return contact_sheet(title, rows, ["original", "added", "attacked"])


def _says(bundle: Bundle, probabilities: np.ndarray) -> str:
    best = int(probabilities.argmax())
    return f"{shortened(printable(bundle.classes[best]), SHORT)}, {100 * probabilities[best]:.0f} %"


def _spread(fooled: Sequence[Fooling]) -> list[Fooling]:
    """One of each class in turn, then a second, until there are enough."""
    by_class: dict[int, list[Fooling]] = {}
    for one in fooled:
        by_class.setdefault(one.label, []).append(one)
    turns = [(turn, label, one) for label, some in by_class.items() for turn, one in enumerate(some[:ROWS])]
    turns.sort(key=lambda entry: entry[:2])
    return [one for _, _, one in sorted(turns[:ROWS], key=lambda entry: entry[1])]
