"""Planted copies are found, and pictures that only resemble each other are not."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_digits, load_sample_image

from convscope.look import duplicates
from convscope.look.suspicion.thumbnails import thumbnails, unit_rows

Change = Callable[[np.ndarray], np.ndarray]


def digits() -> np.ndarray:
    """uint8 (1797, 8, 8, 1)"""
    return np.round(load_digits().images * 15.9375).astype(np.uint8)[..., None]


def photos(side: int) -> np.ndarray:
    """Squares of two photos that do not overlap, with something in them."""
    squares = []
    for name in ("china.jpg", "flower.jpg"):
        picture = Image.fromarray(load_sample_image(name))
        boxes = [(x, y, x + 80, y + 80) for y in range(0, 340, 80) for x in range(0, 560, 80)]
        squares += [np.asarray(picture.crop(box).resize((side, side), 2)) for box in boxes]
    return np.stack([square for square in squares if square.std() > 30])


def moved(picture: np.ndarray) -> np.ndarray:
    return np.pad(picture, ((1, 0), (1, 0), (0, 0)), mode="edge")[:-1, :-1]


def stored_again(picture: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture.squeeze()).save(file, "JPEG", quality=75)
    return np.asarray(Image.open(file)).reshape(picture.shape)


def brightened(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture * 1.12 + 6, 0, 255).astype(np.uint8)


CHANGES: dict[str, Change] = {
    "the same": np.copy,
    "moved": moved,
    "stored again": stored_again,
    "brightened": brightened,
}


@pytest.mark.parametrize("change", CHANGES)
def test_planted_copies_of_digits_are_found(change: str) -> None:
    pictures = digits()
    assert len(duplicates(pictures).pairs) <= 2  # digits that only resemble each other
    planted = np.arange(0, 1797, 60)
    copies = np.stack([CHANGES[change](pictures[i]) for i in planted])
    found = duplicates(np.concatenate([pictures, copies]))
    pairs = set(map(tuple, found.pairs.tolist()))
    wanted = {(int(i), 1797 + k) for k, i in enumerate(planted)}
    assert len(pairs & wanted) >= 0.96 * len(wanted)
    assert len(pairs - wanted) <= 4
    if change == "the same":
        assert wanted <= pairs
        assert (found.alike[[tuple(p) in wanted for p in found.pairs.tolist()]] == 1).all()


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("change", [*CHANGES, "mirrored"])
def test_planted_copies_of_photos_are_found(change: str, side: int) -> None:
    pictures = photos(side)
    varied = np.arange(0, len(pictures), 5)
    how = CHANGES.get(change, lambda picture: picture[:, ::-1])
    copies = np.stack([how(pictures[i]) for i in varied])
    before = set(map(tuple, duplicates(pictures, mirrored=True).pairs.tolist()))
    found = duplicates(np.concatenate([pictures, copies]), mirrored=True)
    pairs = set(map(tuple, found.pairs.tolist()))
    wanted = {(int(i), len(pictures) + k) for k, i in enumerate(varied)}
    # a JPEG of few pixels loses fine texture, a roof of tiles say, so that some are not seen as copies
    assert len(pairs & wanted) >= (0.6 if change == "stored again" else 0.9) * len(wanted)
    assert not before
    if change == "mirrored":
        unmirrored = duplicates(np.concatenate([pictures, copies]))
        assert not set(map(tuple, unmirrored.pairs.tolist())) & wanted


def test_alike_is_the_best_correlation_over_moves() -> None:
    random = np.random.default_rng(3)
    picture = np.zeros((20, 20), np.uint8)
    picture[4:16, 4:16] = gaussian_filter(random.uniform(0, 255, (12, 12)), 1)
    other = (np.roll(picture, 2, 0) * 0.95 + random.uniform(0, 5, (20, 20))).astype(np.uint8)
    rest = random.integers(0, 256, (30, 20, 20)).astype(np.uint8)
    found = duplicates(np.concatenate([[picture, other], rest])[..., None])
    assert found.pairs.tolist() == [[0, 1]]
    expected = np.corrcoef(picture[:-2].ravel(), other[2:].ravel())[0, 1]
    assert found.alike[0] == pytest.approx(expected, abs=0.002)  # less what noise is allowed for


def test_equal_pictures_are_linked_however_many_and_flat_ones_only_to_equal_ones() -> None:
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (40, 12, 12, 3)).astype(np.uint8)
    pictures[[3, 9, 30]] = pictures[5]
    pictures[[7, 11]], pictures[12] = 90, 91
    pairs = set(map(tuple, duplicates(pictures).pairs.tolist()))
    assert set(map(frozenset, pairs)) >= {frozenset(p) for p in ((3, 5), (5, 9), (9, 30))}
    assert {frozenset(p) for p in pairs} <= {
        *(frozenset(p) for p in combinations((3, 5, 9, 30), 2)),
        frozenset((7, 11)),
    }


def test_of_signals_the_very_same() -> None:
    signals = np.random.default_rng(0).normal(size=(9, 2, 50)).astype(np.float32)
    signals[8] = signals[2]
    signals[7] = signals[1] + 1e-6
    assert duplicates(signals).pairs.tolist() == [[2, 8]]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_pictures(count: int) -> None:
    assert duplicates(np.zeros((count, 5, 4, 1), np.uint8)).pairs.shape == (max(0, (count - 1) * 3 // 2), 2)


@pytest.mark.parametrize(("side", "size"), [((64, 40), (32, 20)), ((28, 28), (28, 28)), ((3, 90), (1, 30))])
def test_thumbnails_are_means_of_blocks(side: tuple[int, int], size: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *side, 3)).astype(np.uint8)
    small = thumbnails(images, 32)
    factor = side[1] // size[1]
    expected = np.stack(
        [Image.fromarray(image).convert("RGB").reduce(factor) for image in images]  # Pillow's own
    ).mean(axis=3)
    assert small.shape == (3, *size)
    np.testing.assert_allclose(small, expected, atol=0.51)


def test_rows_do_not_change_with_light() -> None:
    small = np.random.default_rng(0).uniform(0, 100, (4, 6, 6))
    np.testing.assert_allclose(unit_rows(small), unit_rows(2 * small + 7), atol=1e-6)
    np.testing.assert_allclose(
        unit_rows(small) @ unit_rows(small).T, np.corrcoef(small.reshape(4, -1)), atol=1e-6
    )
    assert not unit_rows(np.full((1, 6, 6), 50)).any()
