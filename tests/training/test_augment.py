"""--augment: what it chooses for each kind of data, what is said of it, and that what is given wins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.data import ArrayPreprocessing, Preprocessing
from convscope.data.subject import CLOTHES, DIGITS, GREY, PHOTOS, SIDED_PHOTOS, SIGNALS, Subject
from convscope.errors import UsageError
from convscope.recipe import Recipe
from convscope.training.augment import moves_of, resolve_augmentation, spelled

from .test_pipeline import FAST, assert_same_weights


def resolved(subject: Subject, side: int, **settings: Any) -> tuple[dict[str, Any], list[str]]:
    """The moves that do something, and the notes."""
    preprocessing = Preprocessing(height=side, width=side, channels=1)
    recipe, notes = resolve_augmentation(Recipe.of(**settings), subject, preprocessing)
    assert all(getattr(recipe, name) is not None for name in moves_of(recipe))
    return {name: value for name, value in moves_of(recipe).items() if value}, notes


@pytest.mark.parametrize(
    ("subject", "side", "note"),
    [
        (DIGITS, 8, "for digits: rotate 10°, scale 0.1; no horizontal flip: digits."),
        (DIGITS, 28, "for digits: shift 2, rotate 10°, scale 0.1; no horizontal flip: digits."),
        (CLOTHES, 28, "for clothes: shift 2, flip."),
        (PHOTOS, 32, "for photos: crop 4, flip."),
        (PHOTOS, 64, "for photos: crop 8, flip, brightness 0.2, contrast 0.2."),
        (
            SIDED_PHOTOS,
            32,
            "for photos: crop 4; no horizontal flip: a class is named by left or right.",
        ),
        (
            GREY,
            64,
            "for grey pictures: shift 4, rotate 10°, scale 0.1; "
            "no horizontal flip: a mirrored one may be of another class.",
        ),
    ],
)
def test_what_suits_is_chosen_and_said(subject: Subject, side: int, note: str) -> None:
    assert resolved(subject, side, augment=True)[1] == [f"augmentation {note}"]


def test_nothing_is_chosen_or_said_without_it() -> None:
    assert resolved(DIGITS, 28) == ({}, [])
    assert resolved(PHOTOS, 64, shift=2, mixup=0.2) == ({"shift": 2, "mixup": 0.2}, [])


@pytest.mark.parametrize(
    ("subject", "given", "expected", "note"),
    [
        (
            DIGITS,
            {"rotate": 5, "mixup": 0.2},
            {"shift": 2, "rotate": 5, "scale": 0.1, "mixup": 0.2},
            "augmentation for digits: shift 2, scale 0.1; as given: rotate 5°, mixup 0.2; "
            "no horizontal flip: digits.",
        ),
        (
            DIGITS,
            {"flip": True, "shift": 0},
            {"flip": True, "rotate": 10, "scale": 0.1},
            "augmentation for digits: rotate 10°, scale 0.1; as given: flip.",
        ),
        (
            PHOTOS,
            {"shift": 3, "flip": False},
            {"shift": 3},
            "augmentation as given: shift 3.",
        ),
        (
            DIGITS,
            {"crop": 3},
            {"crop": 3, "rotate": 10, "scale": 0.1},
            "augmentation for digits: rotate 10°, scale 0.1; as given: crop 3; no horizontal flip: digits.",
        ),
        (CLOTHES, {"shift": 0, "flip": False}, {}, "no augmentation, as given."),
    ],
)
def test_what_is_given_wins(
    subject: Subject, given: dict[str, Any], expected: dict[str, Any], note: str
) -> None:
    assert resolved(subject, 28, augment=True, **given) == (expected, [note])


def test_moves_out_of_range_are_refused() -> None:
    for name, value, message in (
        ("rotate", 181, "rotate = 181 should be 180 or less"),
        ("scale", -0.1, "scale = -0.1 should be 0 or more"),
        ("scale", 1.0, "scale = 1.0 should be 0.9 or less"),
        ("brightness", 1.5, "brightness = 1.5 should be 1 or less"),
        ("contrast", float("nan"), "contrast = nan should be a finite number"),
        ("mixup", 101, "mixup = 101 should be 100 or less"),
        ("flip", "perhaps", "flip = 'perhaps' should be true or false"),
    ):
        with pytest.raises(UsageError, match=message):
            Recipe.of(**{name: value})
    for name in ("shift", "crop", "cutout"):
        with pytest.raises(UsageError, match=f"--{name} 8 is too much for pictures of 8×8"):
            resolved(DIGITS, 8, augment=True, **{name: 8})


def test_signals_are_not_moved() -> None:
    preprocessing = ArrayPreprocessing(shape=(1, 8))
    recipe, notes = resolve_augmentation(Recipe.of(), SIGNALS, preprocessing)
    assert (moves_of(recipe), notes) == (moves_of(Recipe.of()), [])
    assert recipe.shift == 0
    with pytest.raises(UsageError, match="--augment and --mixup are for pictures; digits has signals"):
        resolve_augmentation(Recipe.of(augment=True, mixup=0.1), SIGNALS, preprocessing)


def test_moves_in_words() -> None:
    assert spelled({}) == "none"
    assert spelled(moves_of(Recipe.of(flip=True, rotate=7.5))) == "flip, rotate 7.5°"


def test_a_run_says_what_it_does_and_its_recipe_repeats_it(tmp_path: Path) -> None:
    run = convscope.train(
        "digits", **{**FAST, "net": "convnet-bn", "augment": True, "mixup": 0.3}, out=tmp_path / "first"
    )
    note = "augmentation for digits: rotate 10°, scale 0.1; as given: mixup 0.3; no horizontal flip: digits."
    assert note in run.notes
    recipe = Recipe.of(**Recipe.read(tmp_path / "first" / "recipe.toml"))
    assert moves_of(recipe) == moves_of(Recipe.of(rotate=10.0, scale=0.1, mixup=0.3))
    again = convscope.train(recipe=recipe, out=tmp_path / "again", quiet=True)
    assert_same_weights(run.bundle, again.bundle)
    assert again.recipe == run.recipe
    by_hand = convscope.train(recipe=recipe, augment=False, out=tmp_path / "by-hand", quiet=True)
    assert_same_weights(run.bundle, by_hand.bundle)
    assert not any("augmentation" in sentence for sentence in by_hand.notes)
    plain = convscope.train("digits", **{**FAST, "net": "convnet-bn"}, out=tmp_path / "plain")
    assert (plain.bundle.weights["conv1.weight"] != run.bundle.weights["conv1.weight"]).any()


def test_folders_are_told_apart(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    grey = convscope.train(
        picture_folder({"cat": 12, "dog": 12}), **FAST, augment=True, out=tmp_path / "grey"
    )
    assert "augmentation for grey pictures: rotate 10°, scale 0.1;" in " ".join(grey.notes)
    assert grey.recipe.flip is False
