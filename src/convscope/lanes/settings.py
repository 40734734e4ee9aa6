"""What a person sets for a network on the native engine, checked before anything is made."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

from .. import native
from ..errors import ShapeError, UnknownName, UsageError

OPTIMIZERS = ("sgd", "adam", "adamw")


@dataclass(frozen=True)
class OptimizerSettings:
    """The rule of a step, in PyTorch's terms; `momentum` is of "sgd", `betas` of "adam" and "adamw"."""

    optimizer: str = "adam"
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    clip_norm: float | None = None
    label_smoothing: float = 0.0
    class_weights: Sequence[float] | None = None

    def check(self, classes: int) -> None:
        """Raises `UsageError` for what no training could use, `ShapeError` for class weights of others."""
        if self.optimizer not in OPTIMIZERS:
            raise UnknownName("optimizer", str(self.optimizer), OPTIMIZERS)
        if np.shape(self.betas) != (2,):
            raise UsageError(f"betas={reprlib.repr(self.betas)} should be two numbers, such as (0.9, 0.999).")
        for name, value in {
            "beta1": self.betas[0],
            "beta2": self.betas[1],
            "momentum": self.momentum,
        }.items():
            check_number(name, value, below=1)
        check_number("label_smoothing", self.label_smoothing, below=1)
        check_number("weight_decay", self.weight_decay)
        if self.clip_norm is not None:
            check_number("clip_norm", self.clip_norm, above=True)
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            rule = f"{self.optimizer!r}" if self.optimizer != "sgd" else "'sgd' and momentum=0"
            raise UsageError(f"nesterov=True is of 'sgd' with momentum, not of {rule}.")
        if self.class_weights is not None:
            _check_class_weights(self.class_weights, classes)


def check_number(name: str, value: object, *, below: float = math.inf, above: bool = False) -> None:
    """Raise `UsageError` unless it is a finite number from 0 (`above`: above it) to below `below`."""
    number = float(value) if isinstance(value, Real) else math.nan
    if not (0 < number < below or (number == 0 and not above)):
        wanted = "above 0" if above else "0 or more" if below == math.inf else f"from 0 to below {below:g}"
        what = "" if isinstance(value, Real) else "a number, "
        raise UsageError(f"{name}={reprlib.repr(value)} should be {what}{wanted}.")


def check_whole(name: str, value: object, least: int) -> None:
    """Raise `UsageError` unless it is a whole number of at least `least`."""
    if not isinstance(value, Integral) or value < least:
        raise UsageError(f"{name}={reprlib.repr(value)} should be a whole number, {least} or more.")


def thread_count(threads: int | None) -> int:
    """That many threads, all cores where it is not given; raises `UsageError` for what is no count."""
    if threads is None:
        return native.cores()
    check_whole("threads", threads, 1)
    return int(threads)


def _check_class_weights(weights: Sequence[float], classes: int) -> None:
    if np.ndim(weights) != 1:
        raise ShapeError(f"class_weights={reprlib.repr(weights)} should be {classes} numbers, one a class.")
    if len(weights) != classes:
        raise ShapeError(f"there are {len(weights)} class_weights for {classes} classes.")
    for number, weight in enumerate(weights):
        check_number(f"class_weights[{number}]", weight)
    if not any(weights):
        raise UsageError("class_weights are all 0; at least one class should count.")
