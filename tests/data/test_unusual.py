"""Warnings: planted pictures get theirs, and pictures like those of the training get none."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from convscope.data import ArrayPreprocessing, Dataset, Preprocessing, load, open_source
from convscope.data.unusual import Unusual, unusual
from convscope.data.usual import Usual


def kinds(
    preprocessing: Preprocessing, usual: Usual | None, pictures: list[np.ndarray]
) -> list[tuple[str, ...]]:
    """Of pictures of any size, as `predict` finds them."""
    stored = np.stack([preprocessing.one(picture) for picture in pictures])
    sizes = np.array([picture.shape[:2] for picture in pictures])
    return [tuple(one.kind for one in of) for of in unusual(preprocessing, usual, stored, sizes)]


def counted(found: list[tuple[Unusual, ...]]) -> Counter[str]:
    return Counter(one.kind for of in found for one in of)


@pytest.fixture(scope="module")
def digits() -> Dataset:
    source = open_source("digits")
    return load(source, source.default_preprocessing())


@pytest.fixture(scope="module")
def digit(digits: Dataset) -> np.ndarray:
    assert digits.test is not None
    return digits.test.images[3, :, :, 0]


def test_the_ranges_are_numpys_quantiles(digits: Dataset) -> None:
    assert digits.usual is not None
    mean = digits.train.images.reshape(len(digits.train), -1).mean(axis=1)
    found = digits.usual.ranges["mean"]
    ends = np.quantile(mean, [0, 0.005, 0.995, 1])
    np.testing.assert_allclose([found.lowest, found.low, found.high, found.highest], ends, rtol=1e-4)
    assert (digits.usual.count, digits.usual.smallest, digits.usual.largest) == (1294, (8, 8), (8, 8))


def test_they_come_back_from_json(digits: Dataset) -> None:
    assert digits.usual is not None
    written = json.dumps(digits.usual.to_dict())
    assert Usual.model_validate(json.loads(written)) == digits.usual
    assert len(written) < 1500


def test_few_pictures_have_no_ranges(digits: Dataset) -> None:
    assert Usual.of(digits.preprocessing, digits.train.images[:29]) is None
    assert Usual.of(digits.preprocessing, digits.train.images[:30]) is not None


def test_no_false_alarm_on_the_digits_held_out(digits: Dataset) -> None:
    for split in (digits.test, digits.validation):
        assert split is not None
        found = unusual(digits.preprocessing, digits.usual, split.images, split.sizes)
        assert counted(found) == {}


def test_every_inverted_digit_is_found(digits: Dataset) -> None:
    assert digits.test is not None
    found = unusual(digits.preprocessing, digits.usual, 255 - digits.test.images)
    assert all(one[0].kind == "inverted" for one in found)
    assert "--invert" in str(found[0][0])


def test_dark_ink_is_usual_where_the_training_pictures_have_it(digits: Dataset) -> None:
    usual = Usual.of(digits.preprocessing, 255 - digits.train.images)
    assert digits.test is not None
    assert counted(unusual(digits.preprocessing, usual, 255 - digits.test.images)) == {}
    assert counted(unusual(digits.preprocessing, usual, digits.test.images))["inverted"] == len(digits.test)


@pytest.mark.parametrize("paper", [90, 97, 130, 200, 255])
@pytest.mark.parametrize("shade", [0, 30])
def test_dark_ink_on_paper_of_any_grey(digits: Dataset, paper: int, shade: int) -> None:
    assert digits.test is not None
    light = np.linspace(0, shade, 8)[:, None, None]  # from one side
    noise = np.random.default_rng(0).normal(0, 3 if shade else 0, digits.test.images.shape)
    for darker in (60, paper - shade):
        ink = digits.test.images / digits.test.images.max(axis=(1, 2), keepdims=True)
        photos = np.clip(np.round(paper - light - darker * ink + noise), 0, 255).astype(np.uint8)
        found = unusual(digits.preprocessing, digits.usual, photos)
        assert counted(found)["inverted"] >= 0.99 * len(photos)
        assert not {"bright", "dark"} & {
            one.kind for of in found if of and of[0].kind == "inverted" for one in of
        }
    assert "--invert" in str(found[0][0])


def test_light_ink_on_a_lighter_ground_is_not_inverted(digits: Dataset) -> None:
    assert digits.test is not None
    lifted = (100 + digits.test.images // 2).astype(np.uint8)
    assert "inverted" not in counted(unusual(digits.preprocessing, digits.usual, lifted))


def test_levels_after_inversion_say_so(digits: Dataset, digit: np.ndarray) -> None:
    turned = digits.preprocessing.model_copy(update={"invert": True})  # trained on dark ink on white
    (wrong,) = unusual(turned, digits.usual, turned.one(digit)[None])[0]
    assert str(wrong).startswith("after inversion its ground is lighter than its figure (255 and ")
    assert unusual(turned, digits.usual, turned.one(255 - digit)[None])[0] == ()
    white = turned.one(np.full((8, 8), 255, np.uint8))[None]
    assert str(unusual(turned, digits.usual, white)[0][0]).startswith("it is of one colour (255 of 255)")


def test_a_grey_network_of_colour_photos_is_not_told_of_colour() -> None:
    preprocessing = Preprocessing(height=4, width=4, channels=1)
    stored = np.random.default_rng(0).integers(0, 256, (60, 4, 4, 1)).astype(np.uint8)
    colours = np.full(60, 90.0)
    for grey, told in ((False, 0), (True, 60)):
        usual = Usual.of(preprocessing, stored, grey=grey)
        assert counted(unusual(preprocessing, usual, stored, colours=colours))["colour"] == told


def test_grey_digits_kept_in_colour_have_a_polarity_too(digits: Dataset) -> None:
    preprocessing = digits.preprocessing.model_copy(update={"channels": 3})
    usual = Usual.of(preprocessing, digits.train.images.repeat(3, axis=3))
    inverted = 255 - digits.train.images[:9].repeat(3, axis=3)
    assert counted(unusual(preprocessing, usual, inverted)) == {"inverted": 9}
    red = digits.train.images[:9] * np.array([1, 0, 0], np.uint8)
    assert counted(unusual(preprocessing, usual, red))["colour"] == 9


def test_planted_pictures(digits: Dataset, digit: np.ndarray) -> None:
    def on(height: int, width: int, down: int, across: int, figure: np.ndarray) -> np.ndarray:
        canvas = np.zeros((height, width), np.uint8)
        canvas[down : down + figure.shape[0], across : across + figure.shape[1]] = figure
        return canvas

    large = np.asarray(Image.fromarray(digit).resize((64, 64), Image.Resampling.BICUBIC))
    planted = {
        ("small",): on(64, 64, 40, 8, digit),
        (): large,
        ("blank",): np.full((64, 64), 77, np.uint8),
        ("inverted", "small"): 255 - on(64, 64, 28, 28, digit),
        ("shape",): np.asarray(Image.fromarray(digit).resize((8, 32))),
        ("size",): large[::24, ::24].copy(),
    }
    found = kinds(digits.preprocessing, digits.usual, [*planted.values()][:-1])
    for expected, given in zip([*planted][:-1], found, strict=True):
        assert set(expected) <= set(given), (expected, given)
        assert expected or not given
    assert "size" in kinds(digits.preprocessing, digits.usual, [planted["size",]])[0]


def test_a_figure_off_the_middle(digits: Dataset) -> None:
    frame = Preprocessing(height=28, width=28, channels=1)
    training = np.zeros((300, 28, 28, 1), np.uint8)
    training[:, 4:24, 8:20] = np.random.default_rng(0).integers(150, 256, (300, 20, 12, 1))
    usual = Usual.of(frame, training)
    moved = np.roll(training[:1], 8, axis=2)
    (warning,) = unusual(frame, usual, moved)[0]
    assert warning.kind == "place"
    assert "at 79 % across and 50 % down, in training at 50 % to 50 %" in str(warning)


def test_a_page_with_borders_is_still_found_inverted(digits: Dataset, digit: np.ndarray) -> None:
    page = np.full((8, 14), 255, np.uint8)
    page[:, 3:11] = 255 - digit  # 3 of 8 rows of the frame are the filled border, which is dark
    assert kinds(digits.preprocessing, digits.usual, [page])[0][0] == "inverted"


def test_of_photos_polarity_is_not_told() -> None:
    random = np.random.default_rng(0)
    photos = random.integers(0, 256, (300, 1, 1, 3)) // 2 + random.integers(0, 128, (300, 16, 16, 3))
    preprocessing = Preprocessing(height=16, width=16, channels=3)
    photos = photos.astype(np.uint8)
    usual = Usual.of(preprocessing, photos[:250])
    assert "inverted" not in counted(unusual(preprocessing, usual, 255 - photos))
    assert counted(unusual(preprocessing, usual, photos[250:])) == {}


def test_wide_photos_with_borders_have_no_dark_ground() -> None:
    random = np.random.default_rng(1)
    preprocessing = Preprocessing(height=16, width=16, channels=1)
    sizes = np.array([(30, 60 + 10 * (at % 3)) for at in range(300)])
    photos = [np.full(size, random.integers(0, 256), np.uint8) for size in sizes]
    for photo in photos:
        photo[5:20, 9:30] = random.integers(0, 256)
    stored = np.stack([preprocessing.one(photo) for photo in photos])
    usual = Usual.of(preprocessing, stored, sizes)
    assert usual is not None
    assert usual.ranges["ground"].highest > 200
    assert counted(unusual(preprocessing, usual, stored, sizes)) == {}


@pytest.mark.parametrize(
    ("resize", "words"),
    [("fit", "leaves 90 %"), ("crop", "90 % is cut off"), ("stretch", "changes by a factor of 10")],
)
def test_what_a_long_picture_comes_to(digits: Dataset, resize: str, words: str) -> None:
    preprocessing = digits.preprocessing.model_copy(update={"resize": resize})
    stored = preprocessing.one(np.eye(10, 100, dtype=np.uint8) * 255)[None]
    told = unusual(preprocessing, digits.usual, stored, np.array([[10, 100]]))[0]
    (shape,) = (one for one in told if one.kind == "shape")
    assert words in str(shape)
    assert "10 times as wide as high (in training 1)" in str(shape)


def test_without_ranges_only_what_a_picture_shows_itself(digits: Dataset, digit: np.ndarray) -> None:
    preprocessing = Preprocessing(height=28, width=28, channels=1)
    pictures = [
        np.full((28, 28), 255, np.uint8),
        255 - digit,
        digit[:5, :5],
        np.eye(28, 140).astype(np.uint8),
    ]
    assert kinds(preprocessing, None, pictures) == [("blank",), (), ("size",), ("blank", "shape")]


def test_a_class_of_blank_pictures_is_usual() -> None:
    preprocessing = Preprocessing(height=4, width=4, channels=1)
    training = np.random.default_rng(0).integers(0, 256, (60, 4, 4, 1)).astype(np.uint8)
    training[::2] = 0
    assert "blank" not in counted(unusual(preprocessing, Usual.of(preprocessing, training), training))


def test_brightness_contrast_and_colour(digits: Dataset) -> None:
    random = np.random.default_rng(0)
    preprocessing = Preprocessing(height=16, width=16, channels=3)
    training = random.integers(60, 200, (400, 16, 16, 3)).astype(np.uint8)
    usual = Usual.of(preprocessing, training)

    def of(picture: np.ndarray) -> set[str]:
        return set(counted(unusual(preprocessing, usual, picture[None])))

    assert of(training[0]) == set()
    assert of(np.clip(training[0].astype(int) + 60, 0, 255).astype(np.uint8)) == {"bright"}
    assert of(training[0] - 55) == {"dark"}
    assert of((130 + (training[0].astype(int) - 130) // 4).astype(np.uint8)) == {"flat"}
    grey = training[0, :, :, :1].repeat(3, axis=2)
    assert of(grey) == {"grey"}


def test_signals() -> None:
    random = np.random.default_rng(0)
    preprocessing = ArrayPreprocessing(shape=(1, 64))
    training = random.normal(0, 1, (500, 1, 64)).astype(np.float32)
    usual = Usual.of(preprocessing, training)
    planted = np.stack([training[0], training[1] + 50, training[2] * 40 + 9, np.full((1, 64), 3, np.float32)])
    found = [[one.kind for one in of] for of in unusual(preprocessing, usual, planted)]
    assert found == [[], ["level"], ["level", "spread"], ["blank"]]
    fresh = random.normal(0, 1, (500, 1, 64)).astype(np.float32)
    assert counted(unusual(preprocessing, usual, fresh)) == {}
