"""Where a network breaks: its accuracy under attacks and changes, and what shifts do to its layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ...bundle import Bundle, checksum
from ...errors import UnknownName
from .attack import ATTACKS, EPSILONS, STEPS, Attacked, attacks, checked_labels, judged
from .attacking import Told
from .changes import CHANGES, Outside
from .layer_shifts import PICTURES, layer_shifts
from .pictures_only import of_pictures
from .robustness import Curve, LayerShift, Robustness

EQUIVARIANCE = "equivariance"
METHODS = (*ATTACKS, *dict.fromkeys(change.method for change in CHANGES), EQUIVARIANCE)


def robustness(
    bundle: Bundle,
    images: npt.NDArray[np.uint8],
    labels: npt.ArrayLike,
    *,
    methods: Sequence[str] | None = None,
    epsilons: Sequence[float] = EPSILONS,
    steps: int = STEPS,
    step_size: int | None = None,
    split: str = "test",
    data: str = "",
    seed: int = 0,
    told: Told | None = None,
    attacked: Callable[[Attacked], None] | None = None,
) -> Robustness:
    """Accuracy under attacks and changes of pictures, uint8 (N, H, W, C), with their classes' positions.

    `methods` are names of `METHODS`; all by default, but for what a network outside the graph cannot have.
    `epsilons`, `steps` and `step_size` are those of `attack`; each that was made goes to `attacked` too, and
    `told` hears how far things are. `split` and `data` are kept with the figures. Raises what `attack` does.

    >>> METHODS
    ('fgsm', 'pgd', 'shift', 'rotation', 'scale', 'noise', 'blur', 'contrast', 'inversion', 'equivariance')
    """
    of_pictures(bundle)
    truth = checked_labels(bundle, images, labels)
    if methods is None:
        methods = METHODS if bundle.graph is not None else METHODS[: METHODS.index(EQUIVARIANCE)]
    for method in methods:
        if method not in METHODS:
            raise UnknownName("method", method, METHODS)
    tell = told or (lambda *_: None)
    clean = int((judged(bundle, images, bundle.logits(images)) == truth).sum())
    curves = []
    chosen = [method for method in ATTACKS if method in methods]
    if chosen:
        found: dict[str, list[tuple[float, int]]] = {method: [(0.0, clean)] for method in chosen}
        for one in attacks(
            bundle,
            images,
            truth,
            methods=chosen,
            epsilons=[epsilon for epsilon in epsilons if epsilon] or [*epsilons],
            steps=steps,
            step_size=step_size,
            seed=seed,
            told=told,
        ):
            if one.epsilon:
                found[one.method].append((one.epsilon, one.correct))
            if attacked is not None:
                attacked(one)
        curves += [
            Curve(name, "1/255", *_transposed(points), how=_how(name, steps, step_size))
            for name, points in found.items()
        ]
    outside = Outside.of(images)
    for change in CHANGES:
        if change.method not in methods:
            continue
        points, levels = [(0.0, clean)], change.levels_for(images)
        for number, level in enumerate(levels):
            tell(f"{change.name}", number, len(levels))
            logits = bundle.logits(change.apply(images, level, seed, outside))
            points.append((float(level), int((logits.argmax(1) == truth).sum())))
        curves.append(Curve(change.name, change.unit, *_transposed(points), how=change.how))
    shifts: tuple[LayerShift, ...] = ()
    if EQUIVARIANCE in methods:
        tell("equivariance of the layers", 0, 1)
        shifts = layer_shifts(bundle, images[:PICTURES])
    network = checksum({}, bundle.weights)
    return Robustness(split, len(images), clean, tuple(curves), shifts, seed, data, network)


def _transposed(points: Sequence[tuple[float, int]]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    return tuple(level for level, _ in points), tuple(correct for _, correct in points)


def _how(method: str, steps: int, step_size: int | None) -> str:
    if method == "fgsm":
        return "one step along the sign of the gradient"
    size = f"{step_size}/255" if step_size else "2.5 epsilon over their number"
    return f"{steps} steps of {size}, from FGSM's picture and a random one"
