"""`convscope.train` from data to run directory."""

from __future__ import annotations

import csv
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import convscope
from convscope import native as lanes
from convscope.bundle import Bundle
from convscope.data import open_source
from convscope.errors import ConvscopeError, ShapeError, UnsupportedOperation, UsageError
from convscope.metrics import EpochFigures
from convscope.recipe import Recipe
from convscope.training import loop, pipeline
from convscope.training.pipeline import Run
from convscope.training.progress import Silent

from .conftest import SAMPLER_NET

FAST = {"net": "simple-cnn-4-8", "epochs": 1, "batch_size": 256, "quiet": True}


class Heard(Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


class InterruptIn(Silent):
    """Ctrl-C in the given epoch, at a step or at its end."""

    def __init__(self, epoch: int, *, at: str) -> None:
        self.at_epoch, self.at, self.ended = epoch, at, False

    def step(self, epoch: int, *_: Any) -> None:
        if self.at == "step" and epoch == self.at_epoch:
            raise KeyboardInterrupt

    def epoch(self, figures: EpochFigures) -> None:
        if self.at == "end" and figures.epoch == self.at_epoch:
            raise KeyboardInterrupt

    def end(self) -> None:
        self.ended = True


def assert_same_weights(first: Bundle, second: Bundle) -> None:
    assert first.weights.keys() == second.weights.keys()
    for name, value in first.weights.items():
        np.testing.assert_array_equal(value, second.weights[name], err_msg=name)


def digits_test_pictures() -> tuple[np.ndarray, np.ndarray]:
    source = open_source("digits")
    part = source.parts["test"]
    reading = source.read("test", np.arange(len(part)), source.default_preprocessing())
    return reading.images, part.labels


def test_the_run_directory_is_complete(digits_run: Run) -> None:
    files = {path.name for path in digits_run.path.iterdir()}
    assert files == {
        "bundle.safetensors",
        "recipe.toml",
        "metrics.jsonl",
        "predictions.csv",
        "report.html",
        "result.json",
        "figures",
    }
    figures = list((digits_run.path / "figures").iterdir())
    assert figures
    for figure in figures:
        assert figure.suffix == ".png"
        assert figure.read_bytes().startswith(b"\x89PNG")
    assert b"</html>" in (digits_run.path / "report.html").read_bytes()
    assert json.loads((digits_run.path / "result.json").read_text("utf-8")) == digits_run.to_dict()


def test_metrics_have_a_line_per_epoch(digits_run: Run) -> None:
    lines = [json.loads(line) for line in (digits_run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    for line, figures in zip(lines, digits_run.epochs, strict=True):
        assert line.pop("learning_rate") == figures.learning_rate
        assert line == figures.to_dict()


def test_the_document_has_the_documented_keys(digits_run: Run) -> None:
    document = json.loads(json.dumps(digits_run.to_dict(), allow_nan=False))
    assert set(document) == {
        *("run", "net", "data", "engine", "parameters", "seconds"),
        *("epochs", "best_epoch", "test", "watch", "notes"),
    }
    keys = {"epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds"}
    assert [set(epoch) for epoch in document["epochs"]] == [keys, keys]
    assert {"accuracy", "loss", "per_class", "split", "count", "confusion"} == set(document["test"])
    assert (document["run"], document["net"], document["data"]) == (
        str(digits_run.path),
        "convnet-bn",
        "digits",
    )
    assert (document["engine"], document["test"]["split"], document["test"]["count"]) == (
        "lanes" if lanes.available() else "torch",
        "test",
        359,
    )
    convolutions, norms, linear = 25 * 16 + 16 + 25 * 16 * 32 + 32, 2 * 16 + 2 * 32, 128 * 10 + 10
    assert document["parameters"] == convolutions + norms + linear


def test_predictions_are_of_the_test_pictures(digits_run: Run) -> None:
    images, labels = digits_test_pictures()
    with (digits_run.path / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["class"]) for row in rows] == labels.tolist()
    assert len({row["picture"] for row in rows}) == 359
    right = [row["class"] == row["predicted"] for row in rows]
    assert [row["correct"] == "1" for row in rows] == right
    assert np.mean(right) == digits_run.evaluation.accuracy

    module = digits_run.bundle.to_module()
    with torch.no_grad():
        batch = torch.from_numpy(images.transpose(0, 3, 1, 2) / 255).float()
        expected = torch.softmax(module(batch).double(), 1).max(1).values
    np.testing.assert_allclose([float(row["probability"]) for row in rows], expected.numpy(), atol=2e-6)
    assert digits_run.evaluation.accuracy > 0.85  # it learned something


def test_the_evaluation_can_be_repeated(digits_run: Run, own_runs: dict[str, Run]) -> None:
    for run in (digits_run, *own_runs.values()):
        again = convscope.evaluate(run.path)
        assert again.to_dict() == run.evaluation.to_dict()
    assert Bundle.load(digits_run.path).info["metrics"]["test"]["accuracy"] == digits_run.evaluation.accuracy


def test_a_recipe_by_its_file_or_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('data = "digits"\nepochs = 1\nlr = 0.003\n')
    assert pipeline.chosen_recipe(None, None, str(file), {"epochs": 2}).lr == 0.003
    assert pipeline.chosen_recipe(None, None, file, {"epochs": 2}).epochs == 2
    assert pipeline.chosen_recipe(None, None, "mnist-fast", {}).net == "convnet-bn-8-16"


def test_a_named_data_set_keeps_its_name_beside_a_folder_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    run = convscope.train("digits", **FAST, out=tmp_path / "run")
    assert run.recipe.data == "digits"


def test_recipe_toml_replays_the_run(digits_run: Run, tmp_path: Path) -> None:
    recipe = Recipe.of(**Recipe.read(digits_run.path / "recipe.toml"))
    assert (recipe.net, recipe.epochs, recipe.size, recipe.weight_decay) == ("convnet-bn", 2, (8, 8), 0.01)
    torch.manual_seed(99)
    replayed = convscope.train(recipe=recipe, out=tmp_path / "again", quiet=True)
    assert_same_weights(Bundle.load(replayed.path), Bundle.load(digits_run.path))
    assert replayed.evaluation.to_dict() == digits_run.evaluation.to_dict()


def test_another_seed_gives_other_weights_on_the_same_test_pictures(digits_run: Run, tmp_path: Path) -> None:
    other = convscope.train("digits", net="convnet-bn", epochs=1, seed=1, out=tmp_path, quiet=True)
    assert (other.bundle.weights["conv1.weight"] != digits_run.bundle.weights["conv1.weight"]).any()
    names = [
        [line.split(",")[0] for line in (path / "predictions.csv").read_text().splitlines()]
        for path in (other.path, digits_run.path)
    ]
    assert names[0] == names[1]


def test_dropout_and_own_code_repeat_too(net_file: Callable[..., Path], tmp_path: Path) -> None:
    runs = [
        convscope.train("digits", net=str(net_file()), epochs=1, out=tmp_path / name, quiet=True)
        for name in "ab"
    ]
    assert_same_weights(runs[0].bundle, runs[1].bundle)
    first = Bundle.load(tmp_path / "a" / "initial.safetensors")
    assert (first.weights["conv1.weight"] != runs[0].bundle.weights["conv1.weight"]).any()


def test_the_callers_module_is_left_as_it_is(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(SAMPLER_NET, namespace)
    module = namespace["Sampler"]()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    run = convscope.train("digits", **{**FAST, "net": module}, out=tmp_path / "run")
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    assert run.bundle.net == "Sampler"


def test_latest_follows_the_newest_run_that_has_a_bundle(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = (convscope.train("digits", **FAST) for _ in range(2))
    assert first.path != second.path
    assert first.path.parent == Path("runs")
    assert "digits-simple-cnn-4-8" in first.path.name
    latest = Path("runs/latest")
    assert latest.resolve() == second.path.resolve()
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", **FAST, progress=InterruptIn(1, at="step"))
    assert len([path for path in Path("runs").iterdir() if path.name != "latest"]) == 2  # nothing is kept
    assert latest.resolve() == second.path.resolve()
    assert_same_weights(Bundle.load("runs/latest"), second.bundle)
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", **{**FAST, "epochs": 2}, progress=InterruptIn(2, at="step"))
    assert latest.resolve() not in (first.path.resolve(), second.path.resolve())
    Bundle.load("runs/latest")


def test_where_links_are_not_to_be_had_latest_is_a_file(tmp_path: Path, monkeypatch: Any) -> None:
    def no_links(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "symlink_to", no_links)
    run = convscope.train("digits", **FAST)
    assert Path("runs/latest").read_text() == run.path.name
    assert_same_weights(Bundle.load("runs/latest"), run.bundle)
    series = convscope.train_seeds("digits", seeds=2, **FAST)
    assert Path("runs/latest").read_text() == f"{series.path.name}/seed-1"
    assert_same_weights(Bundle.load("runs/latest"), Bundle.load(series.path / "seed-1"))


@pytest.mark.parametrize("net", ["convnet-bn", "sampler"])
def test_an_interrupted_run_leaves_the_best_weights_so_far(
    net: str, tmp_path: Path, net_file: Callable[..., Path]
) -> None:
    settings = {
        **FAST,
        "net": net if net != "sampler" else str(net_file(SAMPLER_NET)),
        "schedule": "constant",
    }
    listener = InterruptIn(2, at="step")
    with pytest.raises(KeyboardInterrupt) as caught:
        convscope.train("digits", **{**settings, "epochs": 3}, out=tmp_path / "cut", progress=listener)
    assert listener.ended
    assert caught.value.__notes__ == [
        f"{tmp_path}/cut keeps its best weights (epoch 1) and a checkpoint. To go on:\n"
        f"  convscope train --resume {tmp_path}/cut"
    ]
    whole = convscope.train("digits", **settings, out=tmp_path / "whole")  # its one epoch is the same
    left = Bundle.load(tmp_path / "cut")
    assert_same_weights(left, whole.bundle)
    assert left.info["metrics"] == {"epoch": 1}
    assert len((tmp_path / "cut" / "metrics.jsonl").read_text().splitlines()) == 1
    assert convscope.evaluate(left).accuracy == whole.evaluation.accuracy


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    with pytest.raises(ConvscopeError, match="is there already and not empty"):
        convscope.train("digits", **FAST, out=tmp_path)
    with pytest.raises(ConvscopeError, match=r"keep\.txt is a file; --out is a folder"):
        convscope.train("digits", **FAST, out=tmp_path / "keep.txt")
    with pytest.raises(ConvscopeError, match="cannot make the folder"):
        convscope.train("digits", **FAST, out=tmp_path / "keep.txt" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["keep.txt"]


def test_no_space_is_said_with_the_file(tmp_path: Path, monkeypatch: Any) -> None:
    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(ConvscopeError, match=r"cannot write .*recipe\.toml: No space left on device"):
        convscope.train("digits", **FAST, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3)])
def test_a_folder_without_test_pictures_is_evaluated_in_validation(
    mode: str, channels: int, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    counts = {"train/cat": 8, "train/dog": 7, "val/cat": 3, "val/dog": 2}
    heard = Heard()
    run = convscope.train(
        picture_folder(counts, mode=mode),
        net="simple-cnn-4-8",
        epochs=1,
        normalize=True,
        out=tmp_path / "run",
        progress=heard,
    )
    assert (run.evaluation.split, run.evaluation.count) == ("validation", 5)
    assert any("no test set: these are validation figures" in note for note in run.notes)
    assert {f"note: {note}" for note in run.notes} <= set(heard.notes)
    assert run.bundle.classes == ("cat", "dog")
    preprocessing = Bundle.load(run.path).preprocessing
    assert preprocessing.input_shape == (channels, 12, 12)
    pictures = [
        np.asarray(Bundle.load(run.path).preprocessing.read(path), dtype=np.float64) / 255
        for path in sorted((tmp_path / "pictures" / "train").rglob("*.png"))
    ]
    np.testing.assert_allclose(preprocessing.mean, np.mean(pictures, axis=(0, 1, 2)), atol=1e-6)
    np.testing.assert_allclose(preprocessing.std, np.std(pictures, axis=(0, 1, 2)), atol=1e-6)
    again = convscope.evaluate(run.path)
    assert again.to_dict() == run.evaluation.to_dict()
    predictions = run.bundle.predict(sorted((tmp_path / "pictures" / "val").rglob("*.png")))
    right = [Path(p.path or "").parent.name == p.label for p in predictions]
    assert np.mean(right) == run.evaluation.accuracy


def test_without_anything_held_out_the_figures_are_of_the_training(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder({"cat": 4, "dog": 4})
    settings = {"net": "simple-cnn-4-8", "validation": 0, "test_fraction": 0, "quiet": True}
    run = convscope.train(folder, epochs=2, out=tmp_path / "run", **settings)
    assert (run.evaluation.split, run.evaluation.count, run.best_epoch) == ("train", 8, 2)
    assert "the final figures are of the training pictures" in run.notes[-1]
    assert run.epochs[0].validation_accuracy is None
    assert convscope.evaluate(run.path).to_dict() == run.evaluation.to_dict()


def test_pictures_too_small_for_a_network_are_enlarged(tmp_path: Path) -> None:
    run = convscope.train("digits", **{**FAST, "net": "lenet-5"}, out=tmp_path / "run")
    assert "pictures are enlarged from 8×8 to 16×16, which lenet-5 needs." in run.notes
    assert run.bundle.preprocessing.input_shape == (1, 16, 16)
    with pytest.raises(ShapeError, match="lenet-5"):
        convscope.train("digits", **{**FAST, "net": "lenet-5", "size": 8}, out=tmp_path / "other")


FRESH = """
import json, sys
import numpy as np
from convscope.bundle import Bundle
bundle = Bundle.load(sys.argv[1])
print(json.dumps(bundle.probabilities(np.load(sys.argv[2])).tolist()))
"""


def test_own_networks_predict_in_a_fresh_process_without_their_file(
    own_runs: dict[str, Run], own_files: dict[str, Path], tmp_path: Path
) -> None:
    images = digits_test_pictures()[0][:7]
    np.save(tmp_path / "images.npy", images)
    assert own_runs["traced"].bundle.graph is not None
    assert own_runs["sampler"].bundle.graph is None
    for name, run in own_runs.items():
        assert not own_files[name].exists()
        answer = subprocess.run(
            [sys.executable, "-c", FRESH, str(run.path), str(tmp_path / "images.npy")],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        expected = run.bundle.probabilities(images)
        np.testing.assert_array_equal(np.array(json.loads(answer.stdout), np.float32), expected)
        with (run.path / "predictions.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))[:7]
        np.testing.assert_allclose([float(r["probability"]) for r in rows], expected.max(1), atol=2e-6)


def test_warnings_about_the_network_are_told_once(net_file: Callable[..., Path], tmp_path: Path) -> None:
    heard = Heard()  # Python's own warnings would be errors here
    file = net_file(SAMPLER_NET)
    convscope.train("digits", **{**FAST, "net": str(file)}, out=tmp_path / "run", progress=heard)
    assert [note.split("]")[0] for note in heard.notes if note.startswith("warning")] == [
        "warning: [not-in-graph"
    ]


def test_warnings_are_told_even_where_preparing_fails(tmp_path: Path) -> None:
    class Softmax(torch.nn.Sequential):
        def __init__(self) -> None:
            super().__init__(torch.nn.Flatten(), torch.nn.Linear(64, 10), torch.nn.Softmax(1))

    heard = Heard()
    with pytest.raises(UsageError, match="--test-fraction"):
        convscope.train("digits", net=Softmax, test_fraction=0.2, out=tmp_path / "run", progress=heard)
    assert any("softmax-output" in note for note in heard.notes)


def test_a_network_that_cannot_be_kept_is_refused_before_the_training(tmp_path: Path) -> None:
    class Branches(torch.nn.Sequential):
        def __init__(self) -> None:
            super().__init__(torch.nn.Flatten(), torch.nn.Linear(64, 10))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x if x.sum() > 0 else -x)

    with pytest.raises(UnsupportedOperation):
        convscope.train("digits", net=Branches, out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_a_network_given_from_python_is_no_part_of_the_recipe(tmp_path: Path) -> None:
    class Flat(torch.nn.Sequential):
        def __init__(self) -> None:
            super().__init__(torch.nn.Flatten(), torch.nn.Linear(64, 10))

    run = convscope.train("digits", net=Flat, epochs=1, out=tmp_path / "run", quiet=True)
    assert "Flat was given from Python, so recipe.toml alone does not replay the run." in run.notes


def test_a_network_that_is_not_made_whole_is_said(tmp_path: Path) -> None:
    class Forgot(torch.nn.Module):
        def __init__(self) -> None:
            pass

    with pytest.raises(ConvscopeError, match=r"Forgot is not made whole: __init__ should call super"):
        convscope.train("digits", net=Forgot, out=tmp_path / "run", quiet=True)


def test_a_loss_that_is_no_number_is_told_with_the_epoch(tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match=r"in epoch \d.*--lr"):
        convscope.train(
            "digits", **{**FAST, "optimizer": "sgd", "lr": 1e30, "schedule": "constant"}, out=tmp_path / "run"
        )


def test_the_bundle_must_know_the_classes(digits_run: Run, picture_folder: Callable[..., Path]) -> None:
    with pytest.raises(ConvscopeError, match=r"missing 0, 1.*unknown to the network cat, dog"):
        convscope.evaluate(digits_run.bundle, str(picture_folder({"cat": 5, "dog": 5})))
    nameless = Bundle(
        net="x",
        classes=digits_run.bundle.classes,
        preprocessing=digits_run.bundle.preprocessing,
        graph=digits_run.bundle.graph,
        weights=digits_run.bundle.weights,
    )
    with pytest.raises(UsageError, match="does not say which data"):
        convscope.evaluate(nameless)
    assert convscope.evaluate(nameless, "digits").accuracy == digits_run.evaluation.accuracy


def test_the_best_weights_are_kept_and_evaluated(tmp_path: Path, monkeypatch: Any) -> None:
    """A first epoch that learns and a second that wrecks it."""

    def rates(_: str, peak: float, steps: int) -> np.ndarray:
        return np.repeat([peak, 30 * peak], steps // 2)

    monkeypatch.setattr(loop, "learning_rates", rates)
    settings = {"net": "convnet-bn", "epochs": 2, "optimizer": "adam", "lr": 0.01, "quiet": True}
    best = convscope.train("digits", **settings, out=tmp_path / "best")
    last = convscope.train("digits", **settings, keep="last", out=tmp_path / "last")
    accuracies = [figures.validation_accuracy or 0.0 for figures in best.epochs]
    assert accuracies[0] > accuracies[1] + 0.2
    assert (best.best_epoch, last.best_epoch) == (1, 2)
    assert best.evaluation.accuracy > last.evaluation.accuracy + 0.2
    for run in (best, last):
        assert convscope.evaluate(run.path).to_dict() == run.evaluation.to_dict()
