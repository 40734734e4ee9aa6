"""Pairs of pictures that are the same or nearly: moved by a pixel, stored again, brightened, mirrored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .neighbours import Told, nearest
from .thumbnails import thumbnails, unit_rows

SIDE = 96  # of the thumbnails that are compared; larger pictures are made smaller, and blurred
TINY = 16  # a side below which a pixel is much of a picture
FREQUENCIES = 8  # of the spectrum, along each axis
CANDIDATES = 5  # neighbours of each picture that are looked at
ALIKE = 0.2  # distance of two spectra above which no pair is looked at
NOISE = 2.0  # a deviation of pixels that is no picture
USUAL = 500  # pictures that the threshold is measured on
SHARE, LEAST, MOST = 1 / 9, 0.0075, 0.03  # the threshold: of the usual difference, and its bounds
_BLOCK = 512  # pairs or pictures at a time


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Pairs of positions (P, 2), the lower first; the most alike pair first.

    `alike` (P,) is the correlation of the two, 1 where their pixels are the same; all are above
    1 - `threshold`.
    """

    pairs: np.ndarray
    alike: np.ndarray
    threshold: float


def duplicates(images: np.ndarray, *, mirrored: bool = False, told: Told | None = None) -> Duplicates:
    """Find pairs among pictures uint8 (N, H, W, C); `mirrored` ones too. Of signals only the very same.

    Each picture is compared with those whose spectrum is nearest, because the magnitudes of the Fourier
    transform do not change where a picture is moved. The difference of a pair is 1 - r, with the highest
    correlation r of grey thumbnails moved by up to two pixels (one below 16×16). A pair is nearly the same
    where that is below a ninth of the usual difference of a picture to the one most like it (the median),
    within 0.0075 and 0.03: digits that resemble each other are no copies.

    >>> picture = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 1)).astype(np.uint8)
    >>> picture[7, 1:] = picture[3, :-1]
    >>> duplicates(picture).pairs
    array([[3, 7]])
    """
    same = _the_same(images)
    found, alike, threshold = same, np.ones(len(same)), 0.0
    if images.dtype == np.uint8 and len(images) > 2:
        near, near_alike, threshold = _nearly(images, mirrored, told)
        known = set(map(tuple, same.tolist()))
        new = np.array([tuple(pair) not in known for pair in near.tolist()], bool)
        found, alike = np.concatenate([same, near[new]]), np.concatenate([alike, near_alike[new]])
    order = np.argsort(-alike, kind="stable")
    return Duplicates(found[order], alike[order], threshold)


def _the_same(images: np.ndarray) -> np.ndarray:
    """Pairs of equal pixels: each picture with the first of its group, and with the one before it."""
    groups: dict[bytes, list[int]] = {}
    for position, image in enumerate(images):
        digest = hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest()
        groups.setdefault(digest, []).append(position)
    pairs = [
        pair
        for group in groups.values()
        for number, position in enumerate(group[1:], start=1)
        for pair in {(group[0], position), (group[number - 1], position)}
    ]
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _nearly(images: np.ndarray, mirrored: bool, told: Told | None) -> tuple[np.ndarray, np.ndarray, float]:
    small = _small(images)
    reach = 1 if min(small.shape[1:]) < TINY else 2
    neighbours, apart = _candidates(small, told)
    threshold = _threshold(small, neighbours, np.isfinite(apart), reach, mirrored)
    pairs = np.unique(np.sort(_pairs(neighbours, apart < ALIKE), axis=1), axis=0)
    alike = _correlations(small, pairs, reach, mirrored)
    close = alike > 1 - threshold
    return pairs[close], alike[close], threshold


def _small(images: np.ndarray) -> np.ndarray:
    """Grey bytes (N, h, w). Blurred where several pixels became one, of which a move may be a fraction."""
    from scipy.ndimage import gaussian_filter

    shrunk, parts = max(images.shape[1:3]) > SIDE, []
    for start in range(0, len(images), _BLOCK):
        part = thumbnails(images[start : start + _BLOCK], SIDE)
        part = gaussian_filter(part, (0, 1.5, 1.5)) if shrunk else part
        parts.append(part.round().astype(np.uint8))
    return np.concatenate(parts)


