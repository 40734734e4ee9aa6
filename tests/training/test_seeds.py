"""`convscope.train_seeds`: many seeds, one folder, and what their figures come to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

import convscope
from convscope.bundle import Bundle
from convscope.errors import ConvscopeError, UnknownName, UsageError
from convscope.runs.seed_runs import SeedFigures, SeedRuns
from convscope.training import prepare, seeds
from convscope.training.engines.lanes_engine import LanesEngine
from convscope.training.engines.torch_engine import TorchEngine
from convscope.training.progress import Silent

from .conftest import TUTORIAL_NET

FAST = {"net": "simple-cnn-16-32", "epochs": 1, "quiet": True}


class Heard(Silent):
    """Listens, and may do something when a seed ends."""

    def __init__(self, at_seed: Callable[[int], None] = lambda _: None) -> None:
        self.notes: list[str] = []
        self.lines: list[str] = []
        self.at_seed = at_seed

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def seed(self, line: str) -> None:
        self.lines.append(line)
        self.at_seed(len(self.lines))


class InterruptIn(Heard):
    """Ctrl-C during a run, by its place in the series."""

    def __init__(self, run: int) -> None:
        super().__init__()
        self.run = run

    def step(self, *_: Any) -> None:
        if len(self.lines) == self.run - 1:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> SeedRuns:
    out = tmp_path_factory.mktemp("series") / "runs"
    return convscope.train_seeds("digits", seeds=3, seed=5, out=out, **FAST)


def results(series: SeedRuns) -> list[dict[str, Any]]:
    return [json.loads((series.path / run.run / "result.json").read_text("utf-8")) for run in series.runs]


def test_a_run_of_a_series_has_the_bits_of_that_seed(series: SeedRuns, tmp_path: Path) -> None:
    alone = convscope.train("digits", seed=7, out=tmp_path / "alone", **FAST)
    within = series.path / "seed-7"
    weights = Bundle.load(within).weights
    assert weights.keys() == alone.bundle.weights.keys()
    for name, value in alone.bundle.weights.items():
        assert weights[name].tobytes() == value.tobytes(), name
    for file in ("recipe.toml", "predictions.csv"):
        assert (within / file).read_bytes() == (alone.path / file).read_bytes()
    result = json.loads((within / "result.json").read_text("utf-8"))
    for name in ("test", "best_epoch", "net", "parameters", "notes"):
        assert result[name] == alone.to_dict()[name]


def test_so_has_one_whose_pictures_are_prepared(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = picture_folder({"cat": 10, "dog": 10})
    both = {**FAST, "normalize": True, "size": 10, "validation": 0.3}
    convscope.train_seeds(folder, seeds=2, out=tmp_path / "series", **both)
    alone = convscope.train(folder, seed=1, out=tmp_path / "alone", **both)
    within = Bundle.load(tmp_path / "series" / "seed-1")
    assert within.preprocessing == alone.bundle.preprocessing
    assert all((within.weights[name] == value).all() for name, value in alone.bundle.weights.items())


def test_every_run_is_whole_but_for_the_report(series: SeedRuns) -> None:
    assert {path.name for path in series.path.iterdir()} == {"seeds.json", "seed-5", "seed-6", "seed-7"}
    for run in series.runs:
        files = {path.name for path in (series.path / run.run).iterdir()}
        assert files == {
            *("bundle.safetensors", "recipe.toml", "metrics.jsonl", "predictions.csv", "result.json"),
        }


def test_the_figures_are_those_of_the_runs(series: SeedRuns) -> None:
    found = results(series)
    assert [run.seed for run in series.runs] == [5, 6, 7]
    assert [run.accuracy for run in series.runs] == [result["test"]["accuracy"] for result in found]
    assert [run.loss for run in series.runs] == [result["test"]["loss"] for result in found]
    assert len({run.accuracy for run in series.runs}) > 1  # the seed matters


@pytest.mark.parametrize(
    ("figure", "of"),
    [
        ("accuracy", lambda result: result["test"]["accuracy"]),
        ("loss", lambda result: result["test"]["loss"]),
        ("validation_accuracy", lambda result: result["epochs"][-1]["validation_accuracy"]),
        ("validation_loss", lambda result: result["epochs"][-1]["validation_loss"]),
        ("train_loss", lambda result: result["epochs"][-1]["train_loss"]),
        ("seconds", lambda result: result["seconds"]),
    ],
)
def test_spreads_are_scipys(series: SeedRuns, figure: str, of: Callable[[dict[str, Any]], float]) -> None:
    values = [of(result) for result in results(series)]
    spread = series.spread(figure)
    assert spread is not None
    assert spread.mean == pytest.approx(np.mean(values))
    assert spread.std == pytest.approx(np.std(values, ddof=1))
    low, high = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    most = 1.0 if "accuracy" in figure else np.inf
    assert (spread.low, spread.high) == pytest.approx((max(low, 0), min(high, most)), rel=1e-6)
    assert (spread.least, spread.most) == (min(values), max(values))


def test_recall_is_that_of_the_confusions(series: SeedRuns) -> None:
    confusions = np.array([result["test"]["confusion"] for result in results(series)])  # (seeds, truth, said)
    recalls = confusions.diagonal(axis1=1, axis2=2) / confusions.sum(axis=2)
    spreads = series.recall()
    assert list(spreads) == [str(digit) for digit in range(10)]
    for number, spread in enumerate(spreads.values()):
        assert spread is not None
        assert spread.mean == pytest.approx(recalls[:, number].mean())
        assert spread.std == pytest.approx(recalls[:, number].std(ddof=1))


def test_the_validation_figures_are_of_the_best_epoch_and_the_train_loss_of_the_last() -> None:
    epochs = [
        {
            "epoch": number,
            "train_loss": 1 / number,
            "train_accuracy": 0.5,
            "validation_loss": loss,
            "validation_accuracy": accuracy,
            "seconds": 1.0,
        }
        for number, (loss, accuracy) in enumerate([(0.5, 0.8), (0.4, 0.9), (0.6, 0.7)], start=1)
    ]
    test = {"split": "test", "accuracy": 0.75, "loss": None, "per_class": [], "confusion": np.zeros((0, 0))}
    document = {"best_epoch": 2, "seconds": 3.0, "epochs": epochs, "test": test}
    figures = SeedFigures.of(document, seed=4, run="seed-4")
    assert (figures.validation_accuracy, figures.validation_loss, figures.train_loss) == (0.9, 0.4, 1 / 3)
    assert np.isnan(figures.loss)
    record = json.loads(json.dumps(figures.to_dict(), allow_nan=False))
    assert record["loss"] is None
    assert np.isnan(SeedFigures.from_dict(record).loss)


def test_seeds_json_is_the_document_and_can_be_read_again(series: SeedRuns) -> None:
    document = json.loads((series.path / "seeds.json").read_text("utf-8"))
    assert document == json.loads(json.dumps(series.to_dict(), allow_nan=False))
    again = SeedRuns.load(series.path)
    assert again.to_dict() == series.to_dict()
    assert (document["seeds"], document["wanted"], document["split"]) == ([5, 6, 7], 3, "test")
    assert document["figures"]["accuracy"]["mean"] == pytest.approx(
        np.mean([run["accuracy"] for run in document["runs"]])
    )
    assert "seed" not in document["recipe"]
    assert document["recipe"]["epochs"] == 1


def test_test_pictures_are_read_once_per_run_at_its_end(tmp_path: Path, monkeypatch: Any) -> None:
    read: list[int] = []
    for kind in (LanesEngine, TorchEngine, Bundle):  # engines validate, the bundle ends

        def counted(self: Any, images: np.ndarray, logits: Any = kind.logits) -> Any:
            read.append(len(images))
            return logits(self, images)

        monkeypatch.setattr(kind, "logits", counted)
    convscope.train_seeds("digits", seeds=2, out=tmp_path / "s", **{**FAST, "epochs": 2})
    assert read == [144, 144, 359] * 2


def test_the_data_is_opened_once(tmp_path: Path, monkeypatch: Any) -> None:
    opened: list[str] = []
    open_source = prepare.open_source

    def counted(recipe: Any, progress: Any) -> Any:
        opened.append(recipe.data)
        return open_source(recipe, progress)

    monkeypatch.setattr(prepare, "open_source", counted)
    monkeypatch.setattr(seeds, "open_source", counted)
    convscope.train_seeds("digits", seeds=2, out=tmp_path / "s", **FAST)
    assert opened == ["digits"]


def test_one_line_per_seed_and_what_all_share_once(tmp_path: Path) -> None:
    class Softmax(torch.nn.Sequential):
        def __init__(self) -> None:
            super().__init__(torch.nn.Flatten(), torch.nn.Linear(64, 10), torch.nn.Softmax(1))

    heard = Heard()
    convscope.train_seeds("digits", seeds=2, net=Softmax, epochs=1, out=tmp_path / "s", progress=heard)
    assert [line.split()[:3] for line in heard.lines] == [["1/2", "seed", "0"], ["2/2", "seed", "1"]]
    assert max(map(len, heard.lines)) <= 80
    assert len(heard.notes) == len(set(heard.notes))
    assert sum("softmax-output" in note for note in heard.notes) == 1


def test_early_stopping_is_not_told_seed_by_seed(tmp_path: Path) -> None:
    heard = Heard()
    settings = {**FAST, "epochs": 3, "early_stopping": 1, "lr": 1e-30, "optimizer": "sgd"}
    series = convscope.train_seeds("digits", seeds=2, out=tmp_path / "s", progress=heard, **settings)
    assert not any("stopped after" in note for note in heard.notes)
    assert [len(result["epochs"]) for result in results(series)] == [2, 2]  # they did stop


def test_an_interrupted_series_keeps_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        convscope.train_seeds("digits", seeds=5, out=tmp_path / "s", progress=InterruptIn(3), **FAST)
    kept = SeedRuns.load(tmp_path / "s")
    assert ([run.seed for run in kept.runs], kept.wanted) == ([0, 1], 5)
    assert caught.value.__notes__ == [
        f"2 of 5 seeds are finished. To do the others:\n  convscope train --resume {tmp_path}/s"
    ]
    assert sorted(path.name for path in kept.path.iterdir()) == ["seed-0", "seed-1", "seeds.json"]


def test_nothing_is_left_of_a_series_that_comes_to_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        convscope.train_seeds("digits", seeds=2, progress=InterruptIn(1), **FAST)
    with pytest.raises(ConvscopeError, match="--lr") as caught:
        convscope.train_seeds("digits", seeds=2, lr=1e30, optimizer="sgd", **{**FAST, "epochs": 2})
    assert caught.value.__notes__ == ["Nothing is kept of this run.", "It was the first of 2 seeds."]
    assert list(Path("runs").iterdir()) == []


def test_the_folder_is_in_runs_and_latest_is_its_last_run(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    convscope.train("digits", **FAST)
    series = convscope.train_seeds("digits", seeds=2, **FAST)
    assert series.path.parent == Path("runs")
    assert series.path.name.endswith("-digits-simple-cnn-16-32-seeds")
    assert Path("runs/latest").resolve() == (series.path / "seed-1").resolve()
    assert Bundle.load("runs/latest").info["recipe"]["seed"] == 1
    with pytest.raises(ConvscopeError, match=r"is a folder of runs; give one of them, such as .*seed-0"):
        Bundle.load(series.path)


@pytest.mark.parametrize("count", [1, 0, -3])
def test_one_seed_has_no_spread(count: int) -> None:
    with pytest.raises(UsageError, match=f"--seeds {count} has no spread"):
        convscope.train_seeds("digits", seeds=count, **FAST)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConvscopeError, match="is there already and not empty"):
        convscope.train_seeds("digits", seeds=2, out=tmp_path, **FAST)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_network_that_brings_its_weights_is_said_to(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    heard = Heard()
    series = convscope.train_seeds(
        "digits", seeds=3, net=module, epochs=1, out=tmp_path / "s", progress=heard
    )
    assert heard.notes.count(f"note: {seeds.SAME_START}") == 1
    assert SeedRuns.load(series.path).notes.count(seeds.SAME_START) == 1


def test_own_code_gives_the_bits_of_its_seed_too(net_file: Callable[..., Path], tmp_path: Path) -> None:
    settings = {**FAST, "net": str(net_file())}
    convscope.train_seeds("digits", seeds=2, out=tmp_path / "s", **settings)
    alone = convscope.train("digits", seed=1, out=tmp_path / "alone", **settings)
    within = Bundle.load(tmp_path / "s" / "seed-1")
    assert all((within.weights[name] == value).all() for name, value in alone.bundle.weights.items())


def test_own_code_that_changes_in_between_is_refused(net_file: Callable[..., Path], tmp_path: Path) -> None:
    file = net_file()

    def edit(_: int) -> None:
        file.write_text(TUTORIAL_NET.replace("0.25", "0.5"))

    with pytest.raises(ConvscopeError, match="has changed before seed 1"):
        convscope.train_seeds(
            "digits", seeds=3, net=str(file), epochs=1, out=tmp_path / "s", progress=Heard(edit)
        )
    assert len(SeedRuns.load(tmp_path / "s").runs) == 1


def test_final_pictures_that_follow_the_seed_have_no_digest(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = picture_folder({"cat": 12, "dog": 12})
    settings = {**FAST, "test_fraction": 0, "validation": 0.25}
    series = convscope.train_seeds(folder, seeds=2, out=tmp_path / "a", **settings)
    assert (series.conditions.split, series.conditions.pictures) == ("validation", None)
    fixed = convscope.train_seeds(folder, seeds=2, out=tmp_path / "b", **{**settings, "test_fraction": 0.25})
    assert (fixed.conditions.split, len(fixed.conditions.pictures or "")) == ("test", 64)


@pytest.mark.parametrize("content", ["", "{}", '{"runs": 3}', "[1]"])
def test_a_damaged_file_is_said(content: str, tmp_path: Path) -> None:
    (tmp_path / "seeds.json").write_text(content)
    with pytest.raises(ConvscopeError, match=r"seeds\.json is not what"):
        SeedRuns.load(tmp_path)


def test_a_figure_that_there_is_not(series: SeedRuns) -> None:
    with pytest.raises(UnknownName, match="unknown figure 'acc': did you mean 'accuracy'"):
        series.spread("acc")
