"""Transfer learning as a person does it: weights from a file, the last layer alone, and what goes wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from convscope import nets

from ..conftest import Command
from .test_errors import failure

SMALL = ("--net", "resnet-8", "--size", "16", "--epochs", "2", "--batch-size", "8")


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A resnet-8 of five classes, as `torch.save` and as `safetensors` keep it; its numbers are random."""
    state = nets.create("resnet-8", (3, 16, 16), 5).state_dict()
    torch.save({"state_dict": state}, tmp_path / "w.pth")
    save_file(state, tmp_path / "w.safetensors")
    return tmp_path / "w.pth"


def test_train_eval_predict_and_compare(convscope: Command, photos: Path, weights: Path) -> None:
    words = ("train", "./photos", *SMALL, "--pretrained", "w.pth")
    frozen = convscope(*words, "--freeze", "--out", "frozen")
    assert frozen.returncode == 0, frozen.stderr
    assert (
        "note: the network begins with the weights of w.pth; its last layer (fc), of 5 classes"
        in frozen.stderr
    )
    assert "Training the last layer of resnet-8 (130 parameters) on photos:" in frozen.stderr
    whole = convscope(*words, "--trunk-lr", "0.0005", "--out", "whole", "--json")
    assert whole.returncode == 0, whole.stderr
    assert "learning rate 0.005 (trunk 0.0005), " in whole.stderr
    assert json.loads(whole.stdout)["parameters"] > 70_000
    for run in ("frozen", "whole"):
        evaluated = convscope("eval", run, "--json")
        assert evaluated.returncode == 0, evaluated.stderr
        result = json.loads((weights.parent / run / "result.json").read_text("utf-8"))
        assert json.loads(evaluated.stdout)["accuracy"] == result["test"]["accuracy"]
        predicted = convscope("predict", run, "photos/dark/0.png", "--json")
        assert json.loads(predicted.stdout)[0]["class"] in ("bright", "dark")
    compared = convscope("runs", "compare", "frozen", "whole", "--json")
    settings = json.loads(compared.stdout)["settings"]
    assert settings["freeze"] == [True, False]
    assert settings["trunk_lr"] == [None, 0.0005]
    assert "pretrained" not in settings
    replayed = convscope("train", "--recipe", "frozen/recipe.toml", "--out", "again", "--json")
    assert replayed.returncode == 0, replayed.stderr
    again = json.loads(replayed.stdout)
    result = json.loads((weights.parent / "frozen" / "result.json").read_text("utf-8"))
    assert again["test"] == result["test"]


def test_a_run_as_the_source_and_seeds(convscope: Command, photos: Path, tmp_path: Path) -> None:
    first = convscope("train", "./photos", *SMALL, "--out", "first")
    assert first.returncode == 0, first.stderr
    words = ("--pretrained", "first", "--freeze", "--epochs", "1", "--seeds", "2", "--out", "series")
    series = convscope("train", "./photos", *words)
    assert series.returncode == 0, series.stderr
    assert (
        "note: pictures are prepared as for first: 16×16, fit, colour, numbers from 0 to 1." in series.stderr
    )
    assert "its last layer (fc) included." in series.stderr
    document = json.loads((tmp_path / "series" / "seeds.json").read_text("utf-8"))
    assert document["seeds"] == [0, 1]
    assert document["recipe"]["pretrained"].startswith(str(tmp_path / "first" / "bundle.safetensors#sha256="))
    assert document["parameters"] == 130


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("executed",)


def test_files_that_are_refused(convscope: Command, photos: Path, weights: Path) -> None:
    train = ("train", "./photos", *SMALL, "--pretrained")
    assert "there is no weights file nowhere.pth; --pretrained takes" in failure(
        convscope, *train, "nowhere.pth", code=1
    )
    folder = weights.parent
    (folder / "notes.pth").write_text("these are my notes")
    assert "notes.pth is neither a safetensors file nor" in failure(convscope, *train, "notes.pth", code=1)
    (folder / "cut.safetensors").write_bytes((folder / "w.safetensors").read_bytes()[:5000])
    assert "cut.safetensors is not a whole safetensors file" in failure(
        convscope, *train, "cut.safetensors", code=1
    )
    torch.save({"w": torch.zeros(2), "x": Hostile()}, folder / "hostile.pth")
    message = failure(convscope, *train, "hostile.pth", code=1)
    assert "hostile.pth is refused, and nothing in it was run: its pickle asks for posix.mkdir" in message
    assert not (folder / "executed").exists()
    assert not list(folder.glob("runs/*"))


def test_weights_of_another_network(convscope: Command, photos: Path, weights: Path) -> None:
    words = ("train", "./photos", "--pretrained", "w.safetensors", "--size", "16", "--epochs", "1")
    message = failure(convscope, *words, "--net", "resnet-20", code=1)
    assert (
        "w.safetensors (56 tensors) does not fit resnet-20: 60 are missing (layer1.1.conv1.weight " in message
    )
    message = failure(convscope, *words, "--channels", "1", code=1)
    assert "1 is of another shape (conv1.weight 16×3×3×3, here 16×1×3×3). --channels 3 gives it" in message
    torch.save({"conv.weight": torch.zeros(3, 3, 3, 3)}, weights)
    message = failure(convscope, "train", "./photos", "--pretrained", "w.pth", code=2)
    assert "the weights in w.pth are of no network in the catalogue; --net says which network" in message


def test_a_file_that_changed_since_the_run(convscope: Command, photos: Path, weights: Path) -> None:
    done = convscope("train", "./photos", *SMALL, "--pretrained", "w.pth", "--freeze", "--out", "run")
    assert done.returncode == 0, done.stderr
    torch.save(nets.create("resnet-8", (3, 16, 16), 5, seed=4).state_dict(), weights)
    message = failure(convscope, "train", "--recipe", "run/recipe.toml", code=1)
    assert f"the weights {weights} have changed: their sha256 begins with" in message
    given = convscope("train", "--recipe", "run/recipe.toml", "--pretrained", "w.pth", "--out", "new")
    assert given.returncode == 0, given.stderr


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ("--freeze", "--trunk-lr", "0.1"),
            "--freeze leaves all layers but the last as they are, --trunk-lr 0.1",
        ),
        (("--freeze", "--flip"), "--freeze looks at each picture once, and --flip changes it in every epoch"),
        (("--freeze", "--shift", "2"), "and --shift 2 changes it in every epoch; leave one out."),
        (("--trunk-lr", "-1"), "--trunk-lr -1 should be 0 or more"),
    ],
)
def test_settings_that_do_not_go_together(convscope: Command, words: tuple[str, ...], expected: str) -> None:
    assert expected in failure(convscope, "train", *words, code=2)
