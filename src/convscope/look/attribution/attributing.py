"""Attributions of pictures by one method or several, with their checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ...bundle import Bundle
from ...errors import ConvscopeError, DataError, UnknownName, UnsupportedOperation, UsageError
from .attribution import Attribution, Checks
from .checks import RANDOM_NETWORKS, RANDOM_ORDERS, similarity, verdict
from .layer import chosen_layer, default_layer
from .methods import METHODS, Map, Question, Settings
from .removal import baseline_of, curves, order_of, pixels_of, random_orders, without
from .scored import Scored, randomised, scored

GRAD_CAM = "grad-cam"
Target = str | int  # the name of a class, or its number


def attribute(
    bundle: Bundle,
    picture: Any,
    method: str = GRAD_CAM,
    *,
    target: Target | None = None,
    layer: str | None = None,
    seed: int = 0,
    check: bool = True,
    settings: Settings = Settings(),  # noqa: B008  (frozen)
) -> Attribution:
    """How much each pixel of a picture speaks for a class, by one of `METHODS`, with its checks.

    `picture` is what `Preprocessing.one` takes: a path, bytes, a Pillow image or an array; a signal likewise.
    `target` is the name of a class, or its number from 0, by default the class that the network names.
    `layer` is Grad-CAM's, by default the last convolution with what follows it. `check=False` leaves the
    checks out, which take most of the time. The same seed gives the same numbers. Imports torch and captum.

    Raises `UnknownName` for a method, class or layer that is none, `UsageError` for a layer without a map,
    `UnsupportedOperation` for Grad-CAM of a network without a convolution or outside the graph, `DataError`
    for a picture that cannot be read.
    """
    stored = bundle.preprocessing.one(picture)
    targets = None if target is None else [target]
    ((found,),) = attributions(
        bundle,
        stored[None],
        [method],
        targets=targets,
        layer=layer,
        seed=seed,
        check=check,
        settings=settings,
    )
    return found


def attributions(
    bundle: Bundle,
    stored: np.ndarray,
    methods: Sequence[str] | None = None,
    *,
    targets: Sequence[Target] | None = None,
    layer: str | None = None,
    seed: int = 0,
    check: bool = True,
    settings: Settings = Settings(),  # noqa: B008  (frozen)
    progress: Callable[[str], None] | None = None,
) -> list[list[Attribution]]:
    """`attribute` for pictures as the bundle stores them, uint8 (N, H, W, C): for each a list by method.

    `methods` are by default all that the network allows (`methods_for`), `targets` one class per picture. The
    networks with random weights and the random orders that maps are checked against are made once. `progress`
    hears what is at work, such as "gradient" and "checks of gradient".
    """
    names = list(methods_for(bundle) if methods is None else methods)
    for name in names:
        if name not in METHODS:
            raise UnknownName("method", name, METHODS)
    if layer is not None and GRAD_CAM not in names:
        raise UsageError(f"a layer is for {GRAD_CAM}, which is not among the methods.")
    if targets is not None and len(targets) != len(stored):
        raise UsageError(f"{len(targets)} targets for {len(stored)} pictures; there should be one for each.")
    numbers = None if targets is None else [class_number(bundle, target) for target in targets]
    place = _layer(bundle, layer) if GRAD_CAM in names else None
    looking = _Looking(bundle, scored(bundle), place, seed, settings, progress)
    probabilities = bundle.probabilities(stored)
    if not np.isfinite(probabilities).all():
        raise DataError("the network's probabilities are not all finite.")
    numbers = probabilities.argmax(axis=1).tolist() if numbers is None else numbers
    return [
        looking.at(picture, names, int(target), float(row[target]), check=check)
        for picture, row, target in zip(stored, probabilities, numbers, strict=True)
    ]


def methods_for(bundle: Bundle) -> tuple[str, ...]:
    """The names of the methods that the network allows: all, or all but Grad-CAM."""
    try:
        _layer(bundle, None)
    except UnsupportedOperation:
        return tuple(name for name in METHODS if name != GRAD_CAM)
    return tuple(METHODS)


def class_number(bundle: Bundle, target: Target) -> int:
    """The place of a class, given by its name or that number. Raises `UnknownName` or `UsageError`.

    A name wins over a number: where classes are called 1, 2, 3, the target "1" is the class of that name.
    """
    classes = bundle.classes
    if isinstance(target, str):
        if target in classes:
            return classes.index(target)
        if not target.isdecimal():
            raise UnknownName("class", target, classes)
    number = int(target)
    if not 0 <= number < len(classes):
        raise UsageError(f"target {target} should be the name of a class, or 0 to {len(classes) - 1}.")
    return number


def _layer(bundle: Bundle, name: str | None) -> str:
    if bundle.graph is None:
        raise UnsupportedOperation(
            f"{bundle.net} is an exported program, whose layers have no names, so it has no Grad-CAM; "
            f"{', '.join(method for method in METHODS if method != GRAD_CAM)} work."
        )
    return default_layer(bundle.graph) if name is None else chosen_layer(bundle.graph, name)


@dataclass(frozen=True, eq=False)
class _Looking:
    """What attributions of one network share."""

    bundle: Bundle
    network: Scored
    layer: str | None
    seed: int
    settings: Settings
    progress: Callable[[str], None] | None

    @cached_property
    def strangers(self) -> list[Scored]:
        """The network with random weights, several times."""
        return [randomised(self.network, self.seed + number) for number in range(RANDOM_NETWORKS)]

    def at(
        self, stored: np.ndarray, methods: list[str], target: int, probability: float, *, check: bool
    ) -> list[Attribution]:
        """One picture by all methods."""
        preprocessing = self.bundle.preprocessing
        baseline = baseline_of(preprocessing, stored)
        everything = np.ones((1, np.prod(pixels_of(preprocessing, stored))), np.bool_)
        both = np.concatenate([stored[None], without(preprocessing, stored, baseline, everything)])
        batch = np.ascontiguousarray(preprocessing.batch(both))
        question = Question(batch[:1], batch[1:], target, self.layer, self.seed, self.settings)
        maps = []
        for name in methods:
            self._begin(name)
            maps.append(self._map(name, self.network, question, stored))
        checks: Sequence[Checks | None] = [None] * len(methods)
        if check:
            checks = self._checks(stored, baseline, methods, maps, question)
        return [
            Attribution(
                method=name,
                target=self.bundle.classes[target],
                values=np.atleast_2d(found.values),
                layer=self.layer if name == GRAD_CAM else None,
                checks=checked,
                probability=probability,
                score=self.network.score,
                baseline=tuple(map(float, baseline)),
                gap=found.gap,
            )
            for name, found, checked in zip(methods, maps, checks, strict=True)
        ]

    def _begin(self, what: str) -> None:
        if self.progress is not None:
            self.progress(what)

    def _map(self, method: str, network: Scored, question: Question, stored: np.ndarray) -> Map:
        try:
            found = METHODS[method](network, question)
        except RuntimeError as error:
            raise ConvscopeError(f"{method} of {self.bundle.net} cannot be computed: {error}") from error
        values = _as_stored(found.values, pixels_of(self.bundle.preprocessing, stored))
        if not np.isfinite(values).all():
            raise DataError(f"{method} of {self.bundle.net} is not finite: its numbers are too large.")
        return Map(values, found.gap)

    def _checks(
        self,
        stored: np.ndarray,
        baseline: np.ndarray,
        methods: list[str],
        maps: list[Map],
        question: Question,
    ) -> list[Checks]:
        """Every map against random orders, and against those of the same random networks."""
        checks = []
        for method, found in zip(methods, maps, strict=True):
            self._begin(f"checks of {method}")
            order = order_of(found.values, self.seed)
            followed = curves(
                lambda pictures: self.bundle.probabilities(pictures)[:, question.target],
                self.bundle.preprocessing,
                stored,
                baseline,
                [order, order[::-1], *random_orders(found.values, RANDOM_ORDERS, self.seed)],
            )
            hasty = dataclasses.replace(question, patient=False)
            learnt_nothing = [self._map(method, stranger, hasty, stored) for stranger in self.strangers]
            alike = similarity(found.values, [other.values for other in learnt_nothing])
            checks.append(verdict(found, followed, alike))
        return checks


def _as_stored(values: npt.NDArray[np.float32], pixels: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """A map of the network's input in the size of what is stored, of which the input may be a repetition."""
    if values.shape == pixels:
        return values
    shape, axes = [], []
    for axis, (size, wanted) in enumerate(zip(values.shape, pixels, strict=True)):
        shape += [wanted, size // wanted]
        axes.append(2 * axis + 1)
    return np.asarray(values.reshape(shape).sum(axis=tuple(axes)), np.float32)
