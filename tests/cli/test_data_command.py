"""`convscope data show`: the sheet has the very pixels of training, and what is printed is true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.cli.execute import execute
from convscope.data import load, open_source
from convscope.recipe import Recipe
from convscope.training.engines.moves import EpochMoves


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnings.showwarning", None)
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert execute(["data", "show", *words, "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def cut_out(sheet: np.ndarray, document: dict[str, Any], at: list[int]) -> np.ndarray:
    """A picture of the sheet, back at its own size; that its pixels are squares is checked."""
    scale, (x, y) = document["scale"], at
    height, width = scale * document["height"], scale * document["width"]
    large = sheet[y : y + height, x : x + width]
    small = large[::scale, ::scale]
    np.testing.assert_array_equal(large, np.kron(small, np.ones((scale, scale, 1), np.uint8)))
    return small


@pytest.mark.parametrize(
    "flags",
    [
        ["--augment"],
        ["--augment", "--mixup", "0.5", "--flip", "--contrast", "0.3", "--seed", "7"],
        ["--crop", "2", "--cutout", "3", "--size", "12", "--channels", "3"],
    ],
)
def test_the_sheet_has_the_pixels_of_training(capsys: pytest.CaptureFixture[str], flags: list[str]) -> None:
    document = shown(capsys, "digits", *flags, "--count", "3", "--epochs", "2")
    sheet = np.asarray(Image.open("digits-sheet.png"))
    channels = document["channels"]
    source = open_source("digits")
    size = (document["height"], document["width"])
    preprocessing = source.default_preprocessing(size=size, channels=channels)
    dataset = load(source, preprocessing, seed=document["seed"])
    moves = EpochMoves(dataset, Recipe.of(**document["augmentation"], seed=document["seed"]))
    assert len(document["pictures"]) == 30
    for picture in document["pictures"]:
        position = picture["position"]
        assert dataset.train.names[position] == picture["name"]
        assert dataset.classes[dataset.train.labels[position]] == picture["class"]
        found = cut_out(sheet, document, picture["at"])
        np.testing.assert_array_equal(found[:, :, :channels], dataset.train.images[position])
        assert [seen["epoch"] for seen in picture["epochs"]] == [1, 2]
        for seen in picture["epochs"]:
            table = moves.table(seen["epoch"])
            assert table is not None
            expected = moves.augmentation.apply(dataset.train.images, table, np.arange(len(dataset.train)))
            found = cut_out(sheet, document, seen["at"])
            np.testing.assert_array_equal(found[:, :, :channels], expected[position])
            drawn = moves.augmentation.described(table[position])
            assert {name: seen[name] for name in drawn} == drawn
            if "partner" in seen:
                label = dataset.train.labels[seen["partner"]]
                assert seen["partner_class"] == dataset.classes[label]


def test_the_training_run_sees_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A run's recipe shows what the run saw."""
    flags = ["digits", "--augment", "--seed", "3", "--net", "lenet-5"]  # which takes larger pictures
    assert execute(["train", *flags, "--epochs", "1", "--quiet", "--out", "r"]) == 0
    by_flags = shown(capsys, *flags, "--out", "a.png")
    by_recipe = shown(capsys, "--recipe", "r/recipe.toml", "--out", "b.png")
    assert by_flags["pictures"] == by_recipe["pictures"]
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert by_flags["height"] > 8
    assert by_flags["natural_size"] == [8, 8]


def test_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["data", "show", "--augment"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == "digits: 1,797 pictures in 10 classes, 8×8 grey"
    assert lines[1].split() == ["class", "training", "validation", "test"]
    rows = np.array([line.split() for line in lines[2:12]], dtype=int)
    assert rows[:, 1:].sum() == 1797
    np.testing.assert_array_equal(rows[:, 3].sum(), 359)
    told = " ".join(lines[12:])
    assert "note: augmentation for digits: rotate 10°, scale 0.1; no horizontal flip: digits." in told
    assert lines[-2:] == ["Sheet   digits-sheet.png", "        20 training pictures in epochs 1 to 4"]
    assert max(map(len, lines)) <= 80
    assert printed.err == ""


def test_pictures_as_they_are(capsys: pytest.CaptureFixture[str], photos: Path) -> None:
    assert execute(["data", "show", str(photos), "--out", "sheet.png", "--validation", "0"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("photos: 24 pictures in 2 classes, 64×64 colour, made from several sizes\n")
    assert out.endswith("Sheet   sheet.png\n        16 training pictures\n")
    assert "augmentation" not in out
    document = shown(capsys, str(photos), "--size", "100x50", "--count", "1", "--out", "one.png")
    assert [picture["epochs"] for picture in document["pictures"]] == [[], []]
    assert (document["scale"], document["natural_size"]) == (1, None)
    assert not any(document["augmentation"].values())


def test_many_classes_are_cut_off(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(23):
        (tmp_path / "many" / f"class {number:02}").mkdir(parents=True)
        for copy in range(4):
            Image.new("RGB", (8, 8), (number, copy, 0)).save(tmp_path / f"many/class {number:02}/{copy}.png")
    assert execute(["data", "show", "many", "--flip", "--out", "many.png"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if "more" in line] == ["3"]
    assert lines[-1] == "        40 training pictures of the first 20 classes in epochs 1 to 4"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--count", "0"], 2, "--count 0 should be 1 or more"),
        (["--epochs", "0"], 2, "--epochs 0 should be 1 or more"),
        (["--count", "13"], 2, "--count 13 and --epochs 4 make 65 pictures in a row"),
        (["--out", "sheet.pdf"], 2, "--out sheet.pdf should end in .png"),
        (["--out", "nowhere/sheet.png"], 1, "there is no folder nowhere"),
        (["--rotate", "200"], 2, "--rotate 200 should be 180 or less"),
        (["--shift", "8"], 2, "--shift 8 is too much for pictures of 8×8"),
        (["--lr", "0.1"], 2, "--lr"),
        (["nothing"], 2, "unknown data set 'nothing'"),
        (["--recipe", "none.toml"], 1, "there is no recipe none.toml"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    assert execute(["data", "show", *words]) == code
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_the_group_says_what_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["data"]) == 2
    assert execute(["data", "shwo"]) == 2
    assert "did you mean 'show'?" in capsys.readouterr().err
