"""The end of a training: what was learned, where it is, what to do next."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, recall_score

from convscope.cli.outcome import learned, weaknesses
from convscope.metrics import evaluate

from ..conftest import Command

FAST = ("--net", "simple-cnn-16-32", "--epochs", "1")


@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(1, 40))
def test_weaknesses_are_those_that_sklearn_finds(seed: int, classes: int, name_length: int) -> None:
    generator = np.random.default_rng(seed)
    labels, guesses = generator.integers(0, classes, (2, 60))
    names = [f"{i:x}" + "x" * (name_length - 1) for i in range(classes)]
    evaluation = evaluate(np.eye(classes)[guesses], labels, names)
    lines = weaknesses(evaluation)
    if (labels == guesses).all():
        assert lines == []
        return
    assert max(map(len, lines)) <= 80
    there = np.unique(labels)
    least = recall_score(labels, guesses, labels=there, average=None, zero_division=0).min()
    assert f"({100 * least:.1f} %)" in lines[0]
    table = confusion_matrix(labels, guesses, labels=range(classes))
    np.fill_diagonal(table, 0)
    counts = [int(count) for count in re.findall(r"\((\d+)\)", lines[1])]
    assert counts == sorted(table.ravel().tolist(), reverse=True)[: len(counts)]
    for pair in lines[1].removeprefix("Most mistaken ").split(", "):
        true, guess, count = re.fullmatch(r"(\w)\S* for (\w)\S* \((\d+)\)", pair).groups()  # type: ignore[union-attr]
        assert table[int(true, 16), int(guess, 16)] == int(count)


def test_no_mistake_has_no_weakness() -> None:
    evaluation = evaluate(np.eye(2), np.array([0, 1]), ["cat", "dog"])
    assert learned(evaluation, quiet=False) == learned(evaluation, quiet=True)


@pytest.mark.parametrize("out", [None, "my runs/it's one", "deep/" + "very-long-name-" * 6])
def test_the_commands_work_as_they_are_printed(convscope: Command, photos: Path, out: str | None) -> None:
    where = ["--out", out] if out else []
    done = convscope("train", "./photos", *FAST, "--net", "simple-cnn-rgb", "--size", "16", *where)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    commands = [line.removeprefix("Next").strip() for line in lines if "convscope " in line]
    assert [shlex.split(command)[1] for command in commands] == ["predict", "eval"]
    for command in commands:
        assert convscope(*shlex.split(command)[1:]).returncode == 0, command
    if out is None:
        assert max(map(len, lines)) <= 80
    (run,) = [lines[i] for i in range(len(lines)) if lines[i].startswith("Run") or lines[i - 1] == "Run"][-1:]
    assert (photos.parent / run.removeprefix("Run     ") / "report.html").is_file()


def test_only_command_and_path_are_longer_than_a_line(convscope: Command) -> None:
    """A long path is whole, on a line to itself, to be copied; nothing else is long."""
    out = "deep/" + "very-long-name-" * 5
    lines = convscope("train", *FAST, "--out", out).stdout.splitlines()
    assert out in lines or f"Run     {out}" in lines
    assert {line.split(" --")[0] for line in lines if len(line) > 80} <= {
        out,
        f"convscope predict {out} your-picture.png",
        f"convscope eval {out}",
    }
    assert "in it   report.html, and the model: bundle.safetensors" in lines


def test_quiet_prints_the_result_alone(convscope: Command) -> None:
    done = convscope("train", *FAST, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    figures, interval, run = done.stdout.splitlines()
    assert figures.startswith("Test accuracy ")
    assert "95 % interval" in interval
    assert run.startswith("Run     runs/")
