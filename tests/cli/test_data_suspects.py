"""`convscope data suspects`: what it prints, what it writes, and that it changes nothing."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.execute import execute
from convscope.look.suspicion.suspect import Suspects

FAST = ["--net", "simple-cnn-4-8", "--epochs", "1", "--folds", "2", "--quiet"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnings.showwarning", None)
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    """`shapes/{train,test}/{bright,dark-and-long-of-name}`: a wrong label, a copy in the test, and noise."""
    random = np.random.default_rng(0)
    root = tmp_path / "shapes"
    for part, count in (("train", 30), ("test", 12)):
        for name, level in (("bright", 190), ("dark-and-long-of-name", 60)):
            (root / part / name).mkdir(parents=True)
            for number in range(count):
                ground = np.full((24, 24, 3), level) + random.integers(-8, 8, (24, 24, 1))
                top, left = random.integers(0, 16, 2)
                ground[top : top + 8, left : left + 8] = random.integers(0, 256, 3)
                Image.fromarray(ground.astype(np.uint8)).save(root / part / name / f"{number}.png")
    shutil.move(root / "train/bright/3.png", root / "train/dark-and-long-of-name/wrong.png")
    shutil.copy(root / "train/bright/5.png", root / "test/bright/copy.png")
    noise = random.integers(0, 256, (24, 24, 3)).astype(np.uint8)
    Image.fromarray(noise).save(root / "train/bright/noise.png")
    return root


def test_a_folder_with_suspects(capsys: pytest.CaptureFixture[str], shapes: Path) -> None:
    before = {path: path.read_bytes() for path in shapes.rglob("*.png")}
    words = [
        "data",
        "suspects",
        "shapes",
        "--epochs",
        "6",
        "--size",
        "24",
        "--csv",
        "s.csv",
        "--rest",
        "rest.csv",
    ]
    assert execute(words) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("shapes: 86 pictures, judged by 5 networks (resnet-8)")
    headings = [
        "Labels that are probably wrong",
        "Nearly the same picture in two parts",
        "Pictures that are like no",
    ]
    starts = [next(i for i, line in enumerate(lines) if line.startswith(h)) for h in headings]
    assert starts == sorted(starts)
    assert any("wrong.png" in line and line.split()[-2] == "bright" for line in lines[: starts[1]])
    copy = next(line for line in lines[starts[1] :] if "copy.png" in line)
    assert "bright/5.png" in copy
    assert copy.split()[-1] == "1.000"
    assert any("noise.png" in line for line in lines[starts[2] : starts[2] + 5])
    assert "Nothing was deleted or changed." in printed.out
    assert lines[-1] == "Next    convscope train rest.csv"
    assert printed.err.count("\nfold ") == 5
    assert {path: path.read_bytes() for path in shapes.rglob("*.png")} == before
    Image.open("shapes-suspects.png").verify()
    with Path("s.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"label", "duplicate", "outlier"}
    left_out = {row["picture"] for row in rows}
    assert str(shapes / "train/dark-and-long-of-name/wrong.png") in {str(Path(p).resolve()) for p in left_out}
    with Path("rest.csv").open(encoding="utf-8") as file:
        rest = list(csv.DictReader(file))
    assert {row["path"] for row in rest} == {str(p) for p in before} - {
        str(Path(p).resolve()) for p in left_out
    }
    assert {row["split"] for row in rest} == {"train", "validation", "test"}
    assert all(Path(row["path"]).parent.name == row["label"] for row in rest)
    assert execute(["train", "rest.csv", "--epochs", "1", "--quiet", "--out", "r"]) == 0


def test_the_document_and_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        execute(["train", "digits", "--net", "simple-cnn-4-8", "--epochs", "1", "--quiet", "--out", "r"]) == 0
    )
    capsys.readouterr()
    assert execute(["data", "suspects", "--run", "r", "--folds", "2", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["sheet"] == "digits-suspects.png"
    assert (document["csv"], document["rest"]) == (None, None)
    found = Suspects.from_dict(document)
    kept = Suspects.from_dict(json.loads(Path("r/suspects.json").read_text("utf-8")))
    assert found == kept
    assert found.method["net"] == "simple-cnn-4-8"
    assert execute(["data", "suspects", "--run", "r", "--folds", "2", "--quiet", "--top", "3"]) == 0
    out = capsys.readouterr().out
    assert "the first 3" in out
    assert "Kept    r/suspects.json" in out


def test_one_kind(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert execute(["data", "suspects", "--kind", "duplicate", "--quiet"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "digits: 1,797 pictures",
        "",
        "Nearly the same picture in two parts, or under two labels: none",
        "",
        "Nothing was deleted or changed. A suspect may be right, and only rare: look.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_signals_have_no_sheet(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 60)
    signals = np.sin(np.where(labels, 0.9, 0.4)[:, None] * np.arange(64)) + random.normal(0, 0.3, (60, 64))
    np.savez("tones.npz", signals=signals.astype("f4"), labels=labels)
    assert execute(["data", "suspects", "tones.npz", "--epochs", "2", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("tones: 60 signals, judged by 5 networks (simple-cnn-1d)")
    assert "Signals that are like no other" in out
    assert [path.name for path in tmp_path.iterdir()] == ["tones.npz"]
    assert execute(["data", "suspects", "tones.npz", "--out", "sheet.png", "--quiet"]) == 2
    assert "a sheet is made of pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--top", "0"], 2, "--top 0 should be from 1 to 200"),
        (["--folds", "1"], 2, "--folds 1 should be 2 or more"),
        (["--folds", "200"], 1, "class '8' has 174 of the pictures, and 200 folds need 200 of each"),
        (["--kind", "labels"], 2, "unknown kind 'labels': did you mean 'label'?"),
        (["--out", "sheet.pdf"], 2, "--out sheet.pdf should end in .png"),
        (["--csv", "nowhere/a.csv"], 1, "there is no folder nowhere"),
        (["--early-stopping", "3"], 2, "--early-stopping 3 chooses by pictures that are held out"),
        (["--rest", "rest.csv"], 2, "--rest rest.csv lists files, and the pictures of digits are not"),
        (["--flip"], 2, "--flip"),
        (["--run", "r"], 1, "there is no run or bundle r"),
        (["digits", "--run", "r"], 2, "--run brings the run's own data"),
        (["nothing"], 2, "unknown data set 'nothing'"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    assert execute(["data", "suspects", *words, "--quiet"]) == code
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["train", "--net", "simple-cnn-4-8", "--epochs", "1", "--quiet", "--out", "r"]) == 0
    capsys.readouterr()
    assert execute(["data", "suspects", "r"]) == 2
    assert "r is a run; --run r takes its data" in capsys.readouterr().err


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    words = ["data", "suspects", "--epochs", "2000", "--csv", "s.csv"]
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    while not process.stderr.readline().startswith("pictures that"):
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
