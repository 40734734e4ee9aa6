"""Changes of pictures, against SciPy, Pillow and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy import ndimage

from convscope.look.breaking.changes import CHANGES, DIRECTIONS, Outside, shifted

BLACK = Outside(0, reflect=False)
BY_NAME = {change.name: change for change in CHANGES}


def photo(seed: int = 0, *, channels: int = 1, side: int = 28) -> np.ndarray:
    """Smooth noise, uint8 (1, side, side, channels)."""
    noise = np.random.default_rng(seed).normal(size=(side, side, channels))
    smooth = ndimage.gaussian_filter(noise, (2, 2, 0))
    smooth -= smooth.min()
    return np.rint(255 * smooth / smooth.max()).astype(np.uint8)[None]


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_change_gives_pictures_by_the_seed_alone(name: str, channels: int) -> None:
    images = np.concatenate([photo(seed, channels=channels) for seed in range(6)])
    before = images.copy()
    change = BY_NAME[name]
    for level in change.levels_for(images):
        first, again = (change.apply(images, level, 5, Outside.of(images)) for _ in range(2))
        assert first.dtype == np.uint8
        assert first.shape == images.shape
        assert (first != images).any()
        np.testing.assert_array_equal(first, again)
        half = change.apply(images[:3], level, 5, Outside.of(images))
        np.testing.assert_array_equal(first[:3], half)  # what a picture becomes depends on its own position
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("level", [1, 4])
def test_shift_is_scipys(level: int) -> None:
    images = photo().repeat(40, axis=0)
    changed = BY_NAME["shift"].apply(images, level, 0, BLACK)
    expected = [ndimage.shift(images[0, :, :, 0], level * d, order=0) for d in DIRECTIONS]
    found = [next((i for i, e in enumerate(expected) if (e == one[:, :, 0]).all()), None) for one in changed]
    assert set(found) == set(range(8))  # each is one of the eight, and all come


def test_rotation_is_scipys() -> None:
    images = photo().repeat(12, axis=0)
    changed = BY_NAME["rotation"].apply(images, 30, 0, BLACK).astype(float)[..., 0]
    ways = [
        ndimage.rotate(images[0, :, :, 0].astype(float), angle, reshape=False, order=1, mode="constant")
        for angle in (30, -30)
    ]
    inner = (slice(4, -4), slice(4, -4))  # at the border ndimage interpolates with nothing, we with black
    apart = np.array([[np.abs(one - way)[inner].max() for way in ways] for one in changed])
    assert (apart.min(axis=1) < 1.5).all()
    assert set(apart.argmin(axis=1)) == {0, 1}


@pytest.mark.parametrize(("name", "factor"), [("smaller", 0.7), ("larger", 1.3)])
def test_scale_is_scipys(name: str, factor: float) -> None:
    images = photo()
    changed = BY_NAME[name].apply(images, 30, 0, BLACK)[0, :, :, 0].astype(float)
    middle = (images.shape[1] - 1) / 2
    offset = middle - middle / factor
    expected = ndimage.affine_transform(images[0, :, :, 0].astype(float), np.eye(2) / factor, offset, order=1)
    inner = (slice(6, -6), slice(6, -6))
    assert np.abs(changed - expected)[inner].max() < 1.5


def test_noise_has_its_deviation() -> None:
    grey = np.full((20, 28, 28, 1), 128, np.uint8)
    noisy = [BY_NAME["noise"].apply(grey, level, 3, BLACK).astype(float) - 128 for level in (8, 32)]
    for level, difference in zip((8, 32), noisy, strict=True):
        assert difference.std() == pytest.approx(level, rel=0.03)
        assert abs(difference.mean()) < 0.02 * level
    assert np.corrcoef(noisy[0].ravel(), noisy[1].ravel())[0, 1] > 0.99  # the same draw
    assert abs(np.corrcoef(noisy[0][0].ravel(), noisy[0][1].ravel())[0, 1]) < 0.15  # each picture its own


def test_blur_is_a_gaussian() -> None:
    point = np.zeros((1, 29, 29, 3), np.uint8)
    point[0, 14, 14] = 255
    changed = BY_NAME["blur"].apply(point, 1.5, 0, BLACK)[0, :, :, 1].astype(float)
    rows = np.arange(29) - 14
    bell = np.exp(-(rows**2) / (2 * 1.5**2))
    bell /= bell.sum()
    assert np.abs(changed - 255 * np.outer(bell, bell)).max() < 0.6


def test_contrast_is_pillows() -> None:
    images = photo(channels=3)
    changed = BY_NAME["contrast"].apply(images, 75, 0, BLACK)[0].astype(int)
    expected = np.asarray(ImageEnhance.Contrast(Image.fromarray(images[0])).enhance(0.25)).astype(int)
    assert np.abs(changed - expected).max() <= 1


def test_inversion_and_back() -> None:
    images = photo()
    inverted = BY_NAME["inversion"].apply(images, 1, 0, BLACK)
    np.testing.assert_array_equal(inverted, ~images)


def test_what_lies_outside() -> None:
    paper = np.full((3, 9, 9, 1), 250, np.uint8)
    paper[:, 3:6, 3:6] = 7
    assert Outside.of(paper) == Outside(250, reflect=False)
    assert (shifted(paper, 4, 0, Outside.of(paper))[:, :4] == 250).all()
    assert Outside.of(photo()).reflect
    moved = shifted(photo(), 0, 3, Outside.of(photo()))[0, :, :, 0]
    np.testing.assert_array_equal(moved, np.pad(photo()[0, :, :-3, 0], ((0, 0), (3, 0)), mode="reflect"))


@pytest.mark.parametrize(("side", "shift"), [(28, (1, 2, 3, 4, 6)), (8, (1, 2)), (56, (2, 4, 6, 8, 12))])
def test_lengths_grow_with_the_picture(side: int, shift: tuple[float, ...]) -> None:
    assert BY_NAME["shift"].levels_for(photo(side=side)) == shift
    assert BY_NAME["blur"].levels_for(photo(side=side))[0] == round(0.5 * side / 28, 2)
    assert BY_NAME["rotation"].levels_for(photo(side=side)) == BY_NAME["rotation"].levels
