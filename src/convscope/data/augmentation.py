"""Training pictures moved a little, another way in each epoch: what is drawn, and pictures moved by it.

A picture's draw depends on (seed, epoch, its position) alone, so it is the same after a resume, for every
engine, and however the pictures are divided into batches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DOWN, RIGHT, MIRRORED, TOP, LEFT = range(5)  # the columns of a table


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What may happen to a training picture; by default nothing.

    `shift` moves it by up to so many pixels along each axis, over a border of `fill`; `crop` does the same
    over the picture's own mirror image (without its edge, numpy's "reflect"). `flip` mirrors half of the
    pictures left to right. `cutout` covers a square of that side with `fill`; its centre lies anywhere in
    the picture (DeVries & Taylor 2017), so that a part of it may lie outside.
    """

    shift: int = 0
    crop: int = 0
    flip: bool = False
    cutout: int = 0
    fill: int = 0  # 0..255

    def __bool__(self) -> bool:
        return bool(self.shift or self.crop or self.flip or self.cutout)

    def draw(self, count: int, height: int, width: int, *, seed: int, epoch: int) -> np.ndarray:
        """int16 (count, 5), a row per picture: down, right, mirrored (0 or 1), top and left of the hole.

        >>> Augmentation(shift=2, flip=True).draw(3, 28, 28, seed=0, epoch=1)
        array([[ 2,  2,  0,  0,  0],
               [-1,  0,  1,  0,  0],
               [ 0, -2,  0,  0,  0]], dtype=int16)
        """
        table = np.zeros((count, 5), dtype=np.int16)
        keys = _mix(np.arange(count, dtype=np.uint64) + _mix(_mix(_number(seed)) + _number(epoch)))
        reach = self.shift or self.crop
        if reach:
            table[:, DOWN] = _below(2 * reach + 1, keys, DOWN) - reach
            table[:, RIGHT] = _below(2 * reach + 1, keys, RIGHT) - reach
        if self.flip:
            table[:, MIRRORED] = _below(2, keys, MIRRORED)
        if self.cutout:
            table[:, TOP] = _below(height, keys, TOP) - self.cutout // 2
            table[:, LEFT] = _below(width, keys, LEFT) - self.cutout // 2
        return table

    def move(self, images: np.ndarray, table: np.ndarray) -> np.ndarray:
        """uint8 (N, H, W, C) moved by the N rows of a table: mirrored, then shifted, then the hole cut."""
        _, height, width, _ = images.shape
        rows = np.arange(height) - table[:, DOWN, None]  # (N, H), where each row comes from
        columns = np.arange(width) - table[:, RIGHT, None]  # (N, W)
        inside_rows, inside_columns = (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
        if self.crop:
            rows, columns = _mirrored(rows, height), _mirrored(columns, width)
        else:
            rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
        columns = np.where(table[:, MIRRORED, None] > 0, width - 1 - columns, columns)
        moved: np.ndarray = images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None]]
        if not self.crop:
            moved[~(inside_rows[:, :, None] & inside_columns[:, None])] = self.fill
        if self.cutout:
            down, right = (np.arange(n) - table[:, at, None] for n, at in ((height, TOP), (width, LEFT)))
            hole = ((down >= 0) & (down < self.cutout))[:, :, None]
            moved[hole & ((right >= 0) & (right < self.cutout))[:, None]] = self.fill
        return moved


def _number(value: int) -> np.ndarray:
    return np.array([value % 2**64], dtype=np.uint64)  # an array, whose arithmetic wraps around in silence


def _mix(x: np.ndarray) -> np.ndarray:
    """splitmix64 (Steele, Lea & Flood 2014): uint64 to uint64, each bit of the result depends on all."""
    x = x + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: np.ndarray = x ^ (x >> np.uint64(31))
    return mixed


def _below(end: int, keys: np.ndarray, column: int) -> np.ndarray:
    """An integer from 0 to below `end` for each key, another for each column."""
    high = _mix(keys + np.uint64(column)) >> np.uint64(32)
    return ((high * np.uint64(end)) >> np.uint64(32)).astype(np.int64)


def _mirrored(positions: np.ndarray, size: int) -> np.ndarray:
    """Positions beyond an end, folded back at its last pixel."""
    if size == 1:
        return np.zeros_like(positions)
    period = 2 * (size - 1)
    folded: np.ndarray = np.minimum(positions % period, -positions % period)
    return folded
