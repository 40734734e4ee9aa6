"""Pictures changed within epsilon until a network takes them for something else, and read again as files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...bundle import Bundle
from ...errors import GateFailed, ShapeError, UnknownName, UsageError
from .attacking import State, Told, Work, random_starts
from .pictures_only import of_pictures
from .rereading import reread

if TYPE_CHECKING:
    pass

ATTACKS = ("fgsm", "pgd")
EPSILONS = (2.0, 4.0, 8.0, 16.0, 32.0, 76.5)  # in 1/255 of the pixel range; 76.5 is 0.3 of it
STEPS = 20
REACH = 2.5  # the steps of PGD go so many times as far as epsilon in all (Madry et al. 2018)


@dataclass(frozen=True, eq=False)
class Attacked:
    """What an attack within `epsilon` (in 1/255 of the pixel range) made of pictures, and what came of it.

    `images` are uint8 (N, H, W, C), each at most `epsilon` from its original in every value; `labels`,
    `clean` and `predicted` are positions of classes (N,): the truth, and what the network says of the
    original and of the attacked picture after both were read again from files.
    """

    method: str
    epsilon: float
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    clean: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]

    @property
    def correct(self) -> int:
        """How many the network still takes for what they are."""
        return int((self.predicted == self.labels).sum())

    @property
    def fooled(self) -> npt.NDArray[np.bool_]:
        """(N,): taken for what it is before the attack, and for something else after it."""
        fooled: npt.NDArray[np.bool_] = (self.clean == self.labels) & (self.predicted != self.labels)
        return fooled


def attack(
    bundle: Bundle,
    images: npt.NDArray[np.uint8],
    labels: npt.ArrayLike,
    *,
    epsilon: float = 8.0,
    method: str = "pgd",
    steps: int = STEPS,
    step_size: int | None = None,
    seed: int = 0,
) -> Attacked:
    """Attack pictures, uint8 (N, H, W, C) of the bundle's size, whose classes are at the positions `labels`.

    `epsilon` is in 1/255 of the pixel range: 8 lets each value move by 8 of 255 levels. A picture has whole
    levels, so that of 76.5 (0.3 of the range) 76 are used. "fgsm" is one step along the sign of the gradient
    (Goodfellow et al. 2015), "pgd" the most wrong of FGSM's picture and of those on `steps` steps of
    `step_size` levels from there and from a random place (Madry et al. 2018), drawn from `seed`. Pictures
    that the network takes for something else anyway are left as they are. Imports torch and captum.

    Raises `DataError` where the network takes no pictures, `ShapeError` for pictures of another size,
    `UsageError` for settings that no attack could use, and `GateFailed` where files are not read back as
    they were written.

    >>> from convscope.data import Preprocessing
    >>> from convscope.graph import Builder
    >>> b = Builder("brighter-left")
    >>> graph = b.build(b.linear(b.flatten(b.input(1, 1, 2)), 2))
    >>> weights = {"linear1.weight": np.eye(2, dtype=np.float32), "linear1.bias": np.zeros(2, np.float32)}
    >>> seen = Preprocessing(height=1, width=2, channels=1)
    >>> bundle = Bundle("brighter-left", ("left", "right"), seen, graph, weights)
    >>> picture = np.array([[[[60], [50]]]], np.uint8)
    >>> attack(bundle, picture, [0], epsilon=8, method="fgsm").images.ravel()
    array([52, 58], dtype=uint8)
    """
    found = attacks(
        bundle,
        images,
        labels,
        methods=[method],
        epsilons=[epsilon],
        steps=steps,
        step_size=step_size,
        seed=seed,
    )
    return next(found)


def attacks(
    bundle: Bundle,
    images: npt.NDArray[np.uint8],
    labels: npt.ArrayLike,
    *,
    methods: Sequence[str] = ATTACKS,
    epsilons: Sequence[float] = EPSILONS,
    steps: int = STEPS,
    step_size: int | None = None,
    seed: int = 0,
    told: Told | None = None,
) -> Iterator[Attacked]:
    """`attack` for each epsilon, the smallest first, and each method.

    A picture that PGD fooled within a smaller epsilon stays as it is: it lies within the larger one too. So
    PGD's figures never rise with epsilon, and are never above FGSM's.
    """
    from .gradient_attacks import GradientAttacks

    of_pictures(bundle)
    truth = checked_labels(bundle, images, labels)
    for method in methods:
        if method not in ATTACKS:
            raise UnknownName("attack", method, ATTACKS)
    epsilons = checked_epsilons(epsilons)
    if steps < 1:
        raise UsageError(f"--steps {steps} should be a whole number from 1.")
    if step_size is not None and step_size < 1:
        raise UsageError(f"--step-size {step_size} should be a whole number of levels from 1.")
    clean = judged(bundle, images, bundle.logits(images))
    work = Work(bundle, GradientAttacks(bundle), images, truth, clean, told or (lambda *_: None))
    strongest = work.state(images[work.right])
    for epsilon in epsilons:
        radius = math.floor(epsilon)
        single = work.fgsm(radius, epsilon)
        if "fgsm" in methods:
            yield _attacked(work, "fgsm", epsilon, single)
        if "pgd" in methods:
            strongest = strongest.or_worse(single)
            step = step_size or max(1, round(REACH * radius / steps))
            random = random_starts(work.originals, work.right, radius, seed)
            for starts in (strongest.images, random):
                left = ~strongest.fooled
                if left.any():
                    found = work.pgd(starts, left, radius=radius, step=step, steps=steps, epsilon=epsilon)
                    strongest = strongest.or_worse(found, at=left)
            yield _attacked(work, "pgd", epsilon, strongest)


def _attacked(work: Work, method: str, epsilon: float, state: State) -> Attacked:
    images, predicted = work.whole(state)
    return Attacked(method, epsilon, images, work.labels, work.clean, predicted)


def judged(bundle: Bundle, images: np.ndarray, logits: np.ndarray) -> npt.NDArray[np.int64]:
    """The classes (N,) of pictures that are files, unchanged, by the whole way that attacked ones go.

    `logits` are those of the pictures themselves, as `eval` has them. Raises `GateFailed` where the way
    changes a picture, or what is said of it.
    """
    preprocessing: Any = bundle.preprocessing
    back = reread(preprocessing, images)
    if not np.array_equal(back, images):
        raise GateFailed(
            f"{int((back != images).any((1, 2, 3)).sum())} of {len(images)} pictures are not read back from "
            "PNG files as they were, so no attack on them would count."
        )
    predicted: npt.NDArray[np.int64] = bundle.logits(back).argmax(1).astype(np.int64)
    if not np.array_equal(predicted, logits.argmax(1)):
        raise GateFailed(
            f"without an attack {int((predicted != logits.argmax(1)).sum())} of {len(images)} pictures are "
            "taken for something else than by eval, so no attack on them would count."
        )
    return predicted


def checked_labels(bundle: Bundle, images: np.ndarray, labels: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """int64 (N,). Raises `ShapeError` or `UsageError` where they are not a class for each picture."""
    truth = np.asarray(labels)
    if images.ndim != 4 or truth.shape != images.shape[:1]:
        raise ShapeError(
            f"the pictures have the shape {images.shape}, the labels {truth.shape}; they should be "
            "(N, H, W, C) and (N,)."
        )
    if not len(images):
        raise UsageError("there are no pictures to measure.")
    if truth.dtype.kind not in "iu" or truth.min() < 0 or truth.max() >= len(bundle.classes):
        raise UsageError(
            f"labels are positions of classes, whole numbers from 0 to {len(bundle.classes) - 1}; "
            f"these are {truth.dtype} from {truth.min()} to {truth.max()}."
        )
    return truth.astype(np.int64)


def checked_epsilons(epsilons: Sequence[float]) -> tuple[float, ...]:
    """In order, each once. Raises `UsageError` for what is not in the pixel range, or less than a level."""
    for epsilon in epsilons:
        if 0 < epsilon < 1:
            raise UsageError(
                f"epsilon {epsilon:g} is in 1/255 of the pixel range, and less than one level of a picture; "
                f"for {epsilon:g} of the range give {255 * epsilon:g}."
            )
        if not 0 <= epsilon <= 255:
            raise UsageError(
                f"epsilon {epsilon:g} should be 0, or from 1 to 255, in 1/255 of the pixel range."
            )
    if not epsilons:
        raise UsageError("an attack needs an epsilon, such as 8.")
    return tuple(sorted({float(epsilon) for epsilon in epsilons}))
