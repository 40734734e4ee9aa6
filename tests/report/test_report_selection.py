"""Which records a page has, and the sheets that carry them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from convscope.report import Answer, room, select
from convscope.report.selection import MOST_RIGHT, SUREST
from convscope.report.sheets import ACROSS, DOWN, LARGEST, Sheets, make_sheets


def answers_of(records: np.ndarray) -> list[Answer]:
    return [Answer(record, f"{i}.png", "a", [("a", 1.0)], 1.0) for i, record in enumerate(records)]


def tiles(sheets: Sheets) -> list[np.ndarray]:
    """The tiles cut out again, by the rule that the page's script follows."""
    found = []
    for place in range(sheets.count):
        image = Image.open(io.BytesIO(sheets.files[place // (ACROSS * DOWN)]))
        within = place % (ACROSS * DOWN)
        x, y = within % ACROSS * sheets.pitch[0], within // ACROSS * sheets.pitch[1]
        found.append(np.asarray(image.crop((x, y, x + sheets.width, y + sheets.height))))
    return found


@given(
    seed=st.integers(0, 99), count=st.integers(1, 300), classes=st.integers(1, 6), most=st.integers(1, 400)
)
def test_every_cell_has_its_share(seed: int, count: int, classes: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(classes, 0.3), count)
    labels = rng.integers(0, classes, count)
    chosen = select(shares, labels, most)
    best, sure = shares.argmax(axis=1), shares.max(axis=1)
    wrong = best != labels
    assert len(chosen) == len(set(chosen.tolist())) <= most
    surest = np.sort(sure[wrong])[::-1][:SUREST]
    np.testing.assert_array_equal(sure[chosen[: len(surest)]], surest[: len(chosen)])
    if len(chosen) < most:  # all that there is
        kept = [min(MOST_RIGHT, int(np.sum(~wrong & (labels == k)))) for k in range(classes)]
        assert len(chosen) == wrong.sum() + sum(kept)
    held = np.isin(np.arange(count), chosen)
    for truth, said in {(int(a), int(b)) for a, b in zip(labels, best, strict=True)}:
        cell = (labels == truth) & (best == said)
        inside, outside = sure[cell & held], sure[cell & ~held]
        if len(inside) and len(outside):  # what is left out is less urgent than what is in
            assert inside.min() >= outside.max() if truth != said else inside.max() <= outside.min()


def test_probabilities_that_are_no_numbers_are_chosen_too() -> None:
    assert sorted(select(np.full((3, 2), np.nan), np.array([0, 1, 0]), 9).tolist()) == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 15, 16, 17, 256, 257, 600])
def test_grey_pictures_come_back_to_the_bit(count: int) -> None:
    records = np.random.default_rng(0).integers(0, 256, (count, 9, 7, 1), dtype=np.uint8)
    sheets = make_sheets(answers_of(records))
    assert sheets.count == count
    assert len(sheets.files) == -(-count // 256)
    np.testing.assert_array_equal(np.stack(tiles(sheets)), records[..., 0])


def test_colour_pictures_have_nothing_of_their_neighbours() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (40, 1, 1, 3), dtype=np.uint8)
    sheets = make_sheets(answers_of(np.broadcast_to(levels, (40, 30, 21, 3))))
    assert sheets.pitch == (24, 32)
    np.testing.assert_allclose(np.stack(tiles(sheets)), np.broadcast_to(levels, (40, 30, 21, 3)), atol=6)


@pytest.mark.parametrize(("count", "side"), [(10, LARGEST), (500, 89), (5000, 64)])
def test_large_pictures_are_as_large_as_there_is_room(count: int, side: int) -> None:
    photo = np.zeros((200, 200, 3), np.uint8)
    sheets = make_sheets(answers_of(np.broadcast_to(photo, (count, *photo.shape))))
    assert (sheets.width, sheets.height) == (side, side)
    assert room(photo) == 4_000_000 // 64**2


def test_sheets_stay_below_their_limit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4800, 28, 28, 1), dtype=np.uint8)
    sheets = make_sheets(answers_of(noise))
    assert sum(map(len, sheets.files)) <= 2_600_000
    assert 3000 < sheets.count < 4800


def test_signals_are_drawn() -> None:
    waves = np.sin(np.linspace(0, 9, 300, dtype=np.float32)).reshape(3, 1, 100)
    sheets = make_sheets(answers_of(waves))
    assert (sheets.width, sheets.height, sheets.count) == (112, 56, 3)
    assert all(len(np.unique(tile)) > 2 for tile in tiles(sheets))
    assert room(waves[0]) == 300


def test_pictures_of_several_sizes_share_a_sheet() -> None:
    large, small = np.full((64, 64), 200, np.uint8), np.full((8, 8, 3), 100, np.uint8)
    sheets = make_sheets([*answers_of(large[None]), *answers_of(small[None])])
    first, second = tiles(sheets)
    assert first.shape == second.shape == (64, 64, 3)
    np.testing.assert_allclose(first, 200, atol=3)
    np.testing.assert_allclose(second, 100, atol=3)
