"""A run that is stopped and resumed ends where one in a single go does, to the bit."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import convscope
from convscope import report
from convscope.bundle import Bundle
from convscope.errors import ConvscopeError, UsageError
from convscope.lanes import pace
from convscope.runs import state as run_state
from convscope.runs.directory import RunDirectory
from convscope.runs.run import Run
from convscope.runs.seed_runs import SeedRuns
from convscope.training import Recipe
from convscope.training.checkpoint import Checkpoint
from convscope.training.interruption import Interruption
from convscope.training.progress import Silent

from ..conftest import needs_lanes
from .conftest import SAMPLER_NET
from .test_pipeline import assert_same_weights

#: 21 steps an epoch, 63 in all; batch norm, momentum, a schedule, moves and a best epoch to keep.
SETTINGS = {
    "net": "convnet-bn",
    "epochs": 3,
    "shift": 1,
    "cutout": 2,
    "lr": 0.01,
    "checkpoint_minutes": 1e-9,  # after each step
}
STEPS, OF_EPOCH = 63, 21
KILLS = 20 if os.environ.get("CONVSCOPE_LONG") else 4  # each loads PyTorch
ENGINES = [pytest.param("lanes", marks=needs_lanes), "torch"]
KILLED = """
import json, os, signal, sys
import convscope
from convscope.lanes import pace
from convscope.training.progress import Silent

class Killer(Silent):
    def step(self, epoch, done, steps, *_):
        if (epoch - 1) * steps + done == at:
            os.kill(os.getpid(), signal.SIGKILL)

at, out, settings = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
pace.SECONDS = 1e-9
convscope.train("digits", out=out, progress=Killer(), **settings)
"""


class Press(Silent):
    """Ctrl-C at a step of the whole training, as often as wanted; counts the steps that follow."""

    def __init__(self, at: int, times: int = 1, number: int = signal.SIGINT) -> None:
        self.at, self.times, self.number, self.after = at, times, number, 0
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)

    def step(self, epoch: int, done: int, steps: int, *_: Any) -> None:
        now = (epoch - 1) * steps + done
        self.after += now > self.at
        if now == self.at:
            for _ in range(self.times):
                signal.raise_signal(self.number)


@pytest.fixture(autouse=True)
def _step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SECONDS", 1e-9)


@pytest.fixture(autouse=True, scope="module")
def _short_reports() -> Iterator[None]:
    """Most of the time of so short a run is its report's."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(report, "write", lambda _, folder: (folder / "report.html").write_text(""))
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    """The run in one go, by engine; each is made once."""
    made: dict[str, Run] = {}

    def run(engine: str) -> Run:
        if engine not in made:
            out = tmp_path_factory.mktemp("whole") / engine
            made[engine] = convscope.train("digits", engine=engine, out=out, quiet=True, **SETTINGS)
        return made[engine]

    return run


def stop(out: Path, at: int, **settings: Any) -> KeyboardInterrupt:
    listener = Press(at)
    with pytest.raises(KeyboardInterrupt) as caught:
        convscope.train("digits", out=out, progress=listener, **{**SETTINGS, **settings})
    assert listener.after == 0  # the step at work was the last
    return caught.value


def assert_same_run(resumed: Run, whole: Run) -> None:
    assert_same_weights(Bundle.load(resumed.path), Bundle.load(whole.path))
    assert resumed.evaluation.to_dict() == whole.evaluation.to_dict()
    assert resumed.best_epoch == whole.best_epoch
    for name in ("train_loss", "train_accuracy", "validation_loss", "learning_rate"):
        assert [getattr(e, name) for e in resumed.epochs] == [getattr(e, name) for e in whole.epochs], name
    files = [{path.name for path in run.path.iterdir()} for run in (resumed, whole)]
    assert files[0] == files[1]
    lines = [(run.path / "metrics.jsonl").read_text().splitlines() for run in (resumed, whole)]
    assert len(lines[0]) == len(lines[1]) == len(whole.epochs)
    predictions = [(run.path / "predictions.csv").read_bytes() for run in (resumed, whole)]
    assert predictions[0] == predictions[1]


def random_steps(seed: int, count: int) -> list[int]:
    return sorted(np.random.default_rng(seed).choice(np.arange(1, STEPS + 1), count, replace=False).tolist())


