"""Maps as colours: which pixels are blue, orange, and left as they are."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.drawing.attribution import AGAINST, FOR, full_colour, heat, overlay
from convscope.drawing.explanation import explanation, words
from convscope.look import Attribution, Checks


def attribution(values: np.ndarray, checks: Checks | None = None) -> Attribution:
    return Attribution("occlusion", "7", values.astype(np.float32), checks=checks, probability=0.9)


@pytest.mark.parametrize("channels", [1, 3])
def test_blue_is_for_orange_against_and_nothing_is_grey(channels: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (4, 5, channels)).astype(np.uint8)
    values = np.zeros((4, 5))
    values[0, 0], values[1, 1], values[2, 2] = 3, -3, 1.5
    drawn = overlay(picture, attribution(values)).astype(int)
    assert tuple(drawn[0, 0]) == FOR
    assert tuple(drawn[1, 1]) == AGAINST
    assert (drawn[3] == drawn[3, :, :1]).all()  # grey
    assert drawn[2, 2, 2] > drawn[2, 2, 0]  # bluish
    shade = heat(attribution(values)).astype(int)
    assert (shade[3] == 255).all()
    assert shade[0, 0, 2] > shade[0, 0, 0]
    assert shade[1, 1, 0] > shade[1, 1, 2]
    large = overlay(picture, attribution(values), side=50)
    assert large.shape == (40, 50, 3)
    np.testing.assert_array_equal(large[::10, ::10], drawn)


def test_the_full_colour_is_not_that_of_one_pixel_and_a_map_of_zeros_is_drawn() -> None:
    values = np.ones((20, 20))
    values[0, 0] = 1000
    assert full_colour(values) == 1
    assert full_colour(np.zeros((3, 3))) == 1
    assert (heat(attribution(np.zeros((3, 3)))) == 255).all()


def test_a_signal_keeps_its_lines_over_the_stripes_of_its_map() -> None:
    signal = np.sin(np.linspace(0, 9, 40))[None].astype(np.float32)
    values = np.zeros((1, 40))
    values[0, :20], values[0, 20:] = 1, -1
    drawn = overlay(signal, attribution(values), side=200).astype(int)
    assert drawn.shape == (80, 200, 3)
    assert drawn[0, 10, 2] > drawn[0, 10, 0]  # blue, then orange
    assert drawn[0, 190, 0] > drawn[0, 190, 2]
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 2


def test_the_sheet_says_what_each_map_is_worth() -> None:
    failed = Checks(0.5, 0.4, 0.3, 0.3, 0.1, ("Deletion: 12 of 19 random orders do as well.",))
    said = [text for text, _, _ in words(attribution(np.eye(8), failed))]
    assert said == [
        "occlusion",
        "logit of 7, probability 0.900",
        "blue speaks for it, orange against it",
        "deletion 0.50, random 0.30",
        "insertion 0.40, random 0.30",
        "random weights: similarity 0.10",
        "failed",
        "Deletion: 12 of 19 random orders do as well.",
    ]
    passed = [text for text, _, _ in words(attribution(np.eye(8), Checks(0.1, 0.9, 0.3, 0.3, 0.1)))]
    assert passed[-1] == "passed"
    picture = np.zeros((8, 8, 1), np.uint8)
    one = explanation(["a"], picture, [attribution(np.eye(8))])
    two = explanation(["a"], picture, [attribution(np.eye(8))] * 2)
    assert two.width == one.width
    assert two.height > one.height + 180
    large = np.zeros((2000, 1600, 3), np.uint8)
    assert max(explanation(["a"], large, [attribution(np.ones((2000, 1600)))]).size) < 1000
    wide = explanation(["a"], np.zeros((10, 400, 3), np.uint8), [attribution(np.ones((10, 400)))])
    assert wide.height < one.height
