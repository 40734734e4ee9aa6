"""Moved pictures against SciPy, NumPy and Pillow; the native engine sees the same pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance
from scipy import ndimage

from convscope import native
from convscope.data import moving
from convscope.data.augmentation import Augmentation
from convscope.data.moving import (
    DOWN,
    MIRRORED,
    PARTNER,
    RIGHT,
    SHARE,
    SINE,
    UNCHANGED,
    UNTURNED,
    WHOLE,
    changed,
    mixed,
)
from convscope.graph import Builder, initial_weights
from convscope.lanes.network import Moves, Network, Pixels
from convscope.lanes.settings import OptimizerSettings

from ..conftest import needs_lanes

INSTRUCTION_SETS = native.module().instruction_sets() if native.available() else []


def pictures(count: int, height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, height, width, channels)).astype(np.uint8)


def rows_of(count: int = 1, **columns: object) -> np.ndarray:
    """A table that changes nothing but these columns."""
    table = np.tile(np.array(UNCHANGED, dtype=np.int32), (count, 1))
    for name, value in columns.items():
        table[:, getattr(moving, name.upper())] = value
    return table


def seen_by_lanes(
    images: np.ndarray,
    table: np.ndarray,
    *,
    hole: int = 0,
    fill: int = 0,
    reflect: bool = False,
    instruction_set: str = "",
) -> np.ndarray:
    """The pixels that reach a network.

    One linear layer with weights 0 and two classes gives each class the probability 1/2, so the gradient
    of the first class's weights is -x/2 for a picture x of it.
    """
    _, height, width, channels = images.shape
    b = Builder("probe")
    graph = b.build(b.linear(b.flatten(b.input(channels, height, width)), 2))
    weights = {name: np.zeros_like(value) for name, value in initial_weights(graph).items()}
    network = Network(
        graph,
        weights,
        training=True,
        threads=1,
        settings=OptimizerSettings(optimizer="sgd"),
        instruction_set=instruction_set,
    )
    moves = Moves(table, hole=hole, fill=fill, reflect=reflect)
    seen = []
    for position in range(len(images)):
        pixels = Pixels(images, np.ones(channels, np.float32))
        network.train(pixels, np.zeros(len(images), int), [np.array([position])], [0.0], moves=moves)
        gradient = network.named(network.native.gradients)["linear1.weight"][0]
        seen.append((-2 * gradient).reshape(channels, height, width).transpose(1, 2, 0))
    return np.array(seen)


def shifted_by_scipy(image: np.ndarray, row: np.ndarray, hole: int, fill: int, reflect: bool) -> np.ndarray:
    """One picture (H, W, C) moved by one row of a table, channel by channel, with SciPy and loops."""
    down, right, mirrored, top, left = (int(value) for value in row[:5])
    moved = image[:, ::-1] if mirrored else image
    mode = "mirror" if reflect else "constant"  # ndimage's word for reflection without the edge
    channels = [
        ndimage.shift(moved[:, :, c], (down, right), order=0, mode=mode, cval=fill)
        for c in range(image.shape[2])
    ]
    moved = np.stack(channels, axis=2)
    for i in range(top, top + hole):
        for j in range(left, left + hole):
            if 0 <= i < image.shape[0] and 0 <= j < image.shape[1]:
                moved[i, j] = fill
    return moved


def turned_by_scipy(
    image: np.ndarray, row: np.ndarray, fill: int, reflect: bool, *, degrees: float, scale: float
) -> np.ndarray:
    """float64: mirrored, turned counterclockwise and scaled about the middle, then shifted; bilinear."""
    height, width, channels = image.shape
    moved = (image[:, ::-1] if row[MIRRORED] else image).astype(np.float64)
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    offset = middle - matrix @ (middle + row[[DOWN, RIGHT]])
    mode = "mirror" if reflect else "grid-constant"
    return np.stack(
        [
            ndimage.affine_transform(moved[:, :, c], matrix, offset, order=1, mode=mode, cval=fill)
            for c in range(channels)
        ],
        axis=2,
    )


@given(
    sizes=st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3])),
    reflect=st.booleans(),
    hole=st.integers(0, 5),
    numbers=st.lists(st.tuples(*[st.integers(-14, 14)] * 2, st.integers(0, 1), *[st.integers(-6, 14)] * 2)),
)
def test_pictures_shift_as_scipy_shifts_them(
    sizes: tuple[int, int, int], reflect: bool, hole: int, numbers: list[tuple[int, ...]]
) -> None:
    table = rows_of(1 + len(numbers))
    table[:, :5] = [(2, -1, 1, 0, 3), *numbers]
    images = pictures(len(table), *sizes)
    border = {"hole": hole, "fill": 0 if reflect else 9, "reflect": reflect}
    found = changed(images, table, **border)
    assert found.dtype == np.uint8
    for image, row, moved in zip(images, table, found, strict=True):
        np.testing.assert_array_equal(moved, shifted_by_scipy(image, row, **border))
    if native.available():
        np.testing.assert_array_equal(seen_by_lanes(images, table, **border), found)


@given(
    sizes=st.tuples(st.integers(2, 12), st.integers(2, 12), st.sampled_from([1, 3])),
    reflect=st.booleans(),
    degrees=st.floats(-180, 180),
    scale=st.floats(0.1, 1.9),
    shift=st.tuples(st.integers(-4, 4), st.integers(-4, 4)),
    mirrored=st.integers(0, 1),
    fill=st.sampled_from([0, 200]),
)
def test_pictures_turn_as_scipy_turns_them(
    sizes: tuple[int, int, int],
    reflect: bool,
    degrees: float,
    scale: float,
    shift: tuple[int, int],
    mirrored: int,
    fill: int,
) -> None:
    """Within 3/4 of a level and a bit: 1/2 is rounding, 1/8 along each axis is half of 1/1024 pixel."""
    images = pictures(1, *sizes)
    angle, zoom = np.radians(degrees), UNTURNED / scale
    row = rows_of(
        cosine=np.rint(np.cos(angle) * zoom),
        sine=np.rint(np.sin(angle) * zoom),
        down=shift[0],
        right=shift[1],
        mirrored=mirrored,
    )
    found = changed(images, row, fill=fill, reflect=reflect)
    expected = turned_by_scipy(images[0], row[0], fill, reflect, degrees=degrees, scale=scale)
    assert abs(found[0] - expected).max() <= 0.8
    if native.available():
        np.testing.assert_array_equal(seen_by_lanes(images, row, fill=fill, reflect=reflect), found)


def test_quarter_turns_and_the_natural_size_are_exact() -> None:
    images = pictures(1, 9, 9, 3)
    for quarters, (cosine, sine) in enumerate(((1, 0), (0, 1), (-1, 0), (0, -1))):
        row = rows_of(cosine=cosine * UNTURNED, sine=sine * UNTURNED)
        np.testing.assert_array_equal(changed(images, row)[0], np.rot90(images[0], quarters))
        pillow = Image.fromarray(images[0]).rotate(90 * quarters)  # counterclockwise too
        np.testing.assert_array_equal(changed(images, row)[0], np.asarray(pillow))
    images = pictures(20, 8, 11, 1)  # a turn by nothing, in company that turns, is the shift by whole pixels
    table = rows_of(20, down=2, right=-3, mirrored=np.arange(20) % 2)
    shifted = changed(images, table, fill=5)
    table[::2, SINE] = 1000
    np.testing.assert_array_equal(changed(images, table, fill=5)[1::2], shifted[1::2])


def test_a_crop_is_a_window_of_the_reflected_picture() -> None:
    images = pictures(200, 9, 8, 3)
    how = Augmentation(crop=4)
    table = how.draw(200, 9, 8, seed=1, epoch=2)
    padded = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect")
    found = how.apply(images, table, np.arange(200))
    for image, (down, right), moved in zip(padded, table[:, :2], found, strict=True):
        np.testing.assert_array_equal(moved, image[4 - down : 13 - down, 4 - right : 12 - right])


@given(
    channels=st.sampled_from([1, 3]),
    brightness=st.floats(0, 2),
    contrast=st.floats(0, 2),
    dark=st.sampled_from([1, 4]),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_brightness_and_contrast_are_pillows(
    channels: int, brightness: float, contrast: float, dark: int, size: tuple[int, int]
) -> None:
    """Each within one level of Pillow's, which cuts off where we round."""
    images = pictures(1, *size, channels) // dark
    image = Image.fromarray(images[0] if channels == 3 else images[0, :, :, 0])
    for enhance, name, factor in (
        (ImageEnhance.Brightness, "brightness", brightness),
        (ImageEnhance.Contrast, "contrast", contrast),
    ):
        expected = np.asarray(enhance(image).enhance(factor)).reshape(images.shape[1:])
        found = changed(images, rows_of(**{name: np.rint(factor * WHOLE)}))[0]
        assert abs(found.astype(int) - expected).max() <= 1
    both = rows_of(brightness=np.rint(brightness * WHOLE), contrast=np.rint(contrast * WHOLE))
    one = changed(images, rows_of(brightness=np.rint(brightness * WHOLE)))
    then = changed(one, rows_of(contrast=np.rint(contrast * WHOLE)))
    np.testing.assert_array_equal(changed(images, both), then)  # in this order
    if native.available():
        np.testing.assert_array_equal(seen_by_lanes(images, both), then)


