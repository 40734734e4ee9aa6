"""Arrays as pictures: which axes they have, and what their numbers stand for."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Literal

import numpy as np

from ..errors import DataError
from .memory import allocate

Kind = Literal["grey", "channels last", "channels first"]

_BLOCK_BYTES = 1 << 26  # of float64, while values are looked at or converted


def kind_of(shape: tuple[int, ...], dtype: np.dtype) -> Kind | None:
    """What an array of examples holds: pictures (N, H, W), or (N, H, W, C) or (N, C, H, W) with C 1 or 3.

    None where it is no array of pictures, or could be both of the last two.

    >>> kind_of((60000, 28, 28), np.dtype("uint8")), kind_of((500, 3, 32, 32), np.dtype("float32"))
    ('grey', 'channels first')
    >>> kind_of((1797, 64), np.dtype("float64")), kind_of((9, 3, 32, 3), np.dtype("uint8"))
    (None, None)
    """
    if dtype.kind not in "buif" or 0 in shape:
        return None
    if len(shape) == 3:
        return "grey"
    if len(shape) == 4:
        first, last = shape[1] in (1, 3), shape[3] in (1, 3)
        if first != last:
            return "channels first" if first else "channels last"
    return None


def pictures(
    arrays: Mapping[str, np.ndarray], where: Mapping[str, str]
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The parts of a data set as uint8 (N, H, W, C), and notes; `where` names each part's array in messages.

    Bytes are taken as they are, without a copy. Floats are 0..1 where none of any part is above 1, else
    0..255; larger integers 0..255 where none is above 255, else 0..65535, divided by 257; all are rounded to
    the nearest. Truth values are black and white.

    Raises `DataError` for other shapes and for values beyond these ranges, with the shape or range that was
    found.
    """
    laid = {part: height_width_channels(array, where[part]) for part, array in arrays.items()}
    check_alike({part: array.shape[1:] for part, array in laid.items()}, where)
    if all(array.dtype == np.uint8 for array in laid.values()):
        return laid, []
    ends = [range_of(block, where[part]) for part, array in laid.items() for block in _blocks(array)]
    least, most = min(low for low, _ in ends), max(high for _, high in ends)
    whose = " and ".join(where.values())
    kinds = {array.dtype.kind for array in laid.values()}
    factor = scale_of(kinds, least, most, whose)
    notes = []
    if kinds != {"b"} and 0 < most * factor < 64:
        notes.append(
            f"{whose}: the brightest value is {most:g} where white is {255 / factor:g}, so the pictures are "
            "dark; store them brighter, or train with --normalize."
        )
    return {part: _scaled(array, factor) for part, array in laid.items()}, notes


def check_alike(shapes: Mapping[str, tuple[int, ...]], where: Mapping[str, str]) -> None:
    """Raises `DataError` where the parts have pictures (H, W, C) of several sizes."""
    first = next(iter(shapes))
    for part, shape in shapes.items():
        if shape != shapes[first]:
            raise DataError(
                f"the pictures of {where[first]} are {_size(shapes[first])} and those of {where[part]} are "
                f"{_size(shape)}; make them the same."
            )


def scale_of(kinds: AbstractSet[str], least: float, most: float, whose: str) -> float:
    """What the values of arrays of these kinds ("f", "i", ...) are multiplied with to be 0..255.

    Raises `DataError` for values beyond what pictures have.

    >>> scale_of({"f"}, 0.0, 0.8, "x"), scale_of({"u"}, 0, 255, "x")
    (255.0, 1.0)
    """
    if kinds == {"b"}:
        return 255.0
    if least < 0 or most > (255 if "f" in kinds else 65535):
        limits = "0..1 nor 0..255" if "f" in kinds else "0..255 nor 0..65535"
        raise DataError(
            f"{whose}: the values run from {least:g} to {most:g}, which is neither {limits}; "
            "store the pictures as they were before they were normalised, as uint8 or as floats from 0 to 1."
        )
    if "f" in kinds:
        return 255.0 if most <= 1 else 1.0
    return 1.0 if most <= 255 else 1 / 257


def scaled(values: np.ndarray, factor: float) -> np.ndarray:
    """Some values times `factor` as uint8, rounded to the nearest."""
    if values.dtype == np.uint8 and factor == 1:
        return values
    return np.floor(values * np.float64(factor) + 0.5).astype(np.uint8)


def range_of(values: np.ndarray, where: str) -> tuple[float, float]:
    """The smallest and the largest of some values; raises `DataError` where one is no number."""
    if not np.isfinite(values).all():
        raise DataError(f"{where} has values that are no numbers (NaN or infinite); put them right.")
    return float(values.min()), float(values.max())


def height_width_channels(array: np.ndarray, where: str) -> np.ndarray:
    """A view (N, H, W, C)."""
    shape_of(array.shape, array.dtype, where)
    kind = kind_of(array.shape, array.dtype)
    if kind == "grey":
        return array[..., None]
    return array.transpose(0, 2, 3, 1) if kind == "channels first" else array


def shape_of(shape: tuple[int, ...], dtype: np.dtype, where: str) -> tuple[int, ...]:
    """(H, W, C) of the pictures in an array of such a shape; raises `DataError` where it has none."""
    kind = kind_of(shape, dtype)
    if kind == "grey":
        return *shape[1:], 1
    if kind is None:
        raise DataError(f"{where} is {dtype} {_shape(shape)}{_why_no_pictures(shape, dtype)}")
    return (*shape[2:], shape[1]) if kind == "channels first" else shape[1:]


def _why_no_pictures(shape: tuple[int, ...], dtype: np.dtype) -> str:
    wanted = "pictures are (N, H, W), (N, H, W, C) or (N, C, H, W), with C 1 or 3"
    if dtype.kind not in "buif":
        return f", but {wanted}, of numbers."
    if 0 in shape:
        return ", which holds no pictures."
    if len(shape) == 2:
        side = round(shape[1] ** 0.5)
        square = side > 1 and side * side == shape[1]
        example = f"reshape(-1, {side}, {side})" if square else "reshape(-1, height, width)"
        return f", rows of numbers without height and width; store it as {example}."
    if len(shape) == 4 and shape[1] in (1, 3):
        return ", and either axis could be the channels; store grey pictures as (N, H, W)."
    if len(shape) == 4 and 4 in (shape[1], shape[3]):
        return ", with four channels; lay the transparent pixels over a colour and store three."
    return f", but {wanted}."


def _scaled(array: np.ndarray, factor: float) -> np.ndarray:
    if array.dtype == np.uint8 and factor == 1:
        return array
    whole = allocate(array.shape)
    start = 0
    for block in _blocks(array):
        whole[start : start + len(block)] = scaled(block, factor)
        start += len(block)
    return whole


def _blocks(array: np.ndarray) -> list[np.ndarray]:
    """Views of the array, a few pictures each."""
    step = max(1, _BLOCK_BYTES // (8 * int(np.prod(array.shape[1:]))))
    return [array[start : start + step] for start in range(0, len(array), step)]


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}×{shape[1]} with {shape[2]} channel{'s' if shape[2] > 1 else ''}"
