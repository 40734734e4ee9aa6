"""`train --seeds`, `runs` and `runs compare` as a person uses them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope import Bundle
from convscope.training import seeds

from ..conftest import Command

FAST = ("--net", "simple-cnn-16-32", "--epochs", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `train --seeds 3 --seed 6` was run, with what it printed."""
    folder = tmp_path_factory.mktemp("seeds")
    words = [sys.executable, "-m", "convscope", "train", *FAST, "--seed", "6", "--seeds", "3"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=True)
    (folder / "stdout").write_text(done.stdout, "utf-8")
    (folder / "stderr").write_text(done.stderr, "utf-8")
    return folder


@pytest.fixture
def at(folder: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: Command) -> Command:
    """The command line in this process, in that folder: exit code, output and errors."""
    monkeypatch.chdir(folder)
    return in_this_process


def series_of(folder: Path) -> Path:
    (found,) = folder.glob("runs/*-digits-simple-cnn-16-32-seeds")
    return found.relative_to(folder)


def test_a_line_per_seed_and_a_summary(folder: Path) -> None:
    told = (folder / "stderr").read_text("utf-8").splitlines()
    assert [line.split()[0] for line in told if "seed " in line and "accuracy" in line] == [
        "1/3",
        "2/3",
        "3/3",
    ]
    assert not any(line.startswith("epoch ") for line in told)
    printed = (folder / "stdout").read_text("utf-8").splitlines()
    table = printed[:-4]
    assert max(map(len, printed + told[1:])) <= 80
    assert printed[-4:] == [
        f"Runs    {series_of(folder)}",
        "Next    convscope predict runs/latest your-picture.png",
        "        convscope eval runs/latest",
        "        with the run of seed 8",
    ]
    assert (folder / "runs" / "latest").resolve() == folder / series_of(folder) / "seed-8"
    document = json.loads((folder / series_of(folder) / "seeds.json").read_text("utf-8"))
    accuracies = [run["accuracy"] for run in document["runs"]]
    mean, std = 100 * np.mean(accuracies), 100 * np.std(accuracies, ddof=1)
    (row,) = [line for line in table if line.startswith("test accuracy")]
    assert f"{mean:.2f} % ± {std:.2f} %" in row
    assert row.split()[-2:] == [f"{100 * min(accuracies):.2f}", f"{100 * max(accuracies):.2f}"]
    for name in (
        "test loss",
        "validation accuracy",
        "validation loss",
        "last train loss",
        "best epoch",
        "seconds",
    ):
        assert sum(line.startswith(name) for line in table) == 1
    recalls = table[table.index("recall of") + 1 :]
    assert [line.split()[0] for line in recalls] == [str(digit) for digit in range(10)]


def test_a_seed_trained_alone_gives_the_same_bits(at: Command, folder: Path, tmp_path: Path) -> None:
    """In another process than the series, too."""
    alone = at("train", *FAST, "--seed", "7", "--out", str(tmp_path / "alone"), "--json")
    assert alone.returncode == 0, alone.stderr
    within = folder / series_of(folder) / "seed-7"
    weights = Bundle.load(tmp_path / "alone").weights
    for name, value in Bundle.load(within).weights.items():
        assert weights[name].tobytes() == value.tobytes(), name
    result = json.loads((within / "result.json").read_text("utf-8"))
    assert json.loads(alone.stdout)["test"] == result["test"]


