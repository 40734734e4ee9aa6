"""Arrays as pictures: which axes they have, and what their numbers stand for."""

from __future__ import annotations

from collections.abc import Mapping
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
    laid = {part: _height_width_channels(array, where[part]) for part, array in arrays.items()}
    shapes = {part: array.shape[1:] for part, array in laid.items()}
    first = next(iter(shapes))
    for part, shape in shapes.items():
        if shape != shapes[first]:
            raise DataError(
                f"the pictures of {where[first]} are {_size(shapes[first])} and those of {where[part]} are "
                f"{_size(shape)}; make them the same."
            )
    if all(array.dtype == np.uint8 for array in laid.values()):
        return laid, []
    ranges = {part: _range(array, where[part]) for part, array in laid.items()}
    least = min(low for low, _ in ranges.values())
    most = max(high for _, high in ranges.values())
    whose = " and ".join(where.values())
    kinds = {array.dtype.kind for array in laid.values()}
    if kinds == {"b"}:
        factor = 255.0
    elif least < 0 or most > (255 if "f" in kinds else 65535):
        limits = "0..1 nor 0..255" if "f" in kinds else "0..255 nor 0..65535"
        raise DataError(
            f"{whose}: the values run from {least:g} to {most:g}, which is neither {limits}; "
            "store the pictures as they were before they were normalised, as uint8 or as floats from 0 to 1."
        )
    elif "f" in kinds:
        factor = 255.0 if most <= 1 else 1.0
    else:
        factor = 1.0 if most <= 255 else 1 / 257
    notes = []
    if kinds != {"b"} and 0 < most * factor < 64:
        notes.append(
            f"{whose}: the brightest value is {most:g} where white is {255 / factor:g}, so the pictures are "
            "dark; store them brighter, or train with --normalize."
        )
    return {part: _scaled(array, factor) for part, array in laid.items()}, notes


def _height_width_channels(array: np.ndarray, where: str) -> np.ndarray:
    """A view (N, H, W, C)."""
    kind = kind_of(array.shape, array.dtype)
    if kind == "grey":
        return array[..., None]
    if kind == "channels first":
        return array.transpose(0, 2, 3, 1)
    if kind == "channels last":
        return array
    raise DataError(f"{where} is {array.dtype} {_shape(array.shape)}{_why_no_pictures(array)}")


def _why_no_pictures(array: np.ndarray) -> str:
    wanted = "pictures are (N, H, W), (N, H, W, C) or (N, C, H, W), with C 1 or 3"
    if array.dtype.kind not in "buif":
        return f", but {wanted}, of numbers."
    if 0 in array.shape:
        return ", which holds no pictures."
    if array.ndim == 2:
        side = round(array.shape[1] ** 0.5)
        square = side > 1 and side * side == array.shape[1]
        example = f"reshape(-1, {side}, {side})" if square else "reshape(-1, height, width)"
        return f", rows of numbers without height and width; store it as {example}."
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return ", and either axis could be the channels; store grey pictures as (N, H, W)."
    if array.ndim == 4 and 4 in (array.shape[1], array.shape[3]):
        return ", with four channels; lay the transparent pixels over a colour and store three."
    return f", but {wanted}."


def _range(array: np.ndarray, where: str) -> tuple[float, float]:
    least, most = np.inf, -np.inf
    for block in _blocks(array):
        if not np.isfinite(block).all():
            raise DataError(f"{where} has values that are no numbers (NaN or infinite); put them right.")
        least, most = min(least, float(block.min())), max(most, float(block.max()))
    return least, most


def _scaled(array: np.ndarray, factor: float) -> np.ndarray:
    if array.dtype == np.uint8 and factor == 1:
        return array
    scaled = allocate(array.shape)
    start = 0
    for block in _blocks(array):
        scaled[start : start + len(block)] = np.floor(block * np.float64(factor) + 0.5)
        start += len(block)
    return scaled


def _blocks(array: np.ndarray) -> list[np.ndarray]:
    """Views of the array, a few pictures each."""
    step = max(1, _BLOCK_BYTES // (8 * int(np.prod(array.shape[1:]))))
    return [array[start : start + step] for start in range(0, len(array), step)]


def _shape(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[0]}×{shape[1]} with {shape[2]} channel{'s' if shape[2] > 1 else ''}"
