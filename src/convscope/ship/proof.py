"""Whether an exported network says what its bundle says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..columns import shortened
from ..errors import GateFailed
from .entrance import Entrance
from .runner import Runner, Told, in_batches

TOLERANCE = 1e-4  # of a probability
MARGIN = 2 * TOLERANCE  # of the best class over the second, from which on the class has to be the same
BATCHES = (1, 7, 64)
STILL = 100 * TOLERANCE  # a network whose probabilities move less than this hardly looks at its pictures
NAMED = 3  # classes


@dataclass(frozen=True)
class Proof:
    """How far an exported network was from its bundle: never further than `TOLERANCE`.

    `largest` and `mean` are of the differences of all probabilities, over all batches. `close` counts the
    inputs whose two best classes are too near each other to tell which is first. `unseen` says which faults
    these inputs cannot show.
    """

    count: int  # inputs compared
    what: str  # they are, such as "256 test pictures of digits"
    batches: tuple[int, ...]
    largest: float
    mean: float
    close: int
    unseen: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON."""
        return {**asdict(self), "tolerance": TOLERANCE}


def prove(
    bundle: Bundle,
    entrance: Entrance,
    stored: np.ndarray,
    run: Runner,
    *,
    batches: Sequence[int] = BATCHES,
    names: Sequence[str] = (),
    what: str = "",
    told: Told | None = None,
) -> Proof:
    """Compare what `run` and the bundle say of inputs as they are stored, in batches of each size.

    `names` are those of the inputs, for messages. Raises `GateFailed` where a probability differs by more
    than `TOLERANCE` or is none (NaN), where the best class is another though it leads by more than `MARGIN`,
    and where `run` fails.
    """
    noun = bundle.preprocessing.noun
    wanted = bundle.probabilities(stored)
    if not np.isfinite(wanted).all():
        one = _name(names, int(np.flatnonzero(~np.isfinite(wanted).all(axis=1))[0]), noun)
        raise GateFailed(
            f"the bundle itself gives no probabilities (NaN) for {one}, so that nothing can be compared with "
            "it; train it again."
        )
    largest, total = 0.0, 0.0
    for size in batches:
        doing = f"{noun}s compared in batches of {size}"
        found = in_batches(run, entrance, stored, size, wanted.shape[1], what=doing, told=told)
        differences = np.abs(found - wanted)
        differences[np.isnan(differences)] = np.inf
        worst = int(differences.max(axis=1).argmax())
        if not differences[worst].max() <= TOLERANCE or _another_class(found, wanted).any():
            raise GateFailed(_refusal(bundle, found, wanted, differences, size, names))
        largest, total = max(largest, float(differences.max())), total + float(differences.mean())
    return Proof(
        count=len(stored),
        what=what or f"{len(stored):,} {noun}{'s' if len(stored) != 1 else ''}",
        batches=tuple(batches),
        largest=largest,
        mean=total / len(batches),
        close=int((~_leads(wanted)).sum()),
        unseen=tuple(_unseen(bundle, stored, wanted)),
    )


def _leads(probabilities: np.ndarray) -> np.ndarray:
    """Whether the best class is clearly the best, per input."""
    best = np.sort(probabilities, axis=1)[:, -2:]
    clear: np.ndarray = best[:, -1] - best[:, 0] > MARGIN
    return clear


def _another_class(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    other: np.ndarray = (found.argmax(axis=1) != wanted.argmax(axis=1)) & _leads(wanted)
    return other


def _refusal(
    bundle: Bundle,
    found: np.ndarray,
    wanted: np.ndarray,
    differences: np.ndarray,
    size: int,
    names: Sequence[str],
) -> str:
    """How far it is, on which input, for which classes, and on how many."""
    noun = bundle.preprocessing.noun
    apart, another = differences.max(axis=1) > TOLERANCE, _another_class(found, wanted)
    worst = int(differences.max(axis=1).argmax())
    one = int(differences[worst].argmax())
    before, after = (bundle.classes[int(row[worst].argmax())] for row in (wanted, found))
    says = "a number that is none (NaN)" if np.isnan(found[worst, one]) else f"{found[worst, one]:.4f}"
    named = (
        f"names {after} where the bundle names {before}"
        if before != after
        else f"names {before} as the bundle does"
    )
    return (
        f"what was exported is not the same network. In batches of {size} it differs on "
        f"{int(apart.sum()):,} of {len(wanted):,} {noun}s and names another class for "
        f"{int(another.sum()):,}. Most on "
        f"{_name(names, worst, noun)}: it {named}, and gives {bundle.classes[one]} {says} instead of "
        f"{wanted[worst, one]:.4f} ({TOLERANCE:g} is allowed)."
    )


def _unseen(bundle: Bundle, stored: np.ndarray, wanted: np.ndarray) -> Iterator[str]:
    """What these inputs cannot show."""
    noun, classes = bundle.preprocessing.noun, bundle.classes
    never = [classes[i] for i in np.flatnonzero(wanted.max(axis=0) <= TOLERANCE)]
    if len(never) > 1:
        listed = ", ".join(shortened(name) for name in never[:NAMED])
        more = f" and {len(never) - NAMED} more" if len(never) > NAMED else ""
        yield (
            f"no {noun} has a probability above {TOLERANCE:g} for {listed}{more}, so these classes mixed up "
            "would not be seen."
        )
    pictures = stored.dtype == np.uint8 and stored.shape[-1] == 3
    if pictures and (stored == stored[..., :1]).all():
        yield "all pictures are grey, so exchanged colour channels would not be seen."
    moved = float(np.ptp(wanted, axis=0).max()) if len(wanted) else 0.0
    if moved <= STILL:
        yield (
            f"the network says nearly the same of every {noun} (no probability moves by more than "
            f"{moved:.2g}), so a fault would hardly be seen."
        )


def _name(names: Sequence[str], position: int, noun: str) -> str:
    return names[position] if position < len(names) else f"{noun} {position}"