def _threshold(
    small: np.ndarray, neighbours: np.ndarray, others: np.ndarray, reach: int, mirrored: bool
) -> float:
    """A share of the usual difference of a picture to the one most like it: the median over some."""
    some = np.arange(0, len(small), max(1, len(small) // USUAL))
    pairs = _pairs(neighbours[some], others[some], some)
    most_alike = np.full(len(small), -1.0)
    np.maximum.at(most_alike, pairs[:, 0], _correlations(small, pairs, reach, mirrored))
    return float(np.clip(SHARE * (1 - np.median(most_alike[some])), LEAST, MOST))


def _pairs(neighbours: np.ndarray, chosen: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
    """Pictures, all unless `own` says which, with the chosen ones of their neighbours: (P, 2)."""
    own = np.arange(len(neighbours)) if own is None else own
    rows, columns = np.nonzero(chosen)
    return np.stack([own[rows], neighbours[rows, columns]], axis=1)


def _candidates(small: np.ndarray, told: Told | None) -> tuple[np.ndarray, np.ndarray]:
    """The nearest of each thumbnail but itself, positions and distances (N, candidates)."""
    searches = list(_searches(small))
    found = []
    for number, (queries, among) in enumerate(searches):

        def heard(done: int, whole: int, number: int = number) -> None:
            if told is not None:
                told(number * whole + done, len(searches) * whole)

        distances, positions = nearest(queries, among, CANDIDATES + 1, heard)
        distances[positions == np.arange(len(small))[:, None]] = np.inf
        found.append((positions, distances))
    return np.concatenate([p for p, _ in found], axis=1), np.concatenate([d for _, d in found], axis=1)


def _searches(small: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What is compared with what: spectra; of tiny pictures also the parts that stay when they are moved."""
    spectra = np.concatenate(
        [_spectra(small[start : start + _BLOCK]) for start in range(0, len(small), _BLOCK)]
    )
    yield spectra, spectra
    height, width = small.shape[1:]
    if min(height, width) < TINY and min(height, width) > 2:
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            left, stays = max(0, right), width - abs(right)
            moved = small[:, down:, left : left + stays]
            left = max(0, -right)
            yield unit_rows(moved), unit_rows(small[:, : height - down, left : left + stays])


def _spectra(small: np.ndarray) -> np.ndarray:
    """Magnitudes at low frequencies, alike for a picture and its mirror image; rows of length 1."""
    height, width = small.shape[1:]
    centred = small - small.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    whole = np.abs(np.fft.rfft2(centred, s=(2 * height, 2 * width)))
    down, right = min(FREQUENCIES, height - 1), min(FREQUENCIES, width - 1)
    low = whole[:, : down + 1, : right + 1] + whole[:, -np.arange(down + 1), : right + 1]
    rows = low.reshape(len(low), -1).astype(np.float32)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows


def _correlations(small: np.ndarray, pairs: np.ndarray, reach: int, mirrored: bool) -> np.ndarray:
    """The highest correlation of each pair over small moves, float64 (P,)."""
    best = np.full(len(pairs), -1.0)
    for start in range(0, len(pairs), _BLOCK):
        block = pairs[start : start + _BLOCK]
        first, second = small[block[:, 0]], small[block[:, 1]]
        here = _over_moves(first, second, reach)
        if mirrored:
            here = np.maximum(here, _over_moves(first, second[:, :, ::-1], reach))
        best[start : start + _BLOCK] = here
    return best


def _over_moves(first: np.ndarray, second: np.ndarray, reach: int) -> np.ndarray:
    height, width = first.shape[1:]
    best = np.full(len(first), -1.0)
    down_most, right_most = min(reach, (height - 1) // 2), min(reach, (width - 1) // 2)
    for down in range(-down_most, down_most + 1):
        rows = slice(max(0, down), height + min(0, down))
        rows_there = slice(max(0, -down), height + min(0, -down))
        for right in range(-right_most, right_most + 1):
            columns = slice(max(0, right), width + min(0, right))
            columns_there = slice(max(0, -right), width + min(0, -right))
            a = unit_rows(first[:, rows, columns], floor=NOISE)
            b = unit_rows(second[:, rows_there, columns_there], floor=NOISE)
            best = np.maximum(best, np.einsum("nf,nf->n", a, b))
    return best
