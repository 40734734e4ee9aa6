"""What data sets are known to show, and what that allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data import catalogue, open_source
from convscope.data.subject import (
    CHARACTERS,
    CLOTHES,
    DIGITS,
    GREY,
    NUMBERED_PHOTOS,
    PHOTOS,
    SIDED_PHOTOS,
    Subject,
    subject_of,
)

ALL = [DIGITS, CHARACTERS, CLOTHES, PHOTOS, SIDED_PHOTOS, NUMBERED_PHOTOS, GREY]


def test_every_named_data_set_has_one() -> None:
    assert {name: entry.subject for name, entry in catalogue().items()} == {
        "digits": DIGITS,
        "mnist": DIGITS,
        "fashion-mnist": CLOTHES,
        "kmnist": CHARACTERS,
        "emnist-letters": CHARACTERS,
        "cifar10": PHOTOS,
        "cifar100": PHOTOS,
    }
    assert open_source("digits").subject is DIGITS


@pytest.mark.parametrize(
    ("classes", "grey", "expected"),
    [
        (["0", "1", "2"], True, DIGITS),
        (["a", "B", "ü", "3"], True, CHARACTERS),
        (["normal", "pneumonia"], True, GREY),
        (["ants", "bees"], False, PHOTOS),
        (["bright", "cleft"], False, PHOTOS),
        (["turn_Left", "ahead"], False, SIDED_PHOTOS),
        (["00000", "00041"], False, NUMBERED_PHOTOS),
        (["a", "b"], False, NUMBERED_PHOTOS),
    ],
)
def test_others_are_told_by_their_names(classes: list[str], grey: bool, expected: Subject) -> None:
    assert subject_of(classes, grey=grey) is expected


@given(subject=st.sampled_from(ALL), height=st.integers(1, 400), width=st.integers(1, 400))
def test_what_suits_is_possible(subject: Subject, height: int, width: int) -> None:
    moves = subject.augmentation(height, width)
    assert moves.get("flip", False) is (subject.unmirrored is None)
    assert not {"shift", "crop"} <= set(moves)
    for name in ("shift", "crop"):
        assert moves.get(name, 1) >= 1
        assert moves.get(name, 0) < min(height, width)
    assert "mixup" not in moves
    assert "cutout" not in moves


def test_cifars_recipe_is_the_usual_one() -> None:
    """He et al. 2016: 4 pixels around, and mirrored half of the time."""
    assert PHOTOS.augmentation(32, 32) == {"crop": 4, "flip": True}
