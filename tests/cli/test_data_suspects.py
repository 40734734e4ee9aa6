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
    twin = next(i for i, line in enumerate(lines) if "copy.png" in line)
    assert lines[twin].split() == ["copy.png", "test", "bright"]
    assert lines[twin - 1].split() == ["1", "5.png", lines[twin - 1].split()[2], "bright", "1.000"]
    assert any("noise.png" in line for line in lines[starts[2] : starts[2] + 5])
    assert "Nothing was deleted or changed." in printed.out
    assert lines[-1] == "Next    convscope train rest.csv"
    assert printed.err.count("\nfold ") == 5
    assert {path: path.read_bytes() for path in shapes.rglob("*.png")} == before
    Image.open("shapes-suspects.png").verify()
    with Path("s.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["kind"] for row in rows} == {"label", "duplicate", "outlier"}
    left_out = {row["picture"] for row in rows if row["part"] != "test"}
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
        (["--top", "0"], 2, "--top 0 should be from 1 to 1,000"),
        (["--folds", "1"], 2, "--folds 1 should be 2 or more"),
        (["--folds", "200"], 1, "class '8' has 174 of the pictures, and 200 folds need 200 of each"),
        (["--kind", "labels"], 2, "unknown kind 'labels': did you mean 'label'?"),
        (["--out", "sheet.pdf"], 2, "--out sheet.pdf should end in .png"),
        (["--csv", "nowhere/a.csv"], 1, "there is no folder nowhere"),
        (["--early-stopping", "3"], 2, "--early-stopping 3 chooses by pictures that are held out"),
        (["--rest", "rest.csv"], 2, "--rest rest.csv lists files, and the pictures of digits are not"),
        (["--flip"], 2, "--flip"),
        (["--rest-test"], 2, "--rest-test is of the list that --rest writes"),
        (["--pretrained", "latest"], 1, "there is no run or bundle runs/latest"),
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list.csv", "--csv", "list.csv"], "--csv list.csv is the file of the data too"),
        (["list.csv", "--rest", "./list.csv"], "--rest list.csv is the file of the data too"),
        (["--recipe", "r.toml", "--csv", "list.csv"], "--csv list.csv is the file of the data too"),
        (["list.csv", "--out", "shapes/train/bright/1.png"], "1.png is a file of the data"),
        (["shapes", "--out", "shapes/train/bright/sheet.png"], "would lie among the data; give it a place"),
        (["shapes", "--csv", "shapes/s.csv"], "--csv shapes/s.csv would lie among the data"),
        ([".", "--kind", "duplicate"], "the sheet {name}-suspects.png would lie among the data; --out names"),
    ],
)
def test_nothing_is_written_over_the_data_or_among_it(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    shapes: Path,
    words: list[str],
    message: str,
) -> None:
    root = shapes.parent
    lines = [f"{path},{path.parent.name}" for path in shapes.rglob("*.png")]
    (root / "list.csv").write_text("path,label\n" + "\n".join(lines) + "\n")
    (root / "r.toml").write_text('data = "list.csv"\n')
    before = {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()}
    if words[0] == ".":
        monkeypatch.chdir(shapes)
    monkeypatch.setattr("convscope.training.suspects.folds.make_engine", None)
    assert execute(["data", "suspects", *words, "--quiet"]) == 2
    assert message.format(name=shapes.name) in capsys.readouterr().err
    assert {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()} == before


def test_outputs_in_the_folder_of_data_files(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, shapes: Path
) -> None:
    """Data that is found in CONVSCOPE_DATA is protected there too."""
    monkeypatch.setenv("CONVSCOPE_DATA", str(shapes.parent))
    monkeypatch.chdir(shapes / "train")
    assert execute(["data", "suspects", "shapes", "--csv", "s.csv", "--quiet"]) == 2
    assert "--csv s.csv would lie among the data" in capsys.readouterr().err


@pytest.fixture
def guesses(tmp_path: Path) -> Path:
    """Noise under two labels, which nothing can be learnt from; and a third label with 9 pictures."""
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (109, 12, 12)).astype(np.uint8)
    labels = np.concatenate([random.permutation(np.repeat([0, 1], 50)), np.full(9, 2)])
    np.savez(tmp_path / "guesses.npz", images=pictures, labels=labels)
    return tmp_path / "guesses.npz"


