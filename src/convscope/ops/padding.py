"""What lies beyond the border: how much, and with which values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from ..errors import ShapeError, UnknownName, UsageError
from .arrays import DType, check_memory, is_whole
from .geometry import Pair, full_padding, same_padding

Pairs = tuple[Pair, ...]
Padding = int | str | Sequence[int | Pair]
PADDINGS = ("valid", "same", "same_lower", "full")
#: PyTorch's names, and NumPy's. (SciPy's ndimage: reflect is "mirror", replicate "nearest", circular
#: "grid-wrap".)
BORDERS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def per_axis(value: int | Sequence[int], rank: int, what: str, least: int = 1) -> tuple[int, ...]:
    """One number, or one per axis, as one per axis; each at least `least`.

    >>> per_axis(2, 2, "stride")
    (2, 2)
    """
    values = tuple(value) if isinstance(value, Iterable) else (value,) * rank
    if len(values) != rank or not all(is_whole(v, least) for v in values):
        wanted = f"a whole number from {least}" + (f", or {rank} of them" if rank > 1 else "")
        raise UsageError(f"{what}={value!r} should be {wanted}.")
    return tuple(map(int, values))


def resolve_padding(
    padding: Padding,
    sizes: Sequence[int],
    *,
    kernel_size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Pairs:
    """Padding in any accepted form as (before, after) per axis.

    `"same"` gives ceil(size / stride) outputs with the odd column at the end (ONNX `SAME_UPPER`; PyTorch's
    `"same"` for stride 1), `"same_lower"` with it at the start, `"full"` every window that touches the
    picture, `"valid"` those that lie inside; or a number, or a number or (before, after) per axis. Sizes with
    another number of axes than the kernel get none by name: who asks has to refuse them.

    >>> resolve_padding("same", (8, 8), kernel_size=(3, 2), stride=(1, 1), dilation=(1, 1))
    ((1, 1), (0, 1))
    """
    rank = len(kernel_size)
    if isinstance(padding, str):
        if padding not in PADDINGS:
            raise UnknownName("padding", padding, PADDINGS, "Or a number, or one (before, after) per axis.")
        if padding == "valid" or len(sizes) != rank:
            return ((0, 0),) * rank
        if padding == "full":
            axes = zip(kernel_size, dilation, strict=True)
            return tuple(full_padding(kernel_size=k, dilation=d) for k, d in axes)
        lower = padding == "same_lower"
        each = zip(sizes, kernel_size, stride, dilation, strict=True)
        return tuple(same_padding(n, kernel_size=k, stride=s, dilation=d, lower=lower) for n, k, s, d in each)
    given = tuple(padding) if isinstance(padding, Iterable) else (padding,) * rank
    pairs = tuple(tuple(p) if isinstance(p, Iterable) else (p, p) for p in given)
    sides = [side for pair in pairs for side in pair]
    if (
        len(pairs) != rank
        or any(len(pair) != 2 for pair in pairs)
        or not all(is_whole(side, 0) for side in sides)
    ):
        flat = len(given) == 2 * rank and all(is_whole(side, 0) for side in given)
        meant = f": {tuple(zip(given[::2], given[1::2], strict=True))}" if flat else ""
        raise UsageError(
            f"padding={padding!r} should be {', '.join(map(repr, PADDINGS))}, a whole number from 0, "
            f"or one (before, after) per axis{meant}."
        )
    return tuple((int(before), int(after)) for before, after in pairs)


def check_border(border: str, pairs: Pairs, sizes: Sequence[int]) -> None:
    """Raises `UnknownName`, or `ShapeError` where a picture is too small to be continued so far."""
    if border not in tuple(BORDERS):
        raise UnknownName("border", str(border), BORDERS)
    most = {"reflect": -1, "circular": 0}.get(border)
    if most is not None and any(max(pair) > n + most for pair, n in zip(pairs, sizes, strict=True)):
        raise ShapeError(
            f"a {border} border of {pairs} is wider than an input of {tuple(sizes)} can give; "
            'border="replicate" or "zeros" has no such limit.'
        )


def check_padded_memory(values: np.ndarray, pairs: Pairs, kind: DType) -> None:
    """Raises `ShapeError` where `values` of that kind and a border around the last axes are too large."""
    first = values.ndim - len(pairs)
    padded = [n + sum(pair) for n, pair in zip(values.shape[first:], pairs, strict=True)]
    if any(map(sum, pairs)):
        what = f"an input of {values.shape} with padding {pairs}"
        check_memory([*values.shape[:first], *padded], kind, what, "take less padding or a smaller input")


def pad(values: np.ndarray, pairs: Pairs, border: str = "zeros", value: float = 0) -> np.ndarray:
    """`values` with a border around its last axes; `value` stands for zeros.

    >>> pad(np.array([1, 2, 3]), ((2, 1),), "reflect")
    array([3, 2, 1, 2, 3, 2])
    """
    check_border(border, pairs, values.shape[values.ndim - len(pairs) :])
    if not any(map(sum, pairs)):
        return values
    whole = ((0, 0),) * (values.ndim - len(pairs)) + pairs
    check_padded_memory(values, pairs, values.dtype)
    if border == "zeros":
        return np.pad(values, whole, "constant", constant_values=value)
    return np.pad(values, whole, BORDERS[border])  # type: ignore[call-overload, no-any-return]
