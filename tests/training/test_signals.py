"""Signals from a file to a run, on both engines, and everything that is done with a run of pictures."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import convscope
from convscope import native
from convscope.bundle import Bundle
from convscope.data import ArrayPreprocessing, SignalSource, open_source
from convscope.errors import ConvscopeError, DataError, ShapeError, UsageError
from convscope.lanes import pace
from convscope.training import steps
from convscope.training.pipeline import Run
from convscope.training.progress import Silent

from ..conftest import Command, needs_lanes

LENGTH = 64
ENGINES = ["torch", pytest.param("lanes", marks=needs_lanes)]

OWN_NET = """
import torch
import torch.nn as nn
import torch.nn.functional as F


class Tones(nn.Module):
    def __init__(self, num_classes=2):
        super().__init__()
        self.conv = nn.Conv1d(2, 8, 7, stride=2, padding=3)
        self.norm = nn.BatchNorm1d(8)
        self.fc = nn.Linear(8, num_classes)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.norm(self.conv(x))), 2)
        return self.fc(x.mean(dim=2))


class Sorted(nn.Module):  # the graph has no sort
    def __init__(self, num_classes=2):
        super().__init__()
        self.conv = nn.Conv1d(2, 8, 7)
        self.fc = nn.Linear(8, num_classes)

    def forward(self, x):
        return self.fc(torch.sort(F.relu_(self.conv(x)), dim=2).values[:, :, -1])
"""


def tones(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two channels around 40 and -7, a slow or a fast sine in both, with noise: (N, 2, 64) and names."""
    random = np.random.default_rng(seed)
    fast = random.integers(0, 2, count)
    time = np.arange(LENGTH) / LENGTH
    phase = random.random((count, 1))
    wave = np.sin(2 * np.pi * (np.where(fast, 9, 4)[:, None] * time + phase))
    signals = np.stack([40 + 3 * wave, -7 + 0.2 * wave], axis=1)
    signals += random.normal(0, 1, signals.shape) * np.array([1.0, 0.07])[:, None]
    return signals, np.array(["slow", "fast"])[fast]


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("signals") / "tones.npz"
    train, test = tones(400, 1), tones(120, 2)
    np.savez(path, signals=train[0], labels=train[1], test_signals=test[0], test_labels=test[1])
    return path


@pytest.fixture(scope="session", params=ENGINES)
def run(request: pytest.FixtureRequest, file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("runs") / request.param
    return convscope.train(
        file, epochs=6, batch_size=32, normalize=True, engine=request.param, out=out, quiet=True
    )


class CtrlC(Silent):
    """Ctrl-C as soon as the second epoch is heard of."""

    def step(self, epoch: int, *_: Any) -> None:
        if epoch == 2:
            signal.raise_signal(signal.SIGINT)


def by_hand(weights: Any, signals: np.ndarray, train: np.ndarray) -> np.ndarray:
    """simple-cnn-1d in float64 on signals normalised with NumPy."""
    w = {name: torch.from_numpy(np.array(value)).double() for name, value in weights.items()}
    exact, of = signals.astype(np.float32).astype(float), train.astype(np.float32).astype(float)
    mean, std = of.mean(axis=(0, 2), keepdims=True), of.std(axis=(0, 2), keepdims=True)
    x = torch.from_numpy((exact - mean) / std)
    for name in ("conv1", "conv2"):
        x = F.max_pool1d(F.relu(F.conv1d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=2)), 2)
    return (x.mean(dim=2) @ w["linear.weight"].T + w["linear.bias"]).numpy()


def training_part(run: Run) -> np.ndarray:
    """The signals that were trained on, in the file's own numbers."""
    source = open_source(run.recipe.data)
    from convscope.data import load

    dataset = load(source, source.default_preprocessing(), validation=0.1, seed=0)
    return dataset.train.images


