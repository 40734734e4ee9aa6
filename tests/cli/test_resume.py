"""`convscope train --resume`: a process that is stopped, and another one that goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convscope import Bundle

from ..conftest import Command

EPOCHS = 8  # of a third of a second at the least: a run is stopped long before its end
SLOW = ("train", "digits", "--net", "resnet-8", "--size", "32", "--epochs", str(EPOCHS))
PLACES = "--data-dir, --engine, --device, --threads, --checkpoint-minutes"


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """A training in a process of its own, at work when this returns."""
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 90
    while not (folder / "run" / "metrics.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    try:
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_stopped_and_resumed(number: signal.Signals, tmp_path: Path, convscope: Command) -> None:
    code, errors = stopped(started(tmp_path, *SLOW, "--out", "run"), number)
    assert code == 130
    said, command = errors.splitlines()[-2:]
    assert re.fullmatch(
        r"interrupted\. run keeps its best weights \(epoch \d\) and a checkpoint\. To go on:", said
    )
    assert command == "  convscope train --resume run"
    done = len((tmp_path / "run" / "metrics.jsonl").read_text().splitlines())
    assert done < EPOCHS
    resumed = convscope(*command.split()[1:], "--json")
    assert resumed.returncode == 0
    assert len(json.loads(resumed.stdout)["epochs"]) == EPOCHS
    assert f"Going on with run in epoch {done + 1}" in resumed.stderr
    whole = convscope("train", "--recipe", "run/recipe.toml", "--out", "whole", "--quiet")
    assert whole.returncode == 0
    for name, value in Bundle.load(tmp_path / "whole").weights.items():
        assert (Bundle.load(tmp_path / "run").weights[name] == value).all()
    again = convscope("train", "--resume", "run")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.startswith("error: run is finished, there is nothing to resume. To")


def test_a_run_at_work_is_left_alone(tmp_path: Path, convscope: Command) -> None:
    process = started(tmp_path, *SLOW, "--out", "run")
    refused = convscope("train", "--resume", "run")
    assert stopped(process, signal.SIGKILL)[0] == -signal.SIGKILL
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1] == "error: run is at work in another process."


def test_a_series_is_resumed_by_its_folder(tmp_path: Path, convscope: Command) -> None:
    words = ("--net", "simple-cnn-4-8", "--epochs", "1", "--seeds", "2", "--out", "run", "--json")
    first = json.loads(convscope("train", "digits", *words).stdout)
    longer = convscope("train", "--resume", "run", "--seeds", "3", "--json")
    assert longer.returncode == 0
    document = json.loads(longer.stdout)
    assert (document["seeds"], document["wanted"]) == ([0, 1, 2], 3)
    assert document["runs"][:2] == first["runs"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("none",), 1, "none is no run; `convscope runs` lists those there are."),
        (("none", "--seeds", "3"), 1, "none is no series of seeds; `convscope runs` lists what there is."),
        (
            ("none", "--epochs", "9"),
            2,
            "--epochs does not go with --resume: the run goes on with its own recipe.",
        ),
        (("none", "--lr", "-1"), 2, "--lr -1 should be more than 0."),
        (("none", "--recipe", "mnist-fast"), 2, "a run that is resumed keeps its recipe and its folder"),
        (("none", "--out", "other"), 2, "a run that is resumed keeps its recipe and its folder"),
    ],
    ids=str,
)
def test_wrong_use(words: tuple[str, ...], code: int, said: str, convscope: Command) -> None:
    done = convscope("train", "--resume", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(f"error: {said}")
    assert len(done.stderr.splitlines()) == 1
