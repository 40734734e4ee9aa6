"""Pictures under attack: moved side by side on the cores, read again, and the most wrong of each kept."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import native
from ...bundle import Bundle
from ...errors import GateFailed
from .rereading import reread

if TYPE_CHECKING:
    from .gradient_attacks import GradientAttacks

SAME = 1e-3  # of logits, relative: more between the network that is attacked and the one that judges is a bug

Told = Callable[[str, int, int], None]  # what is done, so many of so many


@dataclass(frozen=True, eq=False)
class State:
    """Attacked pictures with the network's word on them: whether, and by how much, it is wrong."""

    images: np.ndarray
    predicted: np.ndarray
    fooled: np.ndarray
    margin: np.ndarray

    def or_worse(self, other: State, *, at: np.ndarray | None = None) -> State:
        """Of each picture the one that is more wrong; `other` has those that are True in `at`, or all."""
        places = np.arange(len(self.images)) if at is None else np.flatnonzero(at)
        more = other.fooled & ~self.fooled[places]
        same = other.fooled == self.fooled[places]
        worse = more | (same & (other.margin > self.margin[places]))

        def merged(name: str) -> np.ndarray:
            values: np.ndarray = getattr(self, name).copy()
            values[places[worse]] = getattr(other, name)[worse]
            return values

        return State(*(merged(name) for name in ("images", "predicted", "fooled", "margin")))


class Work:
    """The pictures that an attack can fool (those that are `right`), how they are attacked, and judged."""

    def __init__(
        self,
        bundle: Bundle,
        gradients: GradientAttacks,
        images: np.ndarray,
        labels: np.ndarray,
        clean: np.ndarray,
        told: Told,
    ) -> None:
        self.bundle, self.gradients, self.told = bundle, gradients, told
        self.images, self.labels, self.clean = images, labels, clean
        self.right = np.flatnonzero(clean == labels)
        self.originals, self.targets = images[self.right], labels[self.right]
        _require_same_network(bundle, gradients, images[:1])

    def state(self, images: np.ndarray, at: np.ndarray | None = None) -> State:
        """Judged after they were read again."""
        targets = self.targets if at is None else self.targets[at]
        preprocessing: Any = self.bundle.preprocessing
        back = reread(preprocessing, images)
        logits = self.bundle.logits(back)
        predicted = logits.argmax(1)
        rows = np.arange(len(logits))
        true = logits[rows, targets]
        others = logits.copy()
        others[rows, targets] = -np.inf
        return State(back, predicted, predicted != targets, others.max(1, initial=-np.inf) - true)

    def fgsm(self, radius: int, epsilon: float) -> State:
        if radius == 0:
            return self.state(self.originals)

        def made(part: np.ndarray) -> np.ndarray:
            return self.gradients.fgsm(self.originals[part], self.targets[part], radius)

        everywhere = np.arange(len(self.right))
        return self.state(self._side_by_side(made, everywhere, f"FGSM, epsilon {epsilon:g}/255"))

    def pgd(
        self, starts: np.ndarray, left: np.ndarray, *, radius: int, step: int, steps: int, epsilon: float
    ) -> State:
        """Of the pictures that are True in `left`."""

        def made(part: np.ndarray) -> np.ndarray:
            return self.gradients.pgd(
                self.originals[part], starts[part], self.targets[part], radius=radius, step=step, steps=steps
            )

        found = self._side_by_side(made, np.flatnonzero(left), f"PGD, epsilon {epsilon:g}/255")
        return self.state(found, left)

    def whole(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """All pictures, those that were wrong unchanged too, and what the network says of them."""
        images, predicted = self.images.copy(), self.clean.copy()
        images[self.right], predicted[self.right] = state.images, state.predicted
        return images, predicted

    def _side_by_side(
        self, made: Callable[[np.ndarray], np.ndarray], places: np.ndarray, what: str
    ) -> np.ndarray:
        """What is made of the pictures at `places`, some at a time on each core."""
        from ...torch_threads import threads

        size = self.gradients.batch_size
        parts = [places[start : start + size] for start in range(0, len(places), size)]
        done, results = 0, [self.originals[:0]]
        with threads(1), ThreadPoolExecutor(native.cores()) as pool:  # one for each that works beside others
            try:
                for part, result in zip(parts, pool.map(made, parts), strict=True):
                    self.told(what, done, len(places))
                    done += len(part)
                    results.append(result)
            except BaseException:  # Ctrl-C too: what waits is not begun, what is at work ends soon
                self.gradients.stop.set()
                pool.shutdown(cancel_futures=True)
                raise
        return np.concatenate(results)


def random_starts(images: np.ndarray, positions: np.ndarray, radius: int, seed: int) -> np.ndarray:
    """A picture anywhere within `radius` levels of each, drawn from (seed, radius, position)."""
    moved = images.copy()
    for number, position in enumerate(positions):
        generator = np.random.default_rng((seed % 2**64, radius, int(position)))
        far = generator.integers(-radius, radius + 1, images.shape[1:])
        moved[number] = (images[number].astype(np.int64) + far).clip(0, 255)
    return moved


def _require_same_network(bundle: Bundle, gradients: GradientAttacks, images: np.ndarray) -> None:
    """Raises `GateFailed` where the network with the preprocessing inside is not the bundle's."""
    attacked, judge = gradients.logits(images), bundle.logits(images)
    if bundle.outputs == "probabilities":
        attacked, judge = np.exp(attacked - attacked.max(1, keepdims=True)), judge
        attacked /= attacked.sum(1, keepdims=True)
    if not np.allclose(
        attacked, judge, rtol=SAME, atol=SAME * max(1.0, float(np.abs(judge).max())), equal_nan=True
    ):
        raise GateFailed(
            "the network that is attacked does not say what the bundle says of a picture: their outputs are "
            f"up to {float(np.abs(attacked - judge).max()):.2g} apart."
        )