def test_it_learns_the_tones(run: Run) -> None:
    assert run.bundle.net == "simple-cnn-1d"  # the default of signals
    assert run.evaluation.split == "test"
    assert run.evaluation.count == 120
    assert run.evaluation.accuracy >= 0.95
    assert run.bundle.classes == ("fast", "slow")
    assert isinstance(run.bundle.preprocessing, ArrayPreprocessing)
    assert run.bundle.preprocessing.input_shape == (2, LENGTH)


def test_the_statistics_are_of_the_training_part(run: Run) -> None:
    train = training_part(run).astype(float)
    assert len(train) == 360
    mean = run.bundle.preprocessing.mean
    assert mean is not None
    np.testing.assert_allclose(mean, train.mean(axis=(0, 2)), rtol=1e-12)


def test_outputs_are_those_of_a_module_by_hand(run: Run) -> None:
    signals, _ = tones(50, 3)
    expected = by_hand(run.bundle.weights, signals, training_part(run))
    stored = np.stack([run.bundle.preprocessing.one(signal) for signal in signals])
    np.testing.assert_allclose(run.bundle.logits(stored), expected, atol=2e-5)

    module = run.bundle.to_module()
    with torch.no_grad():
        batch = torch.from_numpy(run.bundle.preprocessing.batch(stored))
        np.testing.assert_allclose(module(batch).numpy(), expected, atol=2e-5)


def test_the_bundle_comes_back_and_predicts(run: Run, tmp_path: Path) -> None:
    loaded = Bundle.load(run.path)
    assert loaded.preprocessing == run.bundle.preprocessing
    assert repr(loaded) == f"Bundle('simple-cnn-1d', 2 classes, signals of (2, {LENGTH}))"
    signals, names = tones(30, 4)
    np.save(tmp_path / "one.npy", signals[0])
    many = loaded.predict(signals)
    assert np.mean([p.label == name for p, name in zip(many, names, strict=True)]) >= 0.9
    files = loaded.predict([tmp_path / "one.npy", (tmp_path / "one.npy").read_bytes(), signals[0]])
    assert [p.path for p in files] == [str(tmp_path / "one.npy"), None, None]
    (alone,) = loaded.predict(signals[0])
    for one in (*files, alone):  # PyTorch's last bits depend on how many there are
        assert [name for name, _ in one.top] == [name for name, _ in many[0].top]
        np.testing.assert_allclose([p for _, p in one.top], [p for _, p in many[0].top], atol=1e-6)


@pytest.mark.parametrize("length", [9, LENGTH + 1])
def test_a_bundle_that_does_not_fit_its_network_is_damaged(run: Run, length: int, tmp_path: Path) -> None:
    other = replace(run.bundle, preprocessing=ArrayPreprocessing(shape=(2, length)))
    other.save(tmp_path / "other.safetensors")
    with pytest.raises(ConvscopeError, match=rf"damaged: signals of \(2, {length}\) for \(2, {LENGTH}\)"):
        Bundle.load(tmp_path / "other.safetensors")


def test_what_cannot_be_read_does_not_stop_the_others(run: Run, tmp_path: Path) -> None:
    signals, _ = tones(3, 5)
    signals[1, 0, 7] = np.nan
    results = run.bundle.predict([*signals, tmp_path / "gone.npy", signals[0, :, :9], "a.png"])
    assert [result.error is None for result in results] == [True, False, True, False, False, False]
    assert results[1].error == (
        "the signal holds nan at position 7 of channel 0; fill or leave out what was not measured."
    )
    with pytest.raises(DataError, match=f"cut or pad its 9 values per channel to {LENGTH}"):
        _ = results[4].label


def test_logits_of_other_arrays_are_refused(run: Run) -> None:
    for signals in (
        np.zeros((3, 2, LENGTH)),
        np.zeros((3, 2, 9), np.float32),
        np.zeros((3, 8, 8, 1), np.uint8),
    ):
        with pytest.raises(ShapeError, match=rf"the bundle takes float32 \(N, 2, {LENGTH}\)"):
            run.bundle.logits(signals)


