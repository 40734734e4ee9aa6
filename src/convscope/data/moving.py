"""Pictures changed as the rows of a table say, in whole numbers: the native engine computes the same bits.

A row is int32: down, right, mirrored (0 or 1), top and left of a hole; cosine and sine of a turn, over the
scale, in 1/32768; brightness and contrast in 1/65536; the position of a partner (-1: none) and the picture's
own share beside it, in 1/65536. The native side is `native/cpp/moving.h`.
"""

from __future__ import annotations

import numpy as np

DOWN, RIGHT, MIRRORED, TOP, LEFT, COSINE, SINE, BRIGHTNESS, CONTRAST, PARTNER, SHARE = range(11)
UNTURNED = 1 << 15  # the cosine of no turn at the natural scale
WHOLE = 1 << 16  # brightness, contrast or share that changes nothing
UNCHANGED = (0, 0, 0, 0, 0, UNTURNED, 0, WHOLE, WHOLE, -1, WHOLE)
LUMA = (19595, 38470, 7471)  # of red, green and blue in 1/65536, ITU-R 601 as Pillow rounds it


def changed(
    images: np.ndarray, table: np.ndarray, *, hole: int = 0, fill: int = 0, reflect: bool = False
) -> np.ndarray:
    """uint8 (N, H, W, C) changed by the N rows of a table, all but mixed with their partners.

    In this order: brightness, contrast, mirrored left to right, turned and scaled about the middle, shifted,
    the hole cut. `fill` is what lies outside of a picture, or with `reflect` its own mirror image without
    the edge (numpy's "reflect"), and what a hole of side `hole` shows.
    """
    table = table.astype(np.int64)
    if (table[:, [BRIGHTNESS, CONTRAST]] != WHOLE).any():
        images = _toned(images, table)
    turns = (table[:, COSINE] != UNTURNED) | (table[:, SINE] != 0)
    if turns.all():
        moved = _turned(images, table, fill, reflect)
    else:
        moved = _shifted(images, table, fill, reflect)
        if turns.any():
            moved[turns] = _turned(images[turns], table[turns], fill, reflect)
    if hole:
        _, height, width, _ = images.shape
        down, right = (np.arange(n) - table[:, at, None] for n, at in ((height, TOP), (width, LEFT)))
        inside = ((down >= 0) & (down < hole))[:, :, None] & ((right >= 0) & (right < hole))[:, None]
        moved[inside] = fill
    return moved


def mixed(images: np.ndarray, partners: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """share * picture + (1 - share) * partner, rounded to uint8; `shares` are in 1/65536.

    >>> mixed(np.full((1, 1, 1, 1), 200, np.uint8), np.zeros((1, 1, 1, 1), np.uint8), np.array([49152]))
    array([[[[150]]]], dtype=uint8)
    """
    own = shares.astype(np.int32)[:, None, None, None]
    mix: np.ndarray = (own * images + (WHOLE - own) * partners + WHOLE // 2) >> 16
    return mix.astype(np.uint8)


def _toned(images: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Brightness, then contrast: by Pillow's ImageEnhance, but rounded where that cuts off.

    Brightness multiplies; contrast multiplies the distance from the mean grey, a whole number. Both end at 0
    and 255.
    """
    count, channels = len(images), images.shape[3]
    flat = images.reshape(count, -1)  # (N, H*W*C)
    levels = np.arange(256)
    bright = ((levels * table[:, BRIGHTNESS, None] + WHOLE // 2) >> 16).clip(0, 255)  # (N, 256)
    flat = np.take_along_axis(bright, flat.astype(np.intp), axis=1)
    luma = flat
    if channels == 3:
        luma = (flat.reshape(count, -1, 3) @ np.array(LUMA) + WHOLE // 2) >> 16  # (N, H*W)
    pixels = luma.shape[1]
    mean = (2 * luma.sum(axis=1, keepdims=True) + pixels) // (2 * pixels)  # (N, 1), rounded
    contrast = mean + (((levels - mean) * table[:, CONTRAST, None] + WHOLE // 2) >> 16)
    flat = np.take_along_axis(contrast.clip(0, 255), flat, axis=1)
    return flat.astype(np.uint8).reshape(images.shape)


def _shifted(images: np.ndarray, table: np.ndarray, fill: int, reflect: bool) -> np.ndarray:
    """Mirrored and shifted by whole pixels."""
    _, height, width, _ = images.shape
    rows = np.arange(height) - table[:, DOWN, None]  # (N, H), where each row comes from
    columns = np.arange(width) - table[:, RIGHT, None]  # (N, W)
    inside = _inside(rows, height)[:, :, None] & _inside(columns, width)[:, None]
    rows, columns = _at(rows, height, reflect), _at(columns, width, reflect)
    columns = np.where(table[:, MIRRORED, None] > 0, width - 1 - columns, columns)
    moved: np.ndarray = images[np.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None]]
    if not reflect:
        moved[~inside] = fill
    return moved


def _turned(images: np.ndarray, table: np.ndarray, fill: int, reflect: bool) -> np.ndarray:
    """Mirrored, turned counterclockwise and scaled about the middle, shifted: bilinear, in 1/1024 pixels."""
    count, height, width, _ = images.shape
    # half pixels from the middle, (N, H) and (N, W)
    down = 2 * (np.arange(height) - table[:, DOWN, None]) - (height - 1)
    right = 2 * (np.arange(width) - table[:, RIGHT, None]) - (width - 1)
    down, right = down[:, :, None], right[:, None]
    cosine, sine = table[:, COSINE, None, None], table[:, SINE, None, None]
    rows = cosine * down + sine * right + ((height - 1) << 15)  # (N, H, W), in 1/65536 pixels
    columns = cosine * right - sine * down + ((width - 1) << 15)
    rows, columns = (rows + 32) >> 6, (columns + 32) >> 6  # in 1/1024
    below, beside = ((part & 1023).astype(np.int32)[..., None] for part in (rows, columns))
    rows, columns = rows >> 10, columns >> 10
    mirrored, picture = table[:, MIRRORED, None, None] > 0, np.arange(count)[:, None, None]

    def corner(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        inside = _inside(rows, height) & _inside(columns, width)
        rows, columns = _at(rows, height, reflect), _at(columns, width, reflect)
        columns = np.where(mirrored, width - 1 - columns, columns)
        values: np.ndarray = images[picture, rows, columns].astype(np.int32)
        if not reflect:
            values[~inside] = fill
        return values

    upper = (1024 - beside) * corner(rows, columns) + beside * corner(rows, columns + 1)
    lower = (1024 - beside) * corner(rows + 1, columns) + beside * corner(rows + 1, columns + 1)
    turned: np.ndarray = ((1024 - below) * upper + below * lower + (1 << 19)) >> 20
    return turned.astype(np.uint8)


def _inside(positions: np.ndarray, size: int) -> np.ndarray:
    inside: np.ndarray = (positions >= 0) & (positions < size)
    return inside


def _at(positions: np.ndarray, size: int, reflect: bool) -> np.ndarray:
    """Positions that lie outside brought inside: to the edge, or folded back at the last pixel."""
    if not reflect or size == 1:
        return positions.clip(0, size - 1)
    period = 2 * (size - 1)
    folded: np.ndarray = np.minimum(positions % period, -positions % period)
    return folded
