"""`convscope explain`: maps in a picture, their figures in a table, and what is refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope import look
from convscope.bundle import Bundle
from convscope.cli.execute import execute
from convscope.drawing.explanation import words

from ..conftest import Command
from ..look.bundles import bundle_of, picture_of, program_of, seeded
from ..look.test_attributing import plain
from ..terminal import in_terminal


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`tiny.safetensors`, and `picture.png` for it, in the folder where the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("warnings.showwarning", None)
    path = Path("tiny.safetensors")
    bundle_of(seeded(plain(), 1), 3, 12, 10).save(path)
    Image.fromarray(picture_of(3, 12, 10)).save("picture.png")
    return path


def explained(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert execute(["explain", *words]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_the_picture_and_the_table_of_its_maps(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(capsys, str(model), "picture.png").splitlines()
    bundle = Bundle.load(model)
    predicted = bundle.predict("picture.png")[0]
    assert printed[0].startswith(f"picture.png: tiny says {predicted.label}, ")
    assert printed[1].split() == ["method", "deletion", "insertion", "random", "similar", "checks"]
    for line, method in zip(printed[2:5], ("grad-cam", "integrated-gradients", "gradient"), strict=True):
        name, *figures, verdict = line.split()
        checks = look.attribute(bundle, "picture.png", method).checks
        assert checks is not None
        expected = [checks.deletion, checks.insertion, checks.random_deletion, checks.similarity]
        assert (name, figures) == (method, [f"{figure:.2f}" for figure in expected])
        assert verdict == ("passed" if checks.passed else "failed")
    assert printed[-2:] == ["Layer   4, for grad-cam", "Maps    picture-explained.png"]
    assert max(map(len, printed)) <= 80
    with Image.open("picture-explained.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.height > 4 * 180


def test_json_has_the_maps(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--json", "--method", "all", "--target", "dog", "--out", "maps.png", "--seed", "3")
    document = json.loads(explained(capsys, str(model), "picture.png", *words))
    assert document["out"] == "maps.png"
    assert Path("maps.png").is_file()
    assert [one["method"] for one in document["maps"]] == list(look.METHODS)
    bundle = Bundle.load(model)
    for one in document["maps"]:
        expected = look.attribute(bundle, "picture.png", one["method"], target="dog", seed=3)
        np.testing.assert_array_equal(np.array(one.pop("values"), np.float32), expected.values)
        assert expected.checks is not None
        assert one.pop("passed") == expected.checks.passed
        assert one == {
            key: value for key, value in json.loads(json.dumps(expected.to_dict())).items() if key != "values"
        }


def test_a_picture_is_inverted_once(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = Bundle.load(model)
    preprocessing = bundle.preprocessing.model_copy(update={"invert": True})  # type: ignore[attr-defined]
    dataclasses.replace(bundle, preprocessing=preprocessing).save("inverting.safetensors")
    Image.fromarray(255 - picture_of(3, 12, 10)).save("negative.png")
    words = ("--method", "gradient", "--json")
    one = json.loads(explained(capsys, str(model), "picture.png", *words))
    other = json.loads(explained(capsys, "inverting.safetensors", "negative.png", *words))
    assert (other["predicted"], other["maps"]) == (one["predicted"], one["maps"])


def test_without_checks_there_are_no_figures(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(capsys, str(model), "picture.png", "--no-check", "--method", "gradient")
    assert "Not checked: gradient." in printed
    assert "deletion" not in printed


def test_methods_by_commas_and_what_is_at_work(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = explained(capsys, str(model), "picture.png", "--no-check", "--method", "occlusion,smoothgrad")
    assert "Not checked: occlusion, smoothgrad." in printed
    assert "of the methods" in explained(capsys, str(model), "picture.png", "--method", ",", code=2)
    said: list[str] = []
    bundle = Bundle.load(model)
    stored = bundle.preprocessing.one("picture.png")[None]
    look.attributions(bundle, stored, ["occlusion", "gradient"], progress=said.append)
    assert said == ["occlusion", "gradient", "checks of occlusion", "checks of gradient"]


def test_what_is_at_work_is_shown_on_a_terminal(model: Path) -> None:
    command = ["explain", str(model), "picture.png", "--method", "gradient"]
    code, screen = in_terminal(command, Path.cwd())
    assert code == 0
    assert "the network …" in screen.seen
    assert not any("…" in line for line in screen.text)  # nothing of it stays
    _, quiet = in_terminal([*command, "--quiet"], Path.cwd())
    assert not any("…" in line for line in quiet.seen)


def test_the_words_beside_a_map_say_what_its_colours_mean() -> None:
    values = np.ones((2, 2), np.float32)
    said = {name: [text for text, *_ in words(look.Attribution(name, "7", values))] for name in look.METHODS}
    signed = {name for name, lines in said.items() if "blue speaks for it, orange against it" in lines}
    assert signed == {"integrated-gradients", "occlusion"}
    assert all("not checked" in lines for lines in said.values())
    checks = look.Checks(0.1, 0.9, 0.5, 0.5, 0.0)
    checked = words(look.Attribution("gradient", "7", values, checks=checks))
    assert "not checked" not in [text for text, *_ in checked]


def test_a_program_is_explained_without_grad_cam(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program_of(seeded(plain()), 3, 12, 10).save("program.safetensors")
    printed = explained(capsys, "program.safetensors", "picture.png", "--no-check")
    assert "Not checked: integrated-gradients, gradient." in printed
    error = explained(capsys, "program.safetensors", "picture.png", "--method", "grad-cam", code=1)
    assert "is an exported program" in error
    error = explained(capsys, "program.safetensors", "picture.png", "--layer", "conv1", code=1)
    assert "is an exported program" in error


def test_a_signal_is_drawn_over_its_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    fast = random.integers(0, 2, 80)
    tones = np.sin(np.where(fast, 9, 5)[:, None] * np.linspace(0, 6, 40)) + random.normal(0, 0.1, (80, 40))
    source = convscope.data.SignalSource(tones, np.array(["slow", "fast"])[fast], name="tones")
    run = convscope.train(source, epochs=1, quiet=True)
    np.save("tone.npy", tones[0])
    printed = explained(capsys, str(run.path), "tone.npy", "--method", "all")
    assert printed.count("passed") + printed.count("failed") == 5
    assert Path("tone-explained.png").is_file()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["picture.png", "--method", "grad-kam"], 2, "unknown method 'grad-kam': did you mean 'grad-cam'?"),
        (["picture.png", "--target", "dgo"], 2, "unknown class 'dgo': did you mean 'dog'?"),
        (["picture.png", "--target", "9"], 2, "target 9 should be the name of a class, or 0 to 3."),
        (["picture.png", "--layer", "33"], 2, "unknown layer '33'"),
        (["picture.png", "--layer", "6"], 2, "which is no map; Grad-CAM takes one of"),
        (["picture.png", "--layer", "4", "--method", "gradient"], 2, "a layer is for grad-cam"),
        (["picture.png", "--out", "maps.jpg"], 2, "--out maps.jpg should end in .png."),
        (["picture.png", "--out", "picture.png"], 2, "is the file of the picture too"),
        (["picture.png", "--out", "no/maps.png"], 1, "there is no folder no"),
        (["nowhere.png"], 1, "there is no picture nowhere.png"),
        (["tiny.safetensors"], 1, "tiny.safetensors"),
        (
            ["picture.png", "--why", "0:0:0:0", "--method", "gradient", "--no-check"],
            2,
            "--why takes one number apart and makes no maps, so --method, --no-check cannot go with it.",
        ),
    ],
)
def test_what_cannot_be_explained_is_said(
    model: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, sentence: str
) -> None:
    assert sentence in explained(capsys, str(model), *words, code=code)
    assert not list(Path().glob("*explained*"))


def test_help_asks_for_no_torch(convscope: Command) -> None:
    result = convscope("explain", "--help", PYTHONPROFILEIMPORTTIME="1")
    assert result.returncode == 0
    assert "typer" in result.stderr
    assert "torch" not in result.stderr
    assert "captum" not in result.stderr
