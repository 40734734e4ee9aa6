"""Whether a map can be trusted: what it is measured against, and where it fails."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from .attribution import Checks
from .methods import NEAR, Map
from .removal import areas

RANDOM_ORDERS = 19
AS_GOOD = 1  # so many of them may be as good as the map: by chance one order in ten is better than the others
RANDOM_NETWORKS = 3
SIMILAR = 0.7  # half of the ranks' variance (0.7² ≈ 0.5) is then that of networks that have learnt nothing
ZERO = 1e-4  # of the largest magnitude: what is below may be rounding
SAME = 0.02  # a probability that moves by less, whatever is removed, does not tell one order from another


def similarity(values: npt.NDArray[np.floating], others: Sequence[npt.NDArray[np.floating]]) -> float:
    """The mean of Spearman's rank correlations between a map's magnitudes and those of each other, -1..1.

    Pixels where both are 0 are left out: integrated gradients and occlusion are 0 by definition where the
    picture is empty, whatever the weights, and a ground of zeros would make any two maps alike. A map with
    one value everywhere has no ranks: 0, or 1 where the other has one value as well.

    >>> values = np.array([[0.0, 1.0, -2.0, 3.0]])
    >>> similarity(values, [values, -values]), similarity(values, [values[:, [0, 3, 2, 1]]])
    (1.0, -1.0)
    """
    return float(np.mean([_ranked_alike(np.abs(values), np.abs(other)) for other in others]))


def _ranked_alike(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> float:
    from scipy.stats import spearmanr

    a, b = (np.where(one > ZERO * one.max(), one, 0.0) for one in (a, b))
    shown = (a != 0) | (b != 0)
    a, b = a[shown], b[shown]
    flat = [values.size == 0 or bool((values == values[0]).all()) for values in (a, b)]
    if any(flat):
        return float(all(flat))
    return float(spearmanr(a, b).statistic)


def verdict(found: Map, followed: npt.NDArray[np.float64], similarity: float) -> Checks:
    """The figures, with a sentence for each check that was not passed.

    `followed` are the target's probabilities by `removal.curves`: in the map's order, in its reverse, and in
    `RANDOM_ORDERS` random ones. A random order in reverse is a random order, so these stand for deletion and
    for insertion.
    """
    deletion, insertion, *by_chance = areas(followed).tolist()
    return Checks(
        deletion=deletion,
        insertion=insertion,
        random_deletion=float(np.mean(by_chance)),
        random_insertion=float(np.mean(by_chance)),
        similarity=similarity,
        failed=(
            *_by_removal(found, followed, deletion, insertion, np.array(by_chance)),
            *_by_weights(similarity),
            *_by_sum(found),
        ),
    )


def _by_removal(
    found: Map,
    followed: npt.NDArray[np.float64],
    deletion: float,
    insertion: float,
    by_chance: npt.NDArray[np.float64],
) -> list[str]:
    if bool((found.values == found.values.flat[0]).all()):
        return [f"The map is {found.values.flat[0]:.3g} everywhere: it names no pixel."]
    low, high = float(followed.min()), float(followed.max())
    if high - low < SAME:
        return [f"The probability stays at {low:.3f} to {high:.3f} whatever is removed: nothing to check."]
    failed = []
    for what, good in (("Deletion", by_chance <= deletion), ("Insertion", by_chance >= insertion)):
        if good.sum() > AS_GOOD:
            failed.append(f"{what}: {good.sum()} of {len(good)} random orders do as well.")
    return failed


def _by_weights(similarity: float) -> list[str]:
    if similarity < SIMILAR:
        return []
    return [
        f"Random weights give a similar map ({similarity:.2f}): it shows the picture, not what was learnt."
    ]


def _by_sum(found: Map) -> list[str]:
    if found.gap is None or found.gap <= NEAR:
        return []
    return [f"Its sum misses the score's change by {found.gap:.0%} of all it attributes.".replace("%", " %")]