def test_the_run_can_be_evaluated_again(run: Run) -> None:
    assert convscope.evaluate(run.path).to_dict() == run.evaluation.to_dict()


def test_the_files_of_the_run(run: Run, file: Path) -> None:
    with (run.path / "predictions.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["picture"] for row in rows] == [f"tones/test/{i}" for i in range(120)]
    assert [row["class"] for row in rows] == tones(120, 2)[1].tolist()
    assert b"</html>" in (run.path / "report.html").read_bytes()
    recipe = (run.path / "recipe.toml").read_text("utf-8")
    assert f'data = "{file}"' in recipe
    assert not any(f"\n{name} =" in recipe for name in ("size", "channels", "resize"))


def test_a_recipe_repeats_the_bits(run: Run, tmp_path: Path) -> None:
    again = convscope.train(recipe=run.path / "recipe.toml", out=tmp_path / "again", quiet=True)
    for name, weight in run.bundle.weights.items():
        np.testing.assert_array_equal(weight, again.bundle.weights[name], err_msg=name)


@needs_lanes
def test_both_engines_take_the_same_steps(file: Path, tmp_path: Path) -> None:
    runs = [
        convscope.train(
            file,
            epochs=1,
            normalize=True,
            optimizer="sgd",
            lr=0.05,
            engine=engine,
            out=tmp_path / engine,
            quiet=True,
        )
        for engine in ("lanes", "torch")
    ]
    for name, weight in runs[0].bundle.weights.items():
        np.testing.assert_allclose(weight, runs[1].bundle.weights[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_data_stays_as_it_is(engine: str, normalize: bool, tmp_path: Path) -> None:
    signals, labels = tones(60, 6)
    signals = signals.astype(np.float32)
    before = signals.copy()
    source = SignalSource(signals, labels, name="arrays")
    run = convscope.train(
        source, epochs=1, engine=engine, normalize=normalize, out=tmp_path / "run", quiet=True
    )
    np.testing.assert_array_equal(signals, before)
    assert run.bundle.info["data"]["name"] == "arrays"
    assert convscope.evaluate(run.path, source).to_dict() == run.evaluation.to_dict()
    with pytest.raises(UsageError, match="trained on arrays in memory, which are not kept; give the data"):
        convscope.evaluate(run.path)


@pytest.mark.parametrize("given", ["file", "arrays"])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_run_goes_on(
    engine: str, given: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SECONDS", 1e-9)  # lanes is heard of step by step
    data = file if given == "file" else SignalSource(*tones(200, 1), name="arrays")
    settings: dict[str, Any] = {"epochs": 3, "batch_size": 32, "normalize": True, "engine": engine}
    whole = convscope.train(data, **settings, out=tmp_path / "whole", quiet=True)
    with pytest.raises(KeyboardInterrupt):
        convscope.train(data, **settings, out=tmp_path / "run", progress=CtrlC())
    again = {} if given == "file" else {"data": data}
    resumed = convscope.train(resume=tmp_path / "run", **again, quiet=True)  # type: ignore[arg-type]
    for name, weight in whole.bundle.weights.items():
        np.testing.assert_array_equal(weight, resumed.bundle.weights[name], err_msg=name)
    assert resumed.bundle.preprocessing == whole.bundle.preprocessing


def test_steps_in_a_persons_own_hands(file: Path, tmp_path: Path) -> None:
    training = steps(file, epochs=3, batch_size=32, normalize=True, engine="torch", quiet=True)
    for step in training:
        assert step.images.shape[1:] == (2, LENGTH)
        step.take(F.cross_entropy(step.logits, step.labels))
    run = training.finish(tmp_path / "own")
    same = convscope.train(
        file, epochs=3, batch_size=32, normalize=True, engine="torch", out=tmp_path / "run", quiet=True
    )
    for name, weight in same.bundle.weights.items():
        np.testing.assert_allclose(weight, run.bundle.weights[name], atol=1e-6, err_msg=name)


@pytest.mark.parametrize("net", ["Tones", "Sorted"])
@pytest.mark.filterwarnings("ignore::convscope.errors.ConvscopeWarning")
def test_a_network_of_ones_own(net: str, net_file: Callable[..., Path], file: Path, tmp_path: Path) -> None:
    spec = f"{net_file(OWN_NET)}:{net}"
    run = convscope.train(
        file, net=spec, epochs=10, batch_size=32, normalize=True, out=tmp_path / "run", quiet=True
    )
    assert (run.bundle.graph is None) is (net == "Sorted")
    assert run.evaluation.accuracy >= 0.9
    loaded = Bundle.load(run.path)
    signals, names = tones(40, 7)
    predictions = loaded.predict(signals)
    assert np.mean([p.label == name for p, name in zip(predictions, names, strict=True)]) >= 0.8
    assert convscope.evaluate(run.path).to_dict() == run.evaluation.to_dict()


def test_a_network_for_other_signals_is_told_so(net_file: Callable[..., Path], tmp_path: Path) -> None:
    source = SignalSource(tones(30, 8)[0][:, 0], np.arange(30) % 2, name="mono")
    with pytest.raises(ShapeError, match=rf"does not take signals of 1×{LENGTH}.*channels and length"):
        convscope.train(source, net=f"{net_file(OWN_NET)}:Tones", out=tmp_path / "run", quiet=True)


def test_seeds(file: Path, tmp_path: Path) -> None:
    source = open_source(file)
    series = convscope.train_seeds(
        source, seeds=2, epochs=2, normalize=True, out=tmp_path / "series", quiet=True
    )
    alone = convscope.train(file, seed=1, epochs=2, normalize=True, out=tmp_path / "alone", quiet=True)
    second = Bundle.load(series.path / series.runs[1].run)
    for name, weight in alone.bundle.weights.items():
        np.testing.assert_array_equal(weight, second.weights[name], err_msg=name)


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"shift": 2}, UsageError, "--shift is for pictures; .*has signals"),
        ({"crop": 2, "flip": True}, UsageError, "--crop and --flip are for pictures"),
        ({"cutout": 2}, UsageError, "--cutout is for pictures"),
        ({"size": 32}, UsageError, "--size is for pictures"),
        ({"channels": 1}, UsageError, "--channels is for pictures"),
        ({"resize": "fit"}, UsageError, "--resize is for pictures"),
        ({"invert": True}, UsageError, "--invert is for pictures"),
        ({"net": "resnet-8"}, ShapeError, "resnet-8 is for pictures"),
        ({"early_stopping": 1, "validation": 0}, UsageError, "needs validation signals"),
    ],
)
def test_what_signals_cannot_have(
    settings: dict[str, Any], kind: type[ConvscopeError], words: str, file: Path, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=words):
        convscope.train(file, **settings, out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()


def test_too_short_for_the_network(tmp_path: Path) -> None:
    source = SignalSource(np.zeros((30, 3)), np.arange(30) % 2, name="short")
    with pytest.raises(ShapeError, match="pool2"):
        convscope.train(source, out=tmp_path / "run", quiet=True)


def test_numbers_far_from_one_are_noted(file: Path, tmp_path: Path) -> None:
    notes = {
        normalize: convscope.train(
            file, epochs=1, normalize=normalize, out=tmp_path / str(normalize), quiet=True
        ).notes
        for normalize in (False, True)
    }
    assert any("channel 0 of the signals has mean 39.9" in note for note in notes[False])
    assert not any("--normalize" in note for note in notes[True])


def test_pictures_and_signals_are_not_mixed_up(run: Run, digits_run: Run, file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvscopeError, match="digits does not have the classes"):
        convscope.evaluate(run.path, "digits")
    source = SignalSource(np.zeros((40, LENGTH)), np.arange(40) % 10, name="ten")
    with pytest.raises(DataError, match="ten has signals, and the network takes pictures of 1×8×8"):
        convscope.evaluate(digits_run.path, source)
    other = SignalSource(np.zeros((40, LENGTH)), np.array(["slow", "fast"] * 20), name="mono")
    with pytest.raises(DataError, match=f"mono has signals of 1×{LENGTH}"):
        convscope.evaluate(run.path, other)
    (result,) = digits_run.bundle.predict(np.zeros((2, LENGTH), np.float32))
    assert result.error is not None
    assert "uint8" in result.error


def test_the_command_line(convscope: Command, file: Path, tmp_path: Path) -> None:
    done = convscope("train", str(file), "--epochs", "4", "--normalize", "--batch-size", "32")
    assert done.returncode == 0, done.stderr
    assert "360 signals of 2×64 in 2 classes" in done.stderr
    assert "picture" not in done.stderr
    assert "Next    convscope predict runs/latest your-signal.npy" in done.stdout

    signals, names = tones(2, 9)
    np.save(tmp_path / "signal.npy", signals[0])
    np.save(tmp_path / "short.npy", signals[0, :, :9])
    done = convscope("predict", "runs/latest", "signal.npy")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].split()[:2] == ["signal", "class"]
    assert done.stdout.splitlines()[1].split()[:2] == ["signal.npy", names[0]]
    done = convscope("predict", "runs/latest", "short.npy", "signal.npy", "--json")
    assert done.returncode == 1
    first, second = json.loads(done.stdout)
    assert (set(first), second["class"]) == ({"path", "error"}, names[0])
    assert done.stderr.startswith(f"error: short.npy is 2×9, and the network takes 2×{LENGTH}")

    done = convscope("eval", "runs/latest", "--min-accuracy", "0.8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2].split()[-1] == "signals"
    np.savez(tmp_path / "more.npz", signals=tones(100, 5)[0], labels=tones(100, 5)[1])
    for given, count in (((), 15), (("--test-fraction", "0.4"), 40)):
        done = convscope("eval", "runs/latest", "--data", "more.npz", *given, "--json")
        assert json.loads(done.stdout)["count"] == count
    done = convscope("summary", "runs/latest")
    assert f"input 2×{LENGTH}" in done.stdout
    assert "of activations per signal" in done.stdout

    done = convscope("train", str(file), "--seeds", "2", "--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert "signal.npy" in done.stdout
    assert "with the run of seed 1" in done.stdout
    assert "figures of 120 test signals" in done.stdout
    assert "picture" not in done.stdout + done.stderr
    done = convscope("runs")
    assert done.stdout.count("tones-simple-cnn-1d") == 2
    folders = sorted(path.name for path in (tmp_path / "runs").iterdir() if not path.is_symlink())
    done = convscope("runs", "compare", *(f"runs/{name}" for name in folders))
    assert done.returncode == 0, done.stderr
    assert "picture" not in done.stdout
    runs = sorted(path.parent for path in (tmp_path / "runs").glob("*/*/result.json"))
    done = convscope("runs", "compare", *(str(path) for path in runs))
    assert "of the 120 test signals right" in done.stdout
    assert "picture" not in done.stdout
    done = convscope("train", str(file), "--flip")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: --flip is for pictures; {file} has signals.\n"


@needs_lanes
def test_lanes_trains_and_predicts_without_torch(convscope: Command, file: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "signal.npy", tones(1, 9)[0][0])
    code = (
        "import sys, convscope; "
        f"run = convscope.train({str(file)!r}, epochs=1, normalize=True, out='run', quiet=True); "
        "run.bundle.predict('signal.npy'); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=dict(os.environ), check=True)
    assert native.available()
