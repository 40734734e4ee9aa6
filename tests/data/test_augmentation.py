"""Moved pictures: against numpy and scipy, in numpy and on the native engine, which sees the same pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from convscope import native
from convscope.data.augmentation import Augmentation
from convscope.graph import Builder, initial_weights
from convscope.lanes.network import Moves, Network, Pixels
from convscope.lanes.settings import OptimizerSettings

from ..conftest import needs_lanes

EVERYTHING = Augmentation(shift=3, flip=True, cutout=4, fill=7)


def expected(image: np.ndarray, row: np.ndarray, how: Augmentation) -> np.ndarray:
    """One picture (H, W, C) moved by one row of a table, channel by channel, with scipy and loops."""
    down, right, mirrored, top, left = (int(value) for value in row)
    moved = image[:, ::-1] if mirrored else image
    mode = "mirror" if how.crop else "constant"  # ndimage's word for reflection without the edge
    channels = [
        ndimage.shift(moved[:, :, c], (down, right), order=0, mode=mode, cval=how.fill)
        for c in range(image.shape[2])
    ]
    moved = np.stack(channels, axis=2)
    for i in range(top, top + how.cutout):
        for j in range(left, left + how.cutout):
            if 0 <= i < image.shape[0] and 0 <= j < image.shape[1]:
                moved[i, j] = how.fill
    return moved


def pictures(count: int, height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, height, width, channels)).astype(np.uint8)


def seen_by_lanes(images: np.ndarray, table: np.ndarray, how: Augmentation) -> np.ndarray:
    """The pixels that reach a network.

    One linear layer with weights 0 and two classes gives each class the probability 1/2, so the gradient
    of the first class's weights is -x/2 for a picture x of it.
    """
    _, height, width, channels = images.shape
    b = Builder("probe")
    graph = b.build(b.linear(b.flatten(b.input(channels, height, width)), 2))
    weights = {name: np.zeros_like(value) for name, value in initial_weights(graph).items()}
    settings = OptimizerSettings(optimizer="sgd")
    network = Network(graph, weights, training=True, threads=1, settings=settings)
    moves = Moves(table, hole=how.cutout, fill=how.fill, reflect=how.crop > 0)
    seen = []
    for position in range(len(images)):
        pixels = Pixels(images, np.ones(channels, np.float32))
        network.train(pixels, np.zeros(len(images), int), [np.array([position])], [0.0], moves=moves)
        gradient = network.named(network.native.gradients)["linear1.weight"][0]
        seen.append((-2 * gradient).reshape(channels, height, width).transpose(1, 2, 0))
    return np.array(seen)


@given(
    sizes=st.tuples(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3])),
    reflect=st.booleans(),
    cutout=st.integers(0, 5),
    numbers=st.lists(st.tuples(*[st.integers(-14, 14)] * 2, st.integers(0, 1), *[st.integers(-6, 14)] * 2)),
)
def test_pictures_move_as_scipy_moves_them(
    sizes: tuple[int, int, int], reflect: bool, cutout: int, numbers: list[tuple[int, ...]]
) -> None:
    table = np.array([(2, -1, 1, 0, 3), *numbers], dtype=np.int16)
    images = pictures(len(table), *sizes)
    how = Augmentation(crop=14, cutout=cutout) if reflect else Augmentation(shift=14, cutout=cutout, fill=9)
    found = how.move(images, table)
    assert found.dtype == np.uint8
    for image, row, moved in zip(images, table, found, strict=True):
        np.testing.assert_array_equal(moved, expected(image, row, how))
    if native.available():
        np.testing.assert_array_equal(seen_by_lanes(images, table, how), found)


def test_a_crop_is_a_window_of_the_reflected_picture() -> None:
    images = pictures(200, 9, 8, 3)
    how = Augmentation(crop=4)
    table = how.draw(200, 9, 8, seed=1, epoch=2)
    padded = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect")
    for image, (down, right, *_), moved in zip(padded, table, how.move(images, table), strict=True):
        np.testing.assert_array_equal(moved, image[4 - down : 13 - down, 4 - right : 12 - right])


def test_a_draw_depends_on_seed_epoch_and_position_alone() -> None:
    table = EVERYTHING.draw(1000, 28, 20, seed=5, epoch=3)
    np.testing.assert_array_equal(EVERYTHING.draw(10, 28, 20, seed=5, epoch=3), table[:10])
    np.testing.assert_array_equal(EVERYTHING.draw(1000, 28, 20, seed=5 + 2**64, epoch=3), table)
    for seed, epoch in ((5, 4), (6, 3), (3, 5)):
        other = EVERYTHING.draw(1000, 28, 20, seed=seed, epoch=epoch)
        assert 0.4 < (other[:, 2] != table[:, 2]).mean() < 0.6
    alone = Augmentation(shift=3).draw(1000, 28, 20, seed=5, epoch=3)  # each kind has its own numbers
    np.testing.assert_array_equal(alone[:, :2], table[:, :2])


def test_every_move_is_as_likely_as_another() -> None:
    count = 70_000
    table = EVERYTHING.draw(count, 28, 20, seed=0, epoch=1)
    for column, values in zip(
        table.T, (range(-3, 4), range(-3, 4), range(2), range(-2, 26), range(-2, 18)), strict=True
    ):
        found, counts = np.unique(column, return_counts=True)
        np.testing.assert_array_equal(found, values)
        share = count / len(values)
        assert (abs(counts - share) < 5 * np.sqrt(share)).all()
    assert abs(np.corrcoef(table.T.astype(float)) - np.eye(5)).max() < 0.02
    assert abs(np.corrcoef(table[:-1, 0], table[1:, 0])[0, 1]) < 0.02


def test_nothing_is_drawn_where_nothing_is_asked_for() -> None:
    assert not Augmentation(fill=9)
    assert not Augmentation().draw(5, 8, 8, seed=0, epoch=1).any()
    for how in (Augmentation(shift=1), Augmentation(crop=1), Augmentation(flip=True), Augmentation(cutout=1)):
        assert how
    images = pictures(5, 8, 8, 1)
    np.testing.assert_array_equal(Augmentation().move(images, np.zeros((5, 5), np.int16)), images)


def test_no_pictures_no_moves() -> None:
    table = EVERYTHING.draw(0, 8, 8, seed=0, epoch=1)
    assert table.shape == (0, 5)
    assert EVERYTHING.move(pictures(0, 8, 8, 3), table).shape == (0, 8, 8, 3)


@needs_lanes
def test_lanes_sees_what_is_drawn() -> None:
    images = pictures(40, 13, 10, 3)
    for how in (EVERYTHING, Augmentation(crop=5, flip=True, cutout=3)):
        table = how.draw(40, 13, 10, seed=2, epoch=1)
        np.testing.assert_array_equal(seen_by_lanes(images, table, how), how.move(images, table))