@pytest.mark.parametrize("engine", ENGINES)
def test_stopped_by_ctrl_c_at_twenty_random_steps(
    engine: str, whole: Callable[[str], Run], tmp_path: Path
) -> None:
    for at in random_steps(1, 20):
        out = tmp_path / str(at)
        stop(out, at, engine=engine)
        assert_same_run(convscope.train(resume=out, quiet=True), whole(engine))


@pytest.mark.parametrize(
    ("engine", "count"), [pytest.param("lanes", 20, marks=needs_lanes), ("torch", KILLS)]
)
def test_killed_at_random_steps(engine: str, count: int, whole: Callable[[str], Run], tmp_path: Path) -> None:
    for at in random_steps(2, count):
        out = tmp_path / str(at)
        settings = json.dumps({**SETTINGS, "engine": engine})
        done = subprocess.run([sys.executable, "-c", KILLED, str(at), str(out), settings], check=False)
        assert done.returncode == -signal.SIGKILL
        assert not (out / "result.json").exists()
        assert_same_run(convscope.train(resume=out, quiet=True), whole(engine))


@pytest.mark.parametrize("engine", ENGINES)
def test_stopped_again_and_again(engine: str, whole: Callable[[str], Run], tmp_path: Path) -> None:
    out = tmp_path / "run"
    stop(out, 5, engine=engine)
    for at in (OF_EPOCH - 1, OF_EPOCH, OF_EPOCH + 1, STEPS - 1):
        with pytest.raises(KeyboardInterrupt):
            convscope.train(resume=out, progress=Press(at))
    assert_same_run(convscope.train(resume=out, quiet=True), whole(engine))


