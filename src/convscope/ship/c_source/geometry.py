"""The sizes of windows, borders and stretched operands, as initial values of the C structures."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ...errors import UnsupportedOperation
from ...graph import Node
from ...graph.operation import Shape

AXES = 4  # of `struct stretching`


def planes(shape: Shape) -> str:
    """`struct shape` of (C, H, W), or of (C, L) with one row."""
    channels, *sizes = shape
    return f"{channels}, {pair(sizes, 1)}"


def pair(values: Sequence[int], of_rows: int) -> str:
    """`struct pair`; `of_rows` is that of a signal's one row."""
    down, right = values if len(values) == 2 else (of_rows, *values)
    return f"{down}, {right}"


def window(node: Node, shape: Shape) -> str:
    """`struct window` of a convolution or a pool."""
    settings = node.attributes
    before, after = ([sides[k] for sides in settings["padding"]] for k in (0, 1))
    dilation = settings.get("dilation", (1,) * len(before))
    parts = [planes(shape), planes(node.shape), pair(settings["kernel_size"], 1), pair(settings["stride"], 1)]
    parts += [pair(before, 0), pair(after, 0), pair(dilation, 1)]
    return ", ".join([*(f"{{{part}}}" for part in parts), str(settings.get("groups", 1))])


def mixes_channels_only(node: Node) -> bool:
    """Whether a convolution sees one position at a time, and each once."""
    settings = node.attributes
    ones = {*settings["kernel_size"], *settings["stride"], settings["groups"]} == {1}
    return ones and not any(map(sum, settings["padding"]))


def pools_in_place(node: Node, shape: Shape) -> bool:
    """Whether a pool never overwrites what it has yet to read, result by result."""
    axes = zip(shape[1:], node.shape[1:], node.attributes["stride"], node.attributes["padding"], strict=True)
    starts = [np.maximum(np.arange(out) * step - before, 0) for _, out, step, (before, _) in axes]
    return _reads_ahead(starts, shape, node.shape)


def shares_out_in_place(node: Node, shape: Shape) -> bool:
    """The same of an adaptive pool."""
    axes = zip(shape[1:], node.shape[1:], strict=True)
    return _reads_ahead([np.arange(out) * size // out for size, out in axes], shape, node.shape)


def _reads_ahead(starts: list[np.ndarray], shape: Shape, out: Shape) -> bool:
    """Whether all windows after result k, in row-major order, begin behind place k.

    `starts` is where the windows of each axis begin.
    """
    if math.prod(out[1:]) > math.prod(shape[1:]):
        return False
    rows = starts[0] if len(starts) == 2 else np.zeros(1, dtype=int)
    begins = (rows[:, None] * shape[-1] + starts[-1]).ravel()
    later = np.minimum.accumulate(begins[::-1])[::-1]  # of this window and all after it
    return bool((later[1:] > np.arange(len(begins) - 1)).all())


def padded_from(node: Node, shape: Shape) -> tuple[list[list[int]], int, int]:
    """Where each plane, row and column of a padded array comes from (-1: the border); its rows and columns."""
    padding, mode = node.attributes["padding"], node.attributes["mode"]
    pairs = ((0, 0),) * (len(shape) - len(padding)) + tuple(padding)
    axes = [_source(size, *sides, mode) for size, sides in zip(shape, pairs, strict=True)]
    while len(axes) < 3:
        axes.insert(0, [0])
    *outer, rows, columns = axes
    sizes = (1,) * (3 - len(shape)) + tuple(shape)
    places = [0]
    for source, size in zip(outer, sizes, strict=False):
        places = [-1 if at < 0 or k < 0 else at * size + k for at in places for k in source]
    return [places, rows, columns], sizes[-2], sizes[-1]


def _source(size: int, before: int, after: int, mode: str) -> list[int]:
    """Along one axis, as PyTorch has it. Negative sides cut off; `circular` repeats what is left."""
    places = np.arange(-before, size + after)
    if mode == "zeros":
        places = np.where((places < 0) | (places >= size), -1, places)
    elif mode == "replicate":
        places = places.clip(0, size - 1)
    elif mode == "reflect":
        places = np.abs(places)
        places = np.where(places >= size, 2 * (size - 1) - places, places)
    else:
        start = max(0, -before)
        places = start + (places - start) % (size - start - max(0, -after))
    return [int(place) for place in places]


def runs(shape: Sequence[int], axes: set[int]) -> Iterator[tuple[int, int, int]]:
    """Means over axes as means over one run of neighbours after another: (before, in the run, behind).

    The last run comes first, so that what is behind a run is only what stays.

    >>> list(runs((2, 3, 4, 5), {1, 2})), list(runs((2, 3, 4), {0, 2}))
    ([(2, 12, 5)], [(6, 4, 1), (1, 2, 3)])
    """
    inner, axis = 1, len(shape) - 1
    while axis >= 0:
        if axis not in axes:
            inner *= shape[axis]
            axis -= 1
            continue
        count = 1
        while axis in axes:
            count *= shape[axis]
            axis -= 1
        yield math.prod(shape[: axis + 1]), count, inner


def stretching(node: Node, first: Shape, second: Shape) -> str:
    """`struct stretching` of two operands; neighbouring axes that are stretched alike are one."""
    merged: list[tuple[int, bool, bool]] = []  # size, whether it runs in the first, in the second
    for size, own, other in zip(node.shape, first, second, strict=True):
        if size == 1:
            continue
        runs_in = own == size, other == size
        if merged and merged[-1][1:] == runs_in:
            merged[-1] = (merged[-1][0] * size, *runs_in)
        else:
            merged.append((size, *runs_in))
    if len(merged) > AXES:
        raise UnsupportedOperation(
            f"{node.name!r} ({node.operation}) stretches its inputs in more than {AXES} ways, "
            "which has no C function; ONNX and the PyTorch program do."
        )
    merged = [(1, False, False)] * (AXES - len(merged)) + merged
    steps: list[list[int]] = []
    for which in (1, 2):
        step, own_steps = 1, []
        for one in reversed(merged):
            own_steps.insert(0, step if one[which] else 0)
            step *= one[0] if one[which] else 1
        steps.append(own_steps)
    lists = [[one[0] for one in merged], *steps]
    return ", ".join("{" + ", ".join(map(str, numbers)) + "}" for numbers in lists)
