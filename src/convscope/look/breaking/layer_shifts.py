"""What a shift of the picture does to the maps of each layer, beside the shifted maps."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ...bundle import Bundle
from ...errors import UnsupportedOperation
from ...graph.receptive_field import ReceptiveField, receptive_fields
from ..inside.activations import activations
from .changes import Outside, Pixels, shifted
from .pictures_only import of_pictures
from .robustness import LayerShift

PICTURES = 8  # that the distances are the mean of


def layer_shifts(bundle: Bundle, images: Pixels) -> tuple[LayerShift, ...]:
    """For each layer with several places, how far its maps of a shifted picture are from its shifted maps.

    ‖maps of the shifted picture - shifted maps‖ / ‖shifted maps‖ over all `images`, uint8 (N, H, W, C),
    shifted down and to the right. `distance` is for a shift by one pixel, which is 1/jump of a position in
    a layer whose positions are `jump` pixels apart; between positions maps are interpolated linearly. A
    convolution with stride 1 has 0, a stride or a pool loses what lies between its positions (Zhang 2019).
    `aligned` is for a shift by `jump` pixels, a whole position: 0 where nothing but strides depends on the
    place.

    Measured where no receptive field reaches over the border of either picture. Where a layer has no such
    place `interior` is false: `distance` then is of all places and has the border's part, and `aligned` is
    None. Raises `UnsupportedOperation` for a network that is not in the graph.
    """
    preprocessing, graph = of_pictures(bundle), bundle.graph
    if graph is None:
        raise UnsupportedOperation(
            f"{bundle.net} is not in convscope's graph, so its layers are not known; attacks and changes of "
            "the pictures work."
        )
    fields = receptive_fields(graph)
    layers = {
        node.name: fields[node.name]
        for node in graph.nodes[1:]
        if len(node.shape) == 3 and min(node.shape[1:]) > 1 and not fields[node.name].whole
    }
    outside = Outside.of(images)

    def maps(down: int = 0, right: int = 0) -> Mapping[str, np.ndarray]:
        moved = shifted(images, down, right, outside)
        return activations(graph, bundle.weights, preprocessing.batch(moved))

    plain = maps()
    size = graph.input_shape[1:]
    compared = {1: [maps(1, 0), maps(0, 1)]}
    for jump in sorted({j for field in layers.values() for j in field.jump} - {1}):
        if jump < min(size):
            compared[jump] = [maps(jump, 0), maps(0, jump)]
    shifts = []
    for name, field in layers.items():
        by_one = [(compared[1][axis][name], 1) for axis in (0, 1)]
        inner, outer = _distance(plain[name], by_one, field, size)
        aligned = None
        if all(jump in compared for jump in field.jump):
            by_jump = [(compared[jump][axis][name], jump) for axis, jump in enumerate(field.jump)]
            aligned, _ = _distance(plain[name], by_jump, field, size)
        distance = outer if inner is None else inner
        shifts.append(LayerShift(name, distance, aligned, max(field.jump), inner is not None))
    return tuple(shifts)


def _distance(
    plain: np.ndarray, moved: list[tuple[np.ndarray, int]], field: ReceptiveField, size: tuple[int, ...]
) -> tuple[float | None, float]:
    """Of maps (N, C, h, w), and those of the picture moved down and to the right by so many pixels.

    Where no border has a part, None where that is nowhere; and everywhere.
    """
    difference, reference = np.zeros(2), np.zeros(2)
    interior = True
    for axis, (maps, pixels) in enumerate(moved):
        positions = pixels / field.jump[axis]
        got, wanted = _counterparts(plain, maps, axis, positions)
        inside = [_inside(field, a, plain.shape[2 + a], size[a]) for a in (0, 1)]
        sees_none_new = _inside(field, axis, plain.shape[2 + axis], size[axis], begin=pixels)
        inside[axis] = inside[axis][: got.shape[2 + axis]] & sees_none_new[math.ceil(positions) :]
        interior &= all(mask.any() for mask in inside)
        rows, columns = np.ix_(*inside)
        inner = got[..., rows, columns], wanted[..., rows, columns]
        for which, (a, b) in enumerate((inner, (got, wanted))):
            difference[which] += ((a - b) ** 2).sum()
            reference[which] += (b**2).sum()
    inside_only, everywhere = (
        math.sqrt(d / r) if r else float(d > 0) for d, r in zip(difference, reference, strict=True)
    )
    return inside_only if interior else None, everywhere


def _counterparts(
    plain: np.ndarray, moved: np.ndarray, axis: int, positions: float
) -> tuple[np.ndarray, np.ndarray]:
    """Maps of the moved picture, and the plain ones moved by so many positions, where both are there."""
    lines, after = (np.moveaxis(maps.astype(np.float64), 2 + axis, 0) for maps in (plain, moved))
    upper, part = math.ceil(positions), math.ceil(positions) - positions
    count = len(lines)
    near = lines[1 : count - upper + 1] if part else lines[: count - upper]
    wanted = (1 - part) * lines[: count - upper] + part * near
    return np.moveaxis(after[upper:], 0, 2 + axis), np.moveaxis(wanted, 0, 2 + axis)


def _inside(field: ReceptiveField, axis: int, count: int, size: int, *, begin: int = 0) -> np.ndarray:
    """Which positions see pixels from `begin` to the picture's end, and no others."""
    centres = field.centre[axis] + field.jump[axis] * np.arange(count)
    reach = (field.size[axis] - 1) / 2
    inside: np.ndarray = (centres - reach >= begin) & (centres + reach <= size - 1)
    return inside
