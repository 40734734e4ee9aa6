"""`convscope report`"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import convscope

from ..conftest import Command


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: Command) -> Command:
    """The command line in this process, in `tmp_path`, with two runs in `runs/`."""
    monkeypatch.chdir(tmp_path)
    for name, epochs in (("a", 1), ("b", 2)):
        convscope.train("digits", net="simple-cnn-4-8", epochs=epochs, out=Path("runs") / name, quiet=True)
    return in_this_process


def test_one_run_and_two(at: Command, tmp_path: Path) -> None:
    (tmp_path / "runs" / "a" / "report.html").unlink()
    result = at("report", "a", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "Report  runs/a/report.html\n", "")
    assert (tmp_path / "runs" / "a" / "report.html").is_file()

    document = json.loads(at("report", "latest", "--out", "there", "--json").stdout)
    assert document["report"] == "there/report.html"
    assert (tmp_path / "there" / "figures" / "curves.png").is_file()

    assert at("report", "a", "b").stdout == "Report  comparison.html\n"
    assert (tmp_path / "comparison.html").is_file()
    document = json.loads(at("report", "a", "b", "--out", "new/two.html", "--json").stdout)
    assert document["report"] == "new/two.html"
    assert document["tests"]["accuracy"]["test"] == "mcnemar"
    assert document["settings"] == {"epochs": [1, 2]}
    assert document["sentences"]


def test_a_bundle_alone_is_named(at: Command, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "runs" / "a" / "bundle.safetensors", tmp_path / "b.safetensors")
    result = at("report", "b.safetensors")
    assert result.returncode == 1
    assert "b.safetensors is a file with no run in its folder; a report needs the run directory." in (
        " ".join(result.stderr.split())
    )


def test_what_cannot_be_is_a_sentence(at: Command, tmp_path: Path) -> None:
    for words, code, sentence in (
        (["a", "b", "--out", "folder"], 2, "--out folder should be the name of a page"),
        (["a", "a"], 2, "A and B are the same run"),
        (["nothing"], 1, "there is no run or bundle nothing"),
        (["a", "nothing"], 1, "nothing"),
        (["a", "--out", "runs/a/recipe.toml"], 1, "cannot make the folder"),
    ):
        result = at("report", *words)
        assert result.returncode == code, words
        assert sentence in result.stderr, result.stderr
        assert result.stdout == ""
        assert result.stderr.startswith("error: ")
    assert not (tmp_path / "comparison.html").exists()