def test_networks_at_chance_judge_no_labels(capsys: pytest.CaptureFixture[str], guesses: Path) -> None:
    words = ["data", "suspects", guesses.name, *FAST]
    assert execute([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    method = document["method"]
    assert method["trust"] == "too weak"
    assert method["largest_class"] == pytest.approx(50 / 109, abs=1e-6)
    assert method["found"]["label"] == 0
    assert "expected_wrong_labels" not in method
    assert {one["kind"] for one in document["suspects"]} <= {"outlier", "duplicate"}
    assert method["classes_of_fewer"] == ["2"]
    assert all(one["place"]["label"] != "2" for one in document["suspects"] if one["kind"] == "outlier")
    assert execute(words) == 0
    out = capsys.readouterr().out
    assert "Labels that are possibly wrong: not judged" in out
    assert "too weak to judge labels" in out
    assert "always gives 45.9 %" in " ".join(out.split())
    assert "--pretrained or another --net" in " ".join(out.split())
    assert "(1 class of fewer than 20 pictures not judged: 2)" in out
    assert "about" not in out


def test_networks_that_err_claim_no_count(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["data", "suspects", *FAST[:3], "6", *FAST[4:], "--csv", "s.csv", "--top", "2"]) == 0
    out = capsys.readouterr().out
    assert "Labels that are possibly wrong: " in out
    assert "how many labels are wrong cannot be said" in " ".join(out.split())
    assert "about" not in out
    with Path("s.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "label"]
    assert len(rows) > 200  # all, not those shown


def test_the_rest_keeps_the_test(capsys: pytest.CaptureFixture[str], shapes: Path) -> None:
    for number in range(4):
        wrong = shapes / f"test/bright/{number}.png"  # a copy in the test under another label
        shutil.copy(wrong, shapes / f"test/dark-and-long-of-name/other{number}.png")
    words = ["data", "suspects", "shapes", "--kind", "duplicate", "--quiet", "--rest", "rest.csv"]
    assert execute(words) == 0
    out = capsys.readouterr().out
    assert "the 4 of the test part stay" in out
    listed = Path("rest.csv").read_text("utf-8")
    assert all(f"test/bright/{number}.png" in listed for number in range(4))
    assert execute([*words, "--rest-test"]) == 0
    assert "4 of them of the test part" in capsys.readouterr().out
    listed = Path("rest.csv").read_text("utf-8")
    assert not any(f"test/bright/{number}.png" in listed for number in range(4))


def test_long_names_are_read_whole(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("automobile", "truck"):
        (tmp_path / "cars" / label).mkdir(parents=True)
        for number in range(12):
            picture = random.integers(0, 256, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / "cars" / label / f"{label}_s_{number:06d}_left.png")
    cars = tmp_path / "cars"
    shutil.copy(cars / "automobile/automobile_s_000003_left.png", cars / "truck/truck_s_000099_left.png")
    assert execute(["data", "suspects", "cars", "--kind", "duplicate", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first, second = (line.split() for line in lines if "_left.png" in line)
    assert first[1::2][0] == "automobile_s_000003_left.png"
    assert second[0] == "truck_s_000099_left.png"
    assert max(map(len, lines)) <= 80


def test_names_of_arrays_and_signals(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    signals = random.normal(0, 1, (60, 2, 64)).astype("f4")
    labels = random.permutation(np.repeat([0, 1], 30))
    signals[labels.argmax()] = signals[labels.argmin()]
    np.savez("tones.npz", signals=signals, labels=labels)
    assert execute(["data", "suspects", "tones.npz", "--kind", "duplicate", "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    heading = next(i for i, line in enumerate(lines) if line.startswith("rank"))
    assert lines[heading].split() == ["rank", "signal", "part", "label", "score"]
    assert {int(lines[heading + 1].split()[1]), int(lines[heading + 2].split()[0])} == {
        int(labels.argmax()),
        int(labels.argmin()),
    }


def test_no_word_of_validation_figures(
    capsys: pytest.CaptureFixture[str], shapes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(shapes / "test")
    words = ["data", "suspects", "shapes", "--test-fraction", "0", *FAST[:-1]]
    assert execute(words) == 0
    assert "validation figures" not in capsys.readouterr().err


def test_one_class_is_enough_for_copies(capsys: pytest.CaptureFixture[str], shapes: Path) -> None:
    for part in ("train", "test"):
        shutil.rmtree(shapes / part / "dark-and-long-of-name")
    words = ["data", "suspects", "shapes", "--quiet"]
    assert execute([*words, "--kind", "duplicate"]) == 0
    assert "copy.png" in capsys.readouterr().out
    assert execute(words) == 1
    assert "has one class only" in capsys.readouterr().err
    lines = [f"{path},bright" for path in shapes.rglob("*.png")]
    Path("list.csv").write_text("path,label\n" + "\n".join(lines) + "\n")
    assert execute(["data", "suspects", "list.csv", "--kind", "duplicate", "--quiet"]) == 0


def test_pretrained_takes_the_names_that_train_takes(
    capsys: pytest.CaptureFixture[str], shapes: Path
) -> None:
    assert execute(["train", "shapes", "--net", "simple-cnn-4-8", "--epochs", "1", "--quiet"]) == 0
    words = ["data", "suspects", "shapes", "--pretrained", "latest", "--epochs", "1", "--quiet"]
    assert execute(words) == 2
    assert "were trained on shapes itself" in capsys.readouterr().err
