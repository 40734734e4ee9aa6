"""What a report made again shows besides: what excites the filters, and which pixels spoke for a class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...bundle import Bundle
from ...data import Split
from ...errors import ConvscopeError
from ...look import Patches, attributions, methods_for, patches
from ...look.inside.layers import without_pools
from ...report import Absent, Explained
from ..progress import Progress
from .answers import answer

SEARCHED = 10_000  # pictures, of those that the figures are of
EXPLAINED = 4  # pictures: the surest mistakes, and as many that are right
SLOW = ("smoothgrad",)  # it says what the gradient says, more smoothly, and takes longest


def excited(bundle: Bundle, split: Split, progress: Progress) -> tuple[Patches, ...] | Absent:
    """What excites the channels of the first and of the last layer that is no pool."""
    if bundle.graph is None:
        return Absent("The network is not in convscope's graph, so its channels are not at hand.")
    layers = without_pools(bundle.graph)
    if not layers:
        return Absent("The network has no layer that gives a map.")
    names = dict.fromkeys((layers[0][-1].name, layers[-1][-1].name))
    images, noun = split.images[:SEARCHED], bundle.preprocessing.noun

    def of(name: str) -> Patches:
        progress.waiting(f"sending {len(images):,} {noun}s through {name}")
        return patches(bundle, images, name, names=split.names)

    try:
        return tuple(map(of, names))
    except ConvscopeError as error:
        return Absent(f"There are no patches: {error}")


def explained(
    bundle: Bundle, split: Split, probabilities: np.ndarray, progress: Progress
) -> tuple[Explained, ...] | Absent:
    """Maps of the surest mistakes and of the first pictures of other classes that are right, with checks."""
    chosen = _chosen(probabilities, split.labels)
    progress.waiting(f"asking which pixels speak for a class, of {len(chosen)} {bundle.preprocessing.noun}s")
    methods = [name for name in methods_for(bundle) if name not in SLOW]
    try:
        found = attributions(bundle, split.images[chosen], methods)
    except ConvscopeError as error:
        return Absent(f"There are no attributions: {error}")
    return tuple(
        Explained(answer(split, int(i), probabilities, bundle.classes), tuple(maps))
        for i, maps in zip(chosen, found, strict=True)
    )


def _chosen(probabilities: np.ndarray, labels: np.ndarray) -> Sequence[int]:
    """Half of them mistakes where there are so many, the surest first; of the others one of each class."""
    best = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(best != labels)
    surest = wrong[np.argsort(-probabilities[wrong, best[wrong]], kind="stable")][: EXPLAINED // 2]
    right = np.flatnonzero(best == labels)
    _, first = np.unique(labels[right], return_index=True)
    return [*surest.tolist(), *right[np.sort(first)][: EXPLAINED - len(surest)].tolist()]