@needs_lanes
def test_killed_between_two_files_of_an_epoch(
    whole: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest metrics and bundle are ahead of the checkpoint: they are cut to it."""
    saved = Checkpoint.save
    stop_at = 2

    def save(self: Checkpoint, path: Path) -> None:
        if self.standing.epoch > stop_at:
            raise KeyboardInterrupt
        saved(self, path)

    monkeypatch.setattr(Checkpoint, "save", save)
    out = tmp_path / "run"
    settings = {**SETTINGS, "checkpoint_minutes": 5}
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", engine="lanes", out=out, quiet=True, **settings)
    monkeypatch.setattr(Checkpoint, "save", saved)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 2
    assert Checkpoint.load(RunDirectory(out).checkpoint).standing.epoch == 2
    assert Bundle.load(out).info["metrics"]["epoch"] == 2
    listener = Press(OF_EPOCH + 1)
    with pytest.raises(KeyboardInterrupt):
        convscope.train(resume=out, progress=listener)
    assert len((out / "metrics.jsonl").read_text().splitlines()) == 1
    assert Bundle.load(out).info["metrics"]["epoch"] == 1
    assert_same_run(convscope.train(resume=out, quiet=True), whole("lanes"))


def test_a_run_without_a_checkpoint_begins_anew(whole: Callable[[str], Run], tmp_path: Path) -> None:
    out = tmp_path / "run"
    stop(out, 30, engine="torch")
    RunDirectory(out).checkpoint.unlink()
    listener = Press(10**9)
    assert_same_run(convscope.train(resume=out, progress=listener), whole("torch"))
    assert any("has no checkpoint yet" in note for note in listener.notes)


def test_interrupted_in_its_report_the_training_is_not_repeated(
    whole: Callable[[str], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.training import finishing

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(finishing, "write_outcome", interrupt)
        with pytest.raises(KeyboardInterrupt) as caught:
            convscope.train("digits", engine="torch", out=out, quiet=True, **SETTINGS)
    assert "--resume" in caught.value.__notes__[0]
    listener = Press(10**9)
    resumed = convscope.train(resume=out, progress=listener)
    assert_same_run(resumed, whole("torch"))
    assert listener.after == 0


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "momentum": 0.0, "schedule": "constant"},
        {"optimizer": "sgd", "nesterov": True, "clip_norm": 1.0, "keep": "last"},
        {"optimizer": "adam", "schedule": "cosine", "label_smoothing": 0.1, "validation": 0.0},
        {"epochs": 9, "early_stopping": 1, "lr": 0.03},
    ],
    ids=str,
)
@needs_lanes
def test_whatever_the_settings(settings: dict[str, Any], tmp_path: Path) -> None:
    whole = convscope.train("digits", out=tmp_path / "whole", quiet=True, **{**SETTINGS, **settings})
    stop(tmp_path / "cut", 33, **settings)
    assert_same_run(convscope.train(resume=tmp_path / "cut", quiet=True), whole)


@pytest.mark.parametrize("source", [None, SAMPLER_NET], ids=["traced", "not in the graph"])
def test_own_code(source: str | None, net_file: Callable[..., Path], tmp_path: Path) -> None:
    """Dropout and all; a traced network needs its file no more."""
    file = net_file(source) if source else net_file()
    whole = convscope.train("digits", out=tmp_path / "whole", quiet=True, **{**SETTINGS, "net": str(file)})
    stop(tmp_path / "cut", 33, net=str(file))
    if source is None:
        file.unlink()
    assert_same_run(convscope.train(resume=tmp_path / "cut", quiet=True), whole)


def test_a_module_at_hand_is_given_again(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {}
    exec(SAMPLER_NET, namespace)
    torch.manual_seed(0)
    module = namespace["Sampler"]()
    whole = convscope.train("digits", out=tmp_path / "whole", quiet=True, **{**SETTINGS, "net": module})
    stop(tmp_path / "cut", 33, net=module)
    assert_same_run(convscope.train(resume=tmp_path / "cut", net=module, quiet=True), whole)


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path, whole: Callable[[str], Run]) -> None:
    out = tmp_path / "run"
    listener = Press(OF_EPOCH + 9, times=2)
    with pytest.raises(KeyboardInterrupt):
        convscope.train(
            "digits", engine="torch", out=out, progress=listener, **{**SETTINGS, "checkpoint_minutes": 5}
        )
    standing = Checkpoint.load(RunDirectory(out).checkpoint).standing
    assert (standing.epoch, standing.steps) == (2, 0)  # what came after the last checkpoint is lost
    assert_same_run(convscope.train(resume=out, quiet=True), whole("torch"))


def test_sigterm_saves_too(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", out=tmp_path / "run", progress=Press(9, number=signal.SIGTERM), **SETTINGS)
    assert Checkpoint.load(RunDirectory(tmp_path / "run").checkpoint).standing.steps == 9


def test_signals_are_as_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_no_space_for_a_checkpoint_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Callable[[str], Run]
) -> None:
    out = tmp_path / "run"
    synced, full = os.fsync, {"after": 40}

    def fsync(descriptor: int) -> None:
        full["after"] -= 1
        if full["after"] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(
        ConvscopeError, match=r"cannot write .*: No space left on device; free some"
    ) as caught:
        convscope.train("digits", engine="torch", out=out, quiet=True, **SETTINGS)
    assert str(out) in str(caught.value)
    assert "To go on:" in caught.value.__notes__[0]
    monkeypatch.setattr(os, "fsync", synced)
    assert not list(out.rglob(".*"))  # nothing half-written beside
    assert Checkpoint.load(RunDirectory(out).checkpoint).standing.steps > 0
    assert_same_run(convscope.train(resume=out, quiet=True), whole("torch"))


def test_other_data_is_refused(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = picture_folder({"cat": 12, "dog": 12})
    with pytest.raises(KeyboardInterrupt):
        convscope.train(folder, net="simple-cnn-4-8", epochs=3, out=tmp_path / "run", progress=Press(1))
    moved = folder.rename(tmp_path / "moved")
    picture = next((moved / "cat").iterdir())
    content = picture.read_bytes()
    picture.write_bytes((moved / "dog" / picture.name).read_bytes())
    with pytest.raises(ConvscopeError, match=r"moved is not what .*run was trained on so far"):
        convscope.train(str(moved), resume=tmp_path / "run", quiet=True)
    picture.write_bytes(content)
    run = convscope.train(str(moved), resume=tmp_path / "run", quiet=True)
    assert run.recipe.data == str(moved)


def test_what_moves_the_last_bits_is_said(tmp_path: Path) -> None:
    stop(tmp_path / "run", 20, engine="torch")
    path = RunDirectory(tmp_path / "run").checkpoint
    checkpoint = Checkpoint.load(path)
    old = {**checkpoint.versions, "torch": "2.9.0"}
    replace(checkpoint, versions=old).save(path)
    run = convscope.train(resume=tmp_path / "run", quiet=True)
    assert "the run began with torch 2.9.0: its last bits may differ" in run.notes[-1]


def test_a_recipe_that_was_edited_is_refused(tmp_path: Path) -> None:
    stop(tmp_path / "run", 20)
    file = tmp_path / "run" / "recipe.toml"
    text = file.read_text()
    file.write_text(text.replace("lr = 0.01", "lr = 0.02").replace("threads = ", "threads = 1 # "))
    with pytest.raises(
        ConvscopeError, match=r"recipe\.toml is not what .* so far: lr was 0\.01\. Put it back"
    ):
        convscope.train(resume=tmp_path / "run", quiet=True)
    file.write_text(text)
    assert len(convscope.train(resume=tmp_path / "run", quiet=True).epochs) == 3


@needs_lanes
def test_a_run_may_change_its_engine(tmp_path: Path, whole: Callable[[str], Run]) -> None:
    stop(tmp_path / "run", 20, engine="lanes")
    run = convscope.train(resume=tmp_path / "run", engine="torch", quiet=True)
    assert "the run began with engine lanes" in run.notes[-1]
    assert run.epochs[-1].train_loss == pytest.approx(whole("lanes").epochs[-1].train_loss, rel=0.05)


@pytest.mark.parametrize("setting", [{"epochs": 9}, {"lr": 0.1}, {"seed": 3}, {"net": "lenet-5"}])
def test_what_would_change_the_run_is_refused(setting: dict[str, Any], tmp_path: Path) -> None:
    stop(tmp_path / "run", 2)
    (name,) = setting
    expected = rf"--{name} does not go with --resume: the run goes on with its own recipe"
    with pytest.raises(UsageError, match=expected):
        convscope.train(resume=tmp_path / "run", quiet=True, **setting)
    with pytest.raises(UsageError, match="keeps its recipe and its folder"):
        convscope.train(resume=tmp_path / "run", recipe=Recipe.of(), quiet=True)


def test_what_is_no_interrupted_run(tmp_path: Path, whole: Callable[[str], Run]) -> None:
    with pytest.raises(ConvscopeError, match="is no run; `convscope runs` lists"):
        convscope.train(resume=tmp_path / "none", quiet=True)
    with pytest.raises(ConvscopeError, match="is finished, there is nothing to resume"):
        convscope.train(resume=whole("torch").path, quiet=True)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_a_damaged_checkpoint_is_said(damage: str, tmp_path: Path) -> None:
    stop(tmp_path / "run", 20)
    path = RunDirectory(tmp_path / "run").checkpoint
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    damaged = {
        "cut": content[: len(content) // 2],
        "flipped": content,
        "empty": b"",
        "other": (tmp_path / "run" / "recipe.toml").read_bytes(),
    }
    path.write_bytes(damaged[damage])
    with pytest.raises(ConvscopeError, match=r"checkpoint\.safetensors is not a checkpoint.*Delete it"):
        convscope.train(resume=tmp_path / "run", quiet=True)
    assert path.read_bytes() == damaged[damage]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the lock is POSIX's")
def test_a_run_at_work_is_left_alone(tmp_path: Path) -> None:
    stop(tmp_path / "run", 2)
    assert not run_state.is_at_work(tmp_path / "run")
    before = RunDirectory(tmp_path / "run").checkpoint.read_bytes()
    refused = pytest.raises(ConvscopeError, match="is at work in another process")
    with run_state.at_work(tmp_path / "run"), refused:
        convscope.train(resume=tmp_path / "run", quiet=True)
    assert RunDirectory(tmp_path / "run").checkpoint.read_bytes() == before


def test_latest_is_resumed_under_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", progress=Press(OF_EPOCH + 4), **SETTINGS)
    (path,) = [path for path in Path("runs").iterdir() if path.name != "latest"]
    run = convscope.train(resume="runs/latest", quiet=True)
    assert run.path == path
    assert Path("runs/latest").resolve() == path.resolve()


def test_latest_is_resumed_where_it_has_no_bundle_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`runs/latest` is the run to use; the one to go on with is the one that was begun last."""
    monkeypatch.chdir(tmp_path)
    first = convscope.train("digits", net="simple-cnn-4-8", epochs=1, quiet=True)
    with pytest.raises(KeyboardInterrupt):
        convscope.train("digits", progress=Press(4), **SETTINGS)
    assert Path("runs/latest").resolve() == first.path.resolve()
    assert convscope.train(resume="runs/latest", quiet=True).path != first.path


class InSeries(Press):
    """Ctrl-C in one of the runs of a series."""

    def __init__(self, run: int, at: int, times: int = 1) -> None:
        super().__init__(at, times)
        self.run, self.lines = run, 0

    def seed(self, line: str) -> None:
        self.lines += 1

    def step(self, *figures: Any) -> None:
        if self.lines == self.run - 1:
            super().step(*figures)


@needs_lanes
@pytest.mark.parametrize("times", [1, 2], ids=["with a checkpoint", "without one"])
def test_a_series_goes_on(times: int, tmp_path: Path) -> None:
    settings = {"net": "simple-cnn-16-32", "epochs": 2, "seed": 4}
    whole = convscope.train_seeds("digits", seeds=4, out=tmp_path / "whole", quiet=True, **settings)
    with pytest.raises(KeyboardInterrupt):
        convscope.train_seeds(
            "digits", seeds=4, out=tmp_path / "cut", progress=InSeries(3, 9, times), **settings
        )
    assert [run.seed for run in SeedRuns.load(tmp_path / "cut").runs] == [4, 5]
    again = convscope.train_seeds(resume=tmp_path / "cut", quiet=True)
    assert again.wanted == 4
    for ours, theirs in zip(again.runs, whole.runs, strict=True):
        assert (ours.seed, ours.accuracy, ours.loss) == (theirs.seed, theirs.accuracy, theirs.loss)
        assert_same_weights(Bundle.load(again.path / ours.run), Bundle.load(whole.path / theirs.run))
    with pytest.raises(UsageError, match="--seeds 3 is fewer than the 4"):
        convscope.train_seeds(resume=tmp_path / "cut", seeds=3, quiet=True)
    listener = InSeries(1, 10**9)
    assert convscope.train_seeds(resume=tmp_path / "cut", progress=listener).to_dict() == again.to_dict()
    assert "all 4 seeds are finished; a larger --seeds does more of them." in listener.notes
    longer = convscope.train_seeds(resume=tmp_path / "cut", seeds=5, quiet=True)
    assert ([run.seed for run in longer.runs], longer.wanted) == ([4, 5, 6, 7, 8], 5)
    assert longer.conditions == whole.conditions


def test_a_series_cut_in_its_first_seed_asks_how_many(tmp_path: Path) -> None:
    settings = {"net": "simple-cnn-16-32", "epochs": 2}
    with pytest.raises(KeyboardInterrupt) as caught:
        convscope.train_seeds("digits", seeds=2, out=tmp_path / "cut", progress=InSeries(1, 9), **settings)
    command = f"convscope train --resume {tmp_path}/cut --seeds 2"
    assert caught.value.__notes__ == [f"0 of 2 seeds are finished. To do the others:\n  {command}"]
    with pytest.raises(UsageError, match="give --seeds"):
        convscope.train_seeds(resume=tmp_path / "cut", quiet=True)
    with pytest.raises(ConvscopeError, match="is a series of seeds"):
        convscope.train(resume=tmp_path / "cut", quiet=True)
    assert len(convscope.train_seeds(resume=tmp_path / "cut", seeds=2, quiet=True).runs) == 2


def test_a_finished_run_that_the_series_does_not_know_is_found(tmp_path: Path) -> None:
    settings = {"net": "simple-cnn-16-32", "epochs": 1}
    whole = convscope.train_seeds("digits", seeds=3, out=tmp_path / "s", quiet=True, **settings)
    document = json.loads((whole.path / "seeds.json").read_text())
    document["runs"] = document["runs"][:1]
    (whole.path / "seeds.json").write_text(json.dumps(document))
    listener = InSeries(1, 10**9)
    again = convscope.train_seeds(resume=whole.path, progress=listener)
    assert again.to_dict() == whole.to_dict()
    assert listener.lines == 2
