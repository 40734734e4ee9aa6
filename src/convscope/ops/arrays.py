"""What the operations take and give: NumPy arrays, lists of numbers, and torch tensors."""

from __future__ import annotations

import functools
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from ..errors import ShapeError, UsageError

Array = Any  # a NumPy array, nested lists of numbers, or a torch tensor
DType = np.dtype[Any]
P = ParamSpec("P")
R = TypeVar("R")


def as_numbers(values: Array, what: str) -> np.ndarray:
    """An array of real numbers. Raises `UsageError` for anything else, `ShapeError` for an empty one.

    Truth values become 0 and 1.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ShapeError(
            f"{what} has rows of different lengths; its numbers should fill a rectangle."
        ) from error
    if not array.size:
        raise ShapeError(f"{what} of shape {array.shape} is empty; it should have at least one number.")
    if array.dtype.kind not in "biuf":
        for value in array.flat:
            if not _is_real(value):
                first = value.item() if isinstance(value, np.generic) else value
                raise UsageError(f"{what} should be real numbers, not {first!r} ({type(first).__name__}).")
        raise UsageError(f"{what} has integers that 64 bits do not hold; pass them as floats.")
    return array.astype(np.uint8) if array.dtype.kind == "b" else array


def _is_real(value: Any) -> bool:
    return isinstance(value, int | float | np.bool_ | np.integer | np.floating)


def as_kernel(values: Array, what: str = "the kernel") -> np.ndarray:
    """The same for a kernel, whose numbers also have to be finite."""
    if isinstance(values, str):
        raise UsageError(f"{what} should be numbers; ops.kernel({values!r}) gives those of a name.")
    array = as_numbers(values, what)
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise UsageError(f"{what} holds {array[place]} at {place}; its numbers should be finite.")
    return array


def result_type(values: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None) -> DType:
    """The type of a sum of products: int64 of integers; else NumPy's. Raises `UsageError` before an overflow.

    >>> print(result_type(np.zeros(2, np.uint8), np.zeros(2, np.int8)))
    int64
    >>> print(result_type(np.zeros(2, np.uint8), np.zeros(2, np.float32)))
    float32
    """
    arrays = [values, kernel] if bias is None else [values, kernel, bias]
    if any(array.dtype.kind == "f" for array in arrays):
        return np.result_type(*arrays)
    # As floats: the magnitude of the least integer of a type is none of that type.
    most = max(abs(float(values.min())), float(values.max())) * float(np.abs(kernel.astype(np.float64)).sum())
    if bias is not None:
        most += float(np.abs(bias.astype(np.float64)).max())
    if most >= 2**63:
        raise UsageError(
            f"sums of these integers can reach {most:.2g}, more than int64 holds; pass them as floats."
        )
    return np.dtype(np.int64)


def computing_type(result: DType) -> DType:
    """Half precision is computed in single, and rounded once at the end."""
    return np.dtype(np.float32) if result == np.float16 else result


def as_floats(values: np.ndarray) -> np.ndarray:
    """Floats as they are, integers as float64."""
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def check_memory(shape: Sequence[int], kind: DType, what: str, instead: str) -> None:
    """Raises `ShapeError` where an array is larger than the memory of the machine, or than 16 GiB."""
    needed = math.prod(map(int, shape)) * kind.itemsize
    if needed > MOST_BYTES:
        raise ShapeError(
            f"{what} has the shape {tuple(map(int, shape))} and would take {needed / 2**30:,.1f} GiB, "
            f"more than the {MOST_BYTES / 2**30:.1f} GiB that one array may take; {instead}."
        )


def _memory() -> int:
    """Bytes of the machine; 16 GiB where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return 2**34


MOST_BYTES = min(_memory(), 2**34)


def is_number(value: Any) -> bool:
    """Whether a setting is one finite real number."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and bool(np.isfinite(value))


def is_whole(value: Any, least: float = 1) -> bool:
    """Whether a setting is a whole number, and not below `least`."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def as_array(value: Any) -> Any:
    """A tensor as an array, anything else as it is. Raises `UsageError` for a type that is not NumPy's."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return value
    try:
        return value.detach().cpu().numpy()
    except TypeError as error:
        raise UsageError(f"NumPy has no numbers of type {value.dtype}: pass tensor.float().") from error


def like(given: Any, value: Any) -> Any:
    """An array as a tensor on the device of `given` where that is a tensor; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(given, torch.Tensor) or not isinstance(value, np.ndarray):
        return value
    return torch.from_numpy(np.require(value, requirements=["C", "W"])).to(given.device)


def takes_tensors(function: Callable[P, R]) -> Callable[P, R]:
    """Tensors in, tensors out, on the first one's device: `function` itself sees NumPy arrays alone.

    A tensor that asks for a gradient is refused, because the result could not carry one; so is one of a type
    that NumPy does not have.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        torch = sys.modules.get("torch")
        tensors = [a for a in (*args, *kwargs.values()) if torch and isinstance(a, torch.Tensor)]
        if torch is None or not tensors:
            return function(*args, **kwargs)
        if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
            raise UsageError(
                f"{function.__name__} gives no gradients: pass tensor.detach(), or use "
                "torch.nn.functional where the result is to be trained through."
            )

        def tensor(value: Any) -> Any:
            return tuple(map(tensor, value)) if isinstance(value, tuple) else like(tensors[0], value)

        given = function(*map(as_array, args), **{name: as_array(v) for name, v in kwargs.items()})
        return cast(R, tensor(given))

    return run