def test_tones_leave_border_and_hole_alone() -> None:
    row = rows_of(brightness=WHOLE // 2, down=2)
    found = changed(np.full((1, 6, 6, 1), 100, np.uint8), row, fill=200, hole=1)
    assert found[0, :, :, 0].tolist() == [[200] * 6] * 2 + [[50] * 6] * 4


@given(shares=st.lists(st.integers(0, WHOLE), min_size=1, max_size=20))
def test_a_mix_is_rounded_once(shares: list[int]) -> None:
    first, second = pictures(2 * len(shares), 5, 4, 3).reshape(2, len(shares), 5, 4, 3)
    weight = np.array(shares)[:, None, None, None] / WHOLE
    expected = np.floor(weight * first + (1 - weight) * second + 0.5)
    np.testing.assert_array_equal(mixed(first, second, np.array(shares)), expected)


def test_each_picture_is_mixed_with_its_moved_partner() -> None:
    images, how = pictures(40, 9, 8, 3), Augmentation(shift=2, flip=True, rotate=15, mixup=1.0)
    table = how.draw(40, 9, 8, seed=2, epoch=1)
    alone = changed(images, table)
    for position, found in enumerate(how.apply(images, table, np.arange(40))):
        share, partner = table[position, SHARE] / WHOLE, table[position, PARTNER]
        expected = np.floor(share * alone[position] + (1 - share) * alone[partner] + 0.5)
        np.testing.assert_array_equal(found, expected)


def test_no_pictures_no_moves() -> None:
    how = Augmentation(shift=3, rotate=10, contrast=0.1, cutout=2, mixup=0.2)
    table = how.draw(0, 8, 8, seed=0, epoch=1)
    assert how.apply(pictures(0, 8, 8, 3), table, np.arange(0)).shape == (0, 8, 8, 3)


@needs_lanes
@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
@pytest.mark.parametrize(
    "how",
    [
        Augmentation(shift=3, flip=True, cutout=4, fill=7),
        Augmentation(crop=5, flip=True, cutout=3),
        Augmentation(rotate=30, scale=0.3, shift=2, fill=9),
        Augmentation(rotate=180, scale=0.9, crop=3, flip=True, cutout=3, brightness=1, contrast=1, mixup=0.3),
        Augmentation(mixup=1.0),
    ],
)
@pytest.mark.parametrize("size", [(13, 10, 3), (8, 8, 1), (1, 7, 1)])
def test_lanes_sees_what_is_drawn(
    how: Augmentation, size: tuple[int, int, int], instruction_set: str
) -> None:
    images = pictures(40, *size)
    table = how.draw(40, *size[:2], seed=2, epoch=1)
    border = {"hole": how.cutout, "fill": how.fill, "reflect": how.crop > 0}
    seen = seen_by_lanes(images, table, **border, instruction_set=instruction_set)
    np.testing.assert_array_equal(seen, how.apply(images, table, np.arange(40)))
