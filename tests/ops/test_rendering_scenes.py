"""What a scene shows of a step, against NumPy's own padding and the step's numbers."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope import ops
from convscope.errors import ShapeError, UsageError
from convscope.ops.looking import Walk
from convscope.ops.rendering.scene import BEYOND, EMPTY, MARKED, WINNER, Grid, Photo, Scene
from convscope.ops.rendering.story import MOST_CHANNELS, MOST_MAPS, Story

MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
PICTURE = np.arange(30).reshape(5, 6)


def scene_of(steps: Any, index: int | tuple[int, ...]) -> Scene:
    return Story(steps).scene(index)


def grid(panel: Any) -> Grid:
    assert isinstance(panel, Grid)
    return panel


def of_step(marks: np.ndarray, flag: int) -> np.ndarray:
    return (marks & flag) > 0


@given(
    border=st.sampled_from(list(MODES)),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
    number=st.integers(0, 100),
    flip=st.booleans(),
)
def test_small_picture_is_shown_with_its_padding_and_window(
    border: str, stride: int, dilation: int, padding: int, number: int, flip: bool
) -> None:
    kernel = np.array([[1, -2, 0], [3, 0, 1]])
    steps = ops.steps(
        PICTURE, kernel, flip=flip, padding=padding, stride=stride, dilation=dilation, border=border
    )
    number %= len(steps)
    step = steps[number]
    scene = scene_of(steps, number)
    shown, taps, products = map(grid, scene.rows[0])
    np.testing.assert_array_equal(shown.numbers, np.pad(PICTURE, padding, MODES[border]))  # type: ignore[call-overload]
    inside = np.pad(np.ones(PICTURE.shape, bool), padding)
    np.testing.assert_array_equal(of_step(shown.marks, BEYOND), ~inside)
    np.testing.assert_array_equal(shown.numbers[of_step(shown.marks, MARKED)], step.window.ravel())
    np.testing.assert_array_equal(taps.numbers, kernel[::-1, ::-1] if flip else kernel)
    assert products.numbers.sum() == step.result
    output = grid(scene.outputs[0])
    assert output.numbers[of_step(output.marks, MARKED)].tolist() == [step.result]
    assert of_step(output.marks, EMPTY).sum() == len(steps) - number - 1


def test_signal_has_its_kernel_below_its_window() -> None:
    steps = ops.steps([3, 2, 1, 0], [1, 0, -1], flip=True, padding="full")
    shown, taps, products = (grid(panel) for panel in scene_of(steps, 2).rows[0])
    assert shown.numbers.tolist() == [[0, 0, 3, 2, 1, 0, 0, 0]]
    for panel in (shown, taps, products):
        assert np.flatnonzero(of_step(panel.marks[0], MARKED)).tolist() == [2, 3, 4]
    assert taps.numbers[0, 2:5].tolist() == [-1, 0, 1]
    assert products.numbers[0, 2:5].tolist() == [-3, 0, 1]


def test_long_signal_shows_what_is_around_the_window() -> None:
    steps = ops.steps(np.arange(100_000), [1.0, 0.0, -1.0], dilation=3)
    scene = scene_of(steps, 50_000)
    shown = grid(scene.rows[0][0])
    assert shown.numbers.shape[1] <= 16
    assert shown.numbers[of_step(shown.marks, MARKED)].tolist() == [50_000, 50_003, 50_006]
    assert f"from {int(shown.numbers[0, 0])}" in shown.title
    output = grid(scene.outputs[0])
    assert output.numbers[of_step(output.marks, MARKED)].tolist() == [-6]


def test_kernel_wider_than_what_is_shown_is_said() -> None:
    steps = ops.steps(np.ones(500), np.ones(101))
    assert "101 places" in scene_of(steps, 200).settings
    steps.svg(200)


def test_three_channels_and_five_filters_give_five_maps() -> None:
    rng = np.random.default_rng(1)
    picture, filters = rng.integers(0, 9, (3, 5, 5)), rng.integers(-2, 3, (5, 3, 3, 3))
    steps = ops.steps(picture, filters, [10, 20, 30, 40, 50])
    scene = scene_of(steps, (3, 1, 2))
    assert len(scene.rows) == 3
    assert len(scene.outputs) == 5
    sums = [grid(row[2]).numbers.sum() for row in scene.rows]
    expected = [(picture[c, 1:4, 2:5] * filters[3, c]).sum() for c in range(3)]
    assert sums == expected
    assert scene.equation.endswith(f"bias 40 = {sum(expected) + 40}")
    done = [int((~of_step(grid(panel).marks, EMPTY)).sum()) for panel in scene.outputs]
    assert done == [9, 9, 9, 6, 0]


def test_channels_and_maps_without_room_are_counted() -> None:
    steps = ops.steps(np.ones((64, 4, 4)), np.ones((20, 64, 3, 3)))
    scene = scene_of(steps, (19, 0, 0))
    assert len(scene.rows) == MOST_CHANNELS
    assert len(scene.outputs) == MOST_MAPS
    assert scene.left_out == "not shown: 60 more input channels and 14 more output maps"
    assert any(of_step(grid(panel).marks, MARKED).any() for panel in scene.outputs)


def test_group_shows_its_own_channels() -> None:
    picture = np.stack([np.full((4, 4), c) for c in range(4)])
    steps = ops.steps(picture, np.ones((2, 2, 3, 3), int), groups=2)
    rows = scene_of(steps, (1, 0, 0)).rows
    assert [int(grid(row[0]).numbers[0, 0]) for row in rows] == [2, 3]
    assert [row[0].title.split()[1] for row in rows] == ["2", "3"]


@pytest.mark.parametrize("kind", ["max", "average", "lp"])
def test_pool_marks_its_window_and_the_winner(kind: str) -> None:
    picture = np.array([[1, 9, 2, 0], [3, 4, 5, 6], [7, 7, 1, 1], [0, 2, 8, 3]])
    steps = ops.pool_steps(picture, 2, kind=kind, padding=1)
    shown = grid(scene_of(steps, (1, 1)).rows[0][0])
    assert shown.numbers[of_step(shown.marks, MARKED)].tolist() == [4, 5, 7, 1]
    winners = np.argwhere(of_step(shown.marks, WINNER)).tolist()
    assert winners == ([[3, 2]] if kind == "max" else [])  # row 2, column 1, behind a padding of one
    assert of_step(shown.marks, EMPTY).any() == (kind != "average")  # its zeros count


def test_window_on_a_photo_is_shown_in_numbers() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (300, 200)).astype(np.uint8)
    steps = ops.steps(photo, ops.kernel("sobel-x"), padding="same")
    whole, window, _, _ = scene_of(steps, (0, 150)).rows[0]
    assert isinstance(whole, Photo)
    assert whole.box == (-1, 149, 2, 152)
    assert max(whole.pixels.shape) <= 240
    assert grid(window).numbers.tolist() == [[0, 0, 0], *photo[:2, 149:152].tolist()]
    assert of_step(grid(window).marks, BEYOND).tolist() == [[True] * 3, [False] * 3, [False] * 3]
    output = scene_of(steps, (10, 150)).outputs[0]
    assert isinstance(output, Photo)
    assert output.done == (10, 151)


def test_large_picture_is_walked_lazily(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = np.zeros((1500, 2000), np.uint8)
    steps = ops.steps(photo, np.ones((3, 3), int))
    made, outputs = [], []
    step, output = type(steps).step, type(steps).output
    monkeypatch.setattr(type(steps), "step", lambda self, place: made.append(place) or step(self, place))
    monkeypatch.setattr(type(steps), "output", lambda self: outputs.append(1) or output(self))
    monkeypatch.setattr(Walk, "__iter__", None)
    steps.gif(most=5)
    assert len(made) == 5
    assert len(outputs) == 1


def test_chosen_steps_are_even_with_the_first_and_the_last() -> None:
    story = Story(ops.steps(np.zeros((30, 30)), np.ones((1, 1))))
    chosen = story.chosen(10)
    assert chosen[0] == 0
    assert chosen[-1] == 899
    gaps = set(np.diff(chosen).tolist())
    assert max(gaps) - min(gaps) <= 1
    assert story.chosen(1) == [0]
    assert Story(ops.steps([1, 2, 3], [1])).chosen(10) == [0, 1, 2]
    with pytest.raises(UsageError, match="most=0"):
        story.chosen(0)


def test_a_step_that_is_not_there() -> None:
    steps = ops.steps([1, 2, 3], [1])
    with pytest.raises(ShapeError, match="shape"):
        steps.text((3,))
    with pytest.raises(IndexError, match="3 steps"):
        steps.svg(3)
    assert steps.text(-1) == steps.text((2,))


def test_text_of_a_wide_window_keeps_every_number() -> None:
    text = ops.steps(np.arange(60.0), np.ones(21) / 21).text(5)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    under = [
        float(n) for line in lines if line.startswith("input") for n in re.findall(r"\[ *([^\s\]]+)\]", line)
    ]
    assert under == list(range(5, 26))
    products = [
        float(n)
        for line in lines
        if line.startswith("products")
        for n in re.findall(r"\[ *([^\s\]]+)\]", line)
    ]
    np.testing.assert_allclose(products, np.arange(5, 26) / 21, rtol=5e-4)


def test_text_writes_a_number_in_its_sum_as_in_its_cell() -> None:
    text = ops.steps(np.arange(9.0) * 1407, [0.5, 1 / 3, 1]).text(5)
    numbers = re.findall(r"\[ *([^\s\]]+)\]", text)
    sum_ = re.search(r"^(\S+)·(\S+) \+ (\S+)·(\S+) \+ (\S+)·(\S+) = (\S+)$", text, re.MULTILINE)
    assert sum_ is not None
    assert "7035·0.5" in sum_.group()
    assert set(sum_.groups()) <= set(numbers)
