"""What a channel looks for: the pieces of a data set's pictures that excite it most."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...graph.head import up_to
from ...graph.receptive_field import ReceptiveField, receptive_fields
from .activations import check_finite
from .layers import graph_of, node_with_maps

if TYPE_CHECKING:
    from ...bundle import Bundle
    from ...data import InputPreprocessing
    from ...inference import Forward

MEMORY = 64 << 20  # bytes of maps at a time, about
MOST_AT_ONCE = 256  # pictures

Progress = Callable[[int, int], None]  # pictures done, and of how many
Extent = tuple[int, int]  # along an axis of the picture: the first pixel, and the one behind the last


@dataclass(frozen=True, eq=False)
class Patch:
    """The piece of a picture that one number of a map sees.

    `picture` is the picture's position among those that were gone through, `place` the number's in the map,
    (row, column), and `value` the number. `field` is its receptive field on the picture, which may reach
    beyond the border; `pixels` are a view of what of it lies on the picture, as it is stored.
    """

    picture: int
    name: str
    place: tuple[int, ...]
    value: float
    field: tuple[Extent, ...]
    seen: tuple[Extent, ...]  # the field, clipped at the border
    pixels: npt.NDArray[Any]

    @property
    def clipped(self) -> bool:
        """Whether the field reaches beyond the picture."""
        return self.field != self.seen


@dataclass(frozen=True, eq=False)
class Patches:
    """For each channel of a layer its patches, the most exciting first; none for a channel that never stirs.

    `pictures` is how many were gone through, `size` that of each along its axes, `noun` what one is called.
    """

    layer: str
    receptive_field: ReceptiveField
    pictures: int
    size: tuple[int, ...]
    channels: tuple[tuple[Patch, ...], ...]
    noun: str = "picture"


def patches(
    bundle: Bundle,
    pictures: npt.NDArray[Any],
    layer: str,
    *,
    count: int = 9,
    names: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Patches:
    """For each channel of the node `layer` the `count` pictures that excite it most, and where they do.

    `pictures` are as a data set stores them, uint8 (N, H, W, C) of the bundle's size (or float32 signals),
    such as `dataset.test.images`, with `dataset.test.names`. Of a picture only the largest number of a map
    counts, at its first place; a map that is the same everywhere, as that of a ReLU that never fires, has no
    such place. The part of the network up to the layer runs in batches, on the native engine where it can,
    and only the best are kept, so that memory does not grow with the number of pictures.

    Raises what `feature_maps` raises for names and weights, `ShapeError` for other pictures.
    """
    from ...inference import forward  # which knows Pillow; who only draws a report waits for neither

    if count < 1:
        raise UsageError(f"count={count} should be 1 or more.")
    graph = graph_of(bundle)
    node = node_with_maps(graph, layer)
    bundle.check_inputs(pictures)
    check_finite(graph, bundle.weights)
    part = up_to(graph, layer, flat=True)
    weights = {name: bundle.weights[name] for name in part.parameters}
    compute = forward(part, weights, bundle.preprocessing, lambda: part.to_module(weights).eval())
    channels, positions = node.shape[0], math.prod(node.shape[1:])
    best = _Best(channels, count)
    for start, maps in _batches(compute, pictures, channels * positions):
        best.add(start, maps.reshape(len(maps), channels, positions))
        if progress is not None:
            progress(start + len(maps), len(pictures))

    field = receptive_fields(graph)[layer]
    cut = _Cutter(bundle.preprocessing, field)

    def patch(value: float, picture: int, position: int) -> Patch:
        place = tuple(int(i) for i in np.unravel_index(position, node.shape[1:]))
        whole, seen, pixels = cut(pictures[picture], place)
        name = str(names[picture]) if names is not None else str(picture)
        return Patch(picture, name, place, value, whole, seen, pixels)

    found = tuple(tuple(patch(*each) for each in best.of(channel)) for channel in range(channels))
    return Patches(layer, field, len(pictures), cut.size, found, bundle.preprocessing.noun)


def _batches(compute: Forward, pictures: npt.NDArray[Any], numbers: int) -> Iterator[tuple[int, np.ndarray]]:
    """The first picture's position and the flat maps of some pictures at a time."""
    at_once = max(1, min(MOST_AT_ONCE, MEMORY // (4 * numbers)))
    for start in range(0, len(pictures), at_once):
        yield start, compute(pictures[start : start + at_once])


class _Best:
    """The largest numbers of each channel so far, one of a picture; of equals the first picture's."""

    def __init__(self, channels: int, count: int) -> None:
        self.count = count
        self.values = np.empty((channels, 0), np.float32)
        self.pictures = np.empty((channels, 0), np.int64)
        self.positions = np.empty((channels, 0), np.int64)

    def add(self, first: int, maps: np.ndarray) -> None:
        """Maps (N, channels, positions) of the pictures from `first` on."""
        positions = maps.argmax(axis=2)
        values = np.take_along_axis(maps, positions[:, :, None], axis=2)[:, :, 0]
        stirred = np.isfinite(values) & (values > maps.min(axis=2))
        values = np.where(stirred, values, -np.inf).T
        pictures = np.broadcast_to(np.arange(first, first + len(maps)), values.shape)
        self.values = np.concatenate([self.values, values], axis=1)
        self.pictures = np.concatenate([self.pictures, pictures], axis=1)
        self.positions = np.concatenate([self.positions, positions.T], axis=1)
        order = np.argsort(-self.values, axis=1, kind="stable")[:, : self.count]
        for name in ("values", "pictures", "positions"):
            setattr(self, name, np.take_along_axis(getattr(self, name), order, axis=1))

    def of(self, channel: int) -> Iterator[tuple[float, int, int]]:
        """Value, picture and position, the largest value first."""
        rows = zip(self.values[channel], self.pictures[channel], self.positions[channel], strict=True)
        for value, picture, position in rows:
            if np.isfinite(value):
                yield float(value), int(picture), int(position)


class _Cutter:
    """Cuts receptive fields out of pictures as they are stored."""

    def __init__(self, preprocessing: InputPreprocessing, field: ReceptiveField) -> None:
        self.field = field
        blank = preprocessing.blank(0)
        self.channels_last = blank.dtype == np.uint8  # pictures; arrays have theirs first
        self.size = blank.shape[1:-1] if self.channels_last else blank.shape[2:]
        self.repeat = preprocessing.input_shape[1] // self.size[0]  # times that each number enters

    def __call__(
        self, picture: np.ndarray, place: tuple[int, ...]
    ) -> tuple[tuple[Extent, ...], tuple[Extent, ...], np.ndarray]:
        """The field at a place of the map, what of it lies on the picture, and that as a view."""
        window = self.field.window(place)
        whole = tuple((start // self.repeat, -(-stop // self.repeat)) for start, stop in window)
        seen = tuple(
            (min(max(start, 0), n), min(max(stop, 0), n))
            for (start, stop), n in zip(whole, self.size, strict=True)
        )
        parts = tuple(slice(*extent) for extent in seen)
        pixels = picture[parts] if self.channels_last else picture[(slice(None), *parts)]
        return whole, seen, pixels
