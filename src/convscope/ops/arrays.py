"""What the operations take and give: NumPy arrays, lists of numbers, and torch tensors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from ..errors import ShapeError, UsageError

Array = Any  # a NumPy array, nested lists of numbers, or a torch tensor
DType = np.dtype[Any]
P = ParamSpec("P")
R = TypeVar("R")


def as_numbers(values: Array, what: str) -> np.ndarray:
    """An array of real numbers. Raises `UsageError` for anything else, `ShapeError` for an empty one."""
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ShapeError(
            f"{what} has rows of different lengths; its numbers should fill a rectangle."
        ) from error
    if array.dtype.kind not in "biuf":
        raise UsageError(f"{what} should be real numbers, not {array.dtype}.")
    if not array.size:
        raise ShapeError(f"{what} of shape {array.shape} is empty.")
    return array.astype(np.uint8) if array.dtype.kind == "b" else array


def as_kernel(values: Array, what: str = "the kernel") -> np.ndarray:
    """The same for a kernel, whose numbers also have to be finite."""
    array = as_numbers(values, what)
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise UsageError(f"{what} holds {array[place]} at {place}, and would make every result so.")
    return array


def result_type(*arrays: np.ndarray) -> DType:
    """The type of a sum of products: int64 of integers, so that nothing overflows; else NumPy's.

    >>> print(result_type(np.zeros(2, np.uint8), np.zeros(2, np.int8)))
    int64
    >>> print(result_type(np.zeros(2, np.uint8), np.zeros(2, np.float32)))
    float32
    """
    common = np.result_type(*arrays)
    return common if common.kind == "f" else np.dtype(np.int64)


def computing_type(result: DType) -> DType:
    """Half precision is computed in single, and rounded once at the end."""
    return np.dtype(np.float32) if result == np.float16 else result


def takes_tensors(function: Callable[P, R]) -> Callable[P, R]:
    """Tensors in, tensors out: `function` itself sees NumPy arrays alone.

    A tensor that asks for a gradient is refused, because the result could not carry one.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        torch = sys.modules.get("torch")
        if torch is None or not any(isinstance(a, torch.Tensor) for a in (*args, *kwargs.values())):
            return function(*args, **kwargs)

        def array(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            if value.requires_grad and torch.is_grad_enabled():
                raise UsageError(
                    f"{function.__name__} gives no gradients: pass tensor.detach(), or use "
                    "torch.nn.functional where the result is to be trained through."
                )
            return value.detach().cpu().numpy()

        def tensor(value: Any) -> Any:
            if isinstance(value, tuple):
                return tuple(map(tensor, value))
            return torch.from_numpy(np.ascontiguousarray(value)) if isinstance(value, np.ndarray) else value

        given = function(*map(array, args), **{name: array(v) for name, v in kwargs.items()})
        return cast(R, tensor(given))

    return run
