"""A chain as people write it: relu | batch-norm | max:2 | flatten | linear:1 0 1; 0 1 0 | softmax."""

from __future__ import annotations

import numpy as np

from ..errors import UnknownName, UsageError
from ..written_matrix import typed_matrix
from ..written_pool import KINDS, Pooling
from .pointwise import BatchNorm, Flatten, Relu
from .pool import Pool
from .row import Linear, Softmax
from .stage import Stage

PLAIN: dict[str, type[Relu] | type[Flatten] | type[Softmax]] = {
    "relu": Relu,
    "flatten": Flatten,
    "softmax": Softmax,
}
NAMES = ("relu", "batch-norm", "flatten", "linear", "softmax", *KINDS)
FORM = "Stages are apart by |, such as 'relu | max:2 | flatten | linear:1 0 1; 0 1 0 | softmax'."


def written_chain(text: str) -> list[Stage]:
    """The stages of a text. Raises `UsageError` for what is none.

    `batch-norm` takes mean and variance of each map; `batch-norm:WEIGHT:BIAS:MEAN:VARIANCE` has them given,
    one number each or one for each map. `linear:ROWS` has a row of weights for each output, and may have a
    bias for each behind one more colon. Pools are written as in `--pool`.

    >>> [stage.name for stage in written_chain("relu | batch-norm:2:0:1:4 | l2:2 | flatten | softmax")]
    ['ReLU', 'batch norm', 'L2 pooling', 'flatten', 'softmax']
    >>> written_chain("linear:1 0; 0 1:0.5 -1")[0].bias
    array([ 0.5, -1. ])
    """
    return [_stage(part.strip()) for part in text.split("|")]


def _stage(text: str) -> Stage:
    name, *settings = (part.strip() for part in text.split(":"))
    if not name:
        raise UsageError(f"a stage of the chain is empty. {FORM}")
    if name in PLAIN:
        if settings:
            raise UsageError(f"the stage {name!r} has no settings; {text!r} gives it some.")
        return PLAIN[name]()
    if name == "batch-norm":
        return BatchNorm(text, _of_batch_norm(text, settings))
    if name == "linear":
        return _linear(text, settings)
    if name not in KINDS and not (name[:1] == "l" and name[1:].isdigit()):
        raise UnknownName("stage", name, NAMES, FORM)
    return Pool(text, Pooling.parse(text))


def _of_batch_norm(
    text: str, settings: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    if not settings:
        return None
    if len(settings) != 4:
        raise UsageError(
            f"the stage {text!r} should be batch-norm alone, or with weight, bias, mean and variance behind "
            "colons: batch-norm:1:0:0.5:2."
        )
    weight, bias, mean, variance = (_numbers(text, part) for part in settings)
    if variance.min() < 0:
        raise UsageError(f"the stage {text!r} has a variance below 0.")
    return weight, bias, mean, variance


def _linear(text: str, settings: list[str]) -> Linear:
    if len(settings) not in (1, 2):
        raise UsageError(
            "the stage linear takes a row of weights for each output, and maybe a bias for each behind one "
            "more colon: linear:1 0 1; 0 1 0:0.5 -1."
        )
    weight = np.atleast_2d(_matrix(text, settings[0]))
    bias = _numbers(text, settings[1]) if len(settings) == 2 else None
    if bias is not None and len(bias) != len(weight):
        raise UsageError(f"the stage {text!r} has {len(weight)} rows of weights and {len(bias)} biases.")
    return Linear(text, weight, bias)


def _numbers(text: str, part: str) -> np.ndarray:
    numbers = _matrix(text, part)
    if numbers.ndim > 1:
        raise UsageError(f"the stage {text!r} takes numbers in one row, and not {part!r}.")
    return numbers


def _matrix(text: str, part: str) -> np.ndarray:
    numbers = typed_matrix(part)
    if numbers is None:
        raise UsageError(f"the stage {text!r}: {part!r} should be numbers.")
    return numbers
