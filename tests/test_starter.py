"""The network that comes with convscope: found by its name, small, clean, and able to read digits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits

import convscope
from convscope import Bundle, nets
from convscope.bundle import STARTER, find
from convscope.data import Preprocessing
from convscope.errors import ConvscopeError
from convscope.graph.weights import initial_weights
from convscope.metrics import Evaluation
from convscope.recipe import SHIPPED
from convscope.training.transfer.weights_file import read_weights

from .conftest import Command, needs_lanes

DATA = os.environ.get("CONVSCOPE_DATA", "")
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
needs_mnist = pytest.mark.skipif(
    not DATA or not Path(DATA, "mnist").is_dir(), reason="needs mnist in the folder that CONVSCOPE_DATA names"
)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def written(digit: str, *, size: int, right: int, down: int) -> Image.Image:
    """A digit set in type on a dark square, 280×280, its middle moved by so many pixels."""
    page = Image.new("L", (280, 280))
    font = ImageFont.truetype(str(FONT), size)
    ImageDraw.Draw(page).text((140 + right, 140 + down), digit, fill=255, font=font, anchor="mm")
    return page


def drawn() -> dict[str, Image.Image]:
    """Digits of lines and arcs, as a person draws them with a thick pen."""
    strokes: dict[str, list[tuple[str, Any]]] = {
        "0": [("arc", (85, 45, 195, 235, 0, 360))],
        "1": [("line", [(140, 45), (140, 235)])],
        "2": [("arc", (90, 45, 190, 145, 180, 395)), ("line", [(180, 125), (85, 230), (200, 230)])],
        "3": [("arc", (90, 45, 185, 140, 200, 450)), ("arc", (85, 138, 195, 235, 270, 520))],
        "4": [("line", [(110, 50), (85, 150), (195, 150)]), ("line", [(175, 60), (170, 235)])],
        "7": [("line", [(85, 55), (195, 55), (125, 235)])],
        "8": [("arc", (95, 45, 185, 135, 0, 360)), ("arc", (85, 133, 195, 235, 0, 360))],
    }
    pictures = {}
    for digit, parts in strokes.items():
        pictures[digit] = Image.new("L", (280, 280))
        pen = ImageDraw.Draw(pictures[digit])
        for kind, where in parts:
            if kind == "arc":
                pen.arc(where[:4], *where[4:], fill=255, width=24)
            else:
                pen.line(where, fill=255, width=24, joint="curve")
    return pictures


def other(path: Path) -> None:
    """A bundle that is not the starter."""
    graph = nets.graph("simple-cnn-4-8", (1, 28, 28), 2)
    preprocessing = Preprocessing(height=28, width=28, channels=1)
    Bundle("other", ("a", "b"), preprocessing, graph, initial_weights(graph)).save(path)


def test_it_is_small_and_says_where_it_comes_from() -> None:
    assert STARTER.stat().st_size < 100_000
    bundle = Bundle.load("starter")
    assert bundle.classes == tuple("0123456789")
    assert bundle.graph is not None
    assert bundle.graph.parameter_count == bundle.info["parameters"] == 20_490
    figures = Evaluation.from_dict(bundle.info["metrics"]["test"])
    assert figures.count == 10_000
    assert figures.accuracy > 0.99
    settings = tomllib.loads((SHIPPED / "starter.toml").read_text("utf-8"))
    assert {name: bundle.info["recipe"][name] for name in settings} == settings
    assert bundle.info["recipe"]["seed"] == 0
    assert sum(bundle.info["data"]["counts"]["train"]) == 54_000


def test_it_has_no_path_in_it() -> None:
    found = list(texts(dict(Bundle.load("starter").info)))
    assert len(found) > 20
    assert not [one for one in found if one.startswith(("/", "~")) or "\\" in one or "/home/" in one]


def test_it_reads_digits_that_are_drawn() -> None:
    said = Bundle.load("starter").predict(list(drawn().values()))
    assert [one.label for one in said] == list(drawn())
    assert [one.warnings for one in said] == [()] * len(said)


def test_it_reads_digits_that_are_set_in_type() -> None:
    places = [(size, x, y) for size in (220, 260) for x in (-15, 0, 15) for y in (-15, 0, 15)]
    pictures = [written(digit, size=s, right=x, down=y) for digit in "0123456789" for s, x, y in places]
    said = [one.label for one in Bundle.load("starter").predict(pictures)]
    right = [label == digit for label, digit in zip(said, np.repeat(list("0123456789"), 18), strict=True)]
    assert np.mean(right) > 0.95


def test_it_reads_other_peoples_digits() -> None:
    """Those of scikit-learn, 8×8, of 43 people who are not in MNIST."""
    digits = load_digits()
    stored = np.zeros((len(digits.images), 28, 28, 1), np.uint8)
    for place, image in zip(stored, digits.images, strict=True):
        small = Image.fromarray((image * 15.9375).astype(np.uint8))
        place[4:24, 4:24, 0] = np.asarray(small.resize((20, 20), Image.Resampling.BICUBIC))
    said = Bundle.load("starter").logits(stored).argmax(1)
    assert (said == digits.target).mean() > 0.9


def test_it_warns_of_dark_ink_on_paper() -> None:
    paper = Image.fromarray(255 - np.asarray(drawn()["3"]))
    bundle = Bundle.load("starter")
    [said] = bundle.predict(paper)
    assert [warning.kind for warning in said.warnings] == ["inverted"]
    [turned] = bundle.inverted().predict(paper)
    assert (turned.label, turned.warnings) == ("3", ())


@needs_mnist
@needs_lanes
def test_its_figures_are_those_of_mnist() -> None:
    told = Evaluation.from_dict(Bundle.load("starter").info["metrics"]["test"])
    measured = convscope.evaluate("starter", data_dir=DATA)
    assert abs(measured.correct - told.correct) <= 2  # another instruction set has other last bits
    assert measured.loss == pytest.approx(told.loss, abs=1e-4)


def test_a_file_or_run_of_its_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find(Path("starter")) == STARTER
    (tmp_path / "starter").mkdir()  # a folder that is no run
    assert find(Path("starter")) == STARTER
    other(tmp_path / "starter" / "bundle.safetensors")
    assert Bundle.load("starter").net == "other"
    (tmp_path / "starter" / "bundle.safetensors").rename(tmp_path / "file")
    (tmp_path / "starter").rmdir()
    (tmp_path / "file").rename(tmp_path / "starter")
    assert Bundle.load("starter").net == "other"
    with pytest.raises(ConvscopeError, match="there is no run or bundle elsewhere/starter"):
        Bundle.load("elsewhere/starter")


def test_every_command_takes_it(convscope: Command, tmp_path: Path) -> None:
    drawn()["7"].save(tmp_path / "digit.png")
    said = json.loads(convscope("predict", "starter", "digit.png", "--json").stdout)
    assert [one["class"] for one in said] == ["7"]
    summed = json.loads(convscope("summary", "starter", "--json").stdout)
    assert summed["totals"]["parameters"] == 20_490
    looked = convscope("look", "starter", "digit.png")
    assert (looked.returncode, "Picture digit-maps.png" in looked.stdout) == (0, True)
    why = convscope("explain", "starter", "digit.png", "--why", "probability:7")
    assert why.returncode == 0, why.stderr
    report = convscope("report", "starter")
    assert report.stderr == (
        "error: starter is a file with no run in its folder; a report needs the run directory.\n"
    )
    (tmp_path / "runs" / "starter").mkdir(parents=True)
    other(tmp_path / "runs" / "starter" / "bundle.safetensors")
    assert json.loads(convscope("summary", "starter", "--json").stdout)["net"] == "simple-cnn-4-8"


def test_it_is_where_a_training_may_begin() -> None:
    file = read_weights("starter")
    assert file.bundle is not None
    assert file.path == STARTER.resolve()


def test_a_name_like_it_is_told(convscope: Command, tmp_path: Path) -> None:
    failed = convscope("predict", "startr", "digit.png")
    assert failed.stderr.startswith("error: there is no run or bundle startr: did you mean starter?")
    drawn()["7"].save(tmp_path / "digit.png")
    forgotten = convscope("predict", "digit.png", "other.png")
    assert forgotten.stderr.endswith("`convscope predict starter digit.png other.png`.\n")
    nothing = convscope("eval", "nothing")
    assert "`starter` comes with convscope." in nothing.stderr


@needs_lanes
def test_a_prediction_imports_little(tmp_path: Path) -> None:
    drawn()["7"].save(tmp_path / "digit.png")
    code = (
        "import sys; from convscope.cli.execute import execute; code = execute(['predict', 'starter', "
        "'digit.png']); unused = {'torch', 'scipy', 'sklearn', 'matplotlib', 'pyarrow', 'pooch', 'numpy.ma', "
        "'rich.console', 'convscope.recipe', 'convscope.report', 'convscope.look', 'convscope.ops.rendering'"
        "}; found = unused & set(sys.modules); sys.exit(code or (str(found) if found else 0))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True)
    assert (ran.returncode, ran.stderr) == (0, b"")