def test_json_is_one_document(at: Command, folder: Path, tmp_path: Path) -> None:
    done = at("train", *FAST, "--seeds", "2", "--out", str(tmp_path / "out"), "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document == json.loads((tmp_path / "out" / "seeds.json").read_text("utf-8"))
    assert {"mean", "std", "low", "high", "least", "most"} == set(document["figures"]["loss"])


def test_runs_lists_a_series_as_one_line(at: Command, folder: Path) -> None:
    listed = at("runs").stdout.splitlines()
    assert listed[1] == series_of(folder).name  # too long for a line with its figures
    assert re.fullmatch(r" +1  +\d+\.\d\d % ± \d+\.\d\d %  test  3", listed[2])
    assert max(map(len, listed)) <= 80
    assert len(listed) == 3
    (entry,) = json.loads(at("runs", "--json").stdout)
    assert (entry["seeds"], entry["wanted"], entry["run"]) == (3, 3, str(series_of(folder)))
    children = json.loads(at("runs", str(series_of(folder)), "--json").stdout)
    assert entry["accuracy"] == pytest.approx(np.mean([run["accuracy"] for run in children]))
    assert entry["std"] == pytest.approx(np.std([run["accuracy"] for run in children], ddof=1))
    assert at("runs", "list").stdout == at("runs", "runs").stdout == at("runs").stdout


def test_compare_says_and_documents_the_same(at: Command, folder: Path) -> None:
    series = series_of(folder)
    done = at("runs", "compare", str(series), str(series / "seed-7"))
    assert done.returncode == 0
    assert done.stderr == ""
    assert max(map(len, done.stdout.splitlines()[2:])) <= 80
    document = json.loads(at("runs", "compare", str(series), str(series / "seed-7"), "--json").stdout)
    assert " ".join(done.stdout.split()).endswith(" ".join(" ".join(document["sentences"]).split()))
    assert document["tests"]["accuracy"]["test"] == "prediction interval"
    assert (document["a"]["kind"], document["a"]["seeds"]) == ("seeds", [6, 8])
    two = at("runs", "compare", str(series / "seed-6"), str(series / "seed-7"))
    assert "exact McNemar test" in " ".join(two.stdout.split())
    assert re.search(r"^seed +6 +7$", two.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (("train", "--seeds", "1"), 2, "--seeds 1 has no spread"),
        (("train", "--seeds", "many"), 2, "--seeds"),
        (("train", *FAST, "--seeds", "2", "--out", "runs"), 1, "runs is there already and not empty"),
        (("runs", "comprae", "a", "b"), 2, "did you mean 'compare'?"),
        (("runs", "compare", "a"), 2, "missing argument 'b'"),
        (("runs", "--jsn"), 2, "--json"),
        (("runs", "no/such"), 1, "there is no folder no/such"),
        (("runs", "compare", "runs", "runs"), 1, "runs is neither a run nor a folder of seeds"),
        (("runs", "compare", "no/a", "no/b"), 1, "there is no run or bundle no/a"),
        (("runs", "compare", "runs/latest", "runs/latest"), 2, "A and B are the same run, runs/latest"),
    ],
)
def test_wrong_input_is_one_sentence(at: Command, words: tuple[str, ...], code: int, expected: str) -> None:
    done = at(*words)
    assert (done.returncode, done.stdout) == (code, "")
    (said,) = [line for line in done.stderr.splitlines() if not line.startswith("note: ")]  # without lanes
    assert said.startswith("error: ")
    assert expected in said


def test_ctrl_c_keeps_the_finished_seeds(
    at: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = seeds.seed_line

    def press_ctrl_c(*words: Any, done: int, **others: Any) -> str:
        if done == 2:
            signal.raise_signal(signal.SIGINT)
        return line(*words, done=done, **others)

    monkeypatch.setattr(seeds, "seed_line", press_ctrl_c)
    out = tmp_path / "series"
    stopped = at("train", *FAST, "--seeds", "5000", "--out", str(out))
    assert (stopped.returncode, stopped.stdout) == (130, "")
    document = json.loads((out / "seeds.json").read_text("utf-8"))
    assert (document["wanted"], document["seeds"]) == (5000, [0, 1])
    assert stopped.stderr.splitlines()[-2:] == [
        "interrupted. 2 of 5000 seeds are finished. To do the others:",
        f"  convscope train --resume {out}",
    ]
    (entry,) = json.loads(at("runs", str(tmp_path), "--json").stdout)
    assert (entry["seeds"], entry["wanted"]) == (2, 5000)
    assert at("runs", str(tmp_path)).stdout.rstrip().endswith("test  2/5000")


def test_a_series_cut_in_its_first_seed_is_listed_as_unfinished(at: Command, tmp_path: Path) -> None:
    first = tmp_path / "cut-seeds" / "seed-3"
    assert at("train", *FAST, "--out", str(first)).returncode == 0
    (first / "result.json").unlink()
    (entry,) = json.loads(at("runs", str(tmp_path), "--json").stdout)
    assert (entry["run"], entry["accuracy"], entry["seeds"]) == (str(first.parent), None, 0)
    assert re.fullmatch(
        r"cut-seeds  simple-cnn-16-32 on digits +1  interrupted +0",
        at("runs", str(tmp_path)).stdout.splitlines()[1],
    )


def test_lists_fit_a_terminal(at: Command, tmp_path: Path) -> None:
    """Whatever the names of the runs; each is whole, to be copied."""
    for name in ("a", "b" * 44, "c" * 60, "d" * 90):
        assert at("train", *FAST, "--out", str(tmp_path / name)).returncode == 0
    lines = at("runs", str(tmp_path)).stdout.splitlines()
    assert max(len(line) for line in lines if line != "d" * 90) <= 80
    assert {line.split()[0] for line in lines} >= {"a", "b" * 44, "c" * 60, "d" * 90}
    assert len({line.index("%") for line in lines if "%" in line}) == 1
