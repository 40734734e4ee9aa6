"""`convscope attack` as a person uses it: what it prints, what it writes, and what `predict` says of that."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, evaluate, train
from convscope.look.breaking.robustness import Robustness
from convscope.training.reports.again import report_again

from ..conftest import Command

FAST = ("--method", "fgsm,pgd", "--epsilon", "8,32,76.5", "--steps", "5", "--quiet")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory."""
    return train("digits", epochs=3, quiet=True, out=str(tmp_path_factory.mktemp("digits"))).path


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "pictures.csv").read_text("utf-8").splitlines()))


def test_pictures_that_fool_the_network_fool_predict(
    in_this_process: Command, digits: Path, tmp_path: Path
) -> None:
    out = tmp_path / "attacks"
    done = in_this_process("attack", str(digits), *FAST, "--count", "60", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.replace(str(out), "").replace(str(digits), "").splitlines())) <= 80
    rows = table(out)
    assert f"All {len(rows)} saved attack pictures were re-read and still fool the network." in done.stdout
    assert {row["method"] for row in rows} == {"fgsm", "pgd"}
    said = in_this_process("predict", str(digits), *(str(out / row["file"]) for row in rows), "--json")
    for row, answer in zip(rows, json.loads(said.stdout), strict=True):
        assert answer["class"] == row["says"] != row["label"]
        assert answer["probability"] == pytest.approx(float(row["probability"]), abs=1e-5)
        files = [np.asarray(Image.open(out / row[which])).astype(int) for which in ("file", "original")]
        assert 0 < np.abs(files[0] - files[1]).max() <= float(row["epsilon"])
    originals = sorted({row["original"]: row["label"] for row in rows}.items())
    said = in_this_process("predict", str(digits), *(str(out / file) for file, _ in originals), "--json")
    assert [answer["class"] for answer in json.loads(said.stdout)] == [label for _, label in originals]
    for method in ("fgsm", "pgd"):
        with Image.open(out / f"{method}.png") as sheet:
            assert min(sheet.size) > 100
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_the_figures_are_those_of_eval_and_stay_in_the_run(in_this_process: Command, digits: Path) -> None:
    (digits / "robustness.json").unlink(missing_ok=True)
    done = in_this_process("attack", str(digits), *FAST, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    evaluation = evaluate(digits)
    assert (document["count"], document["clean"]) == (evaluation.count, evaluation.correct)
    assert document["file"] == str(digits / "robustness.json")
    assert document["out"] is None
    fgsm, pgd = document["curves"]
    assert fgsm["levels"] == pgd["levels"] == [0, 8, 32, 76.5]
    assert all(a >= b for a, b in zip(pgd["correct"], pgd["correct"][1:], strict=False))
    assert pgd["correct"][-1] < 0.05 * document["count"]

    def kept() -> Robustness:
        return Robustness.from_dict(json.loads((digits / "robustness.json").read_text("utf-8")))

    assert [curve.name for curve in kept().curves] == ["fgsm", "pgd"]
    done = in_this_process("attack", str(digits), "--method", "noise,equivariance")
    assert "equivariance" in done.stdout
    assert [curve.name for curve in kept().curves] == ["noise", "fgsm", "pgd"]
    assert kept().shifts
    done = in_this_process("attack", str(digits), "--method", "blur", "--count", "50")
    assert "of 50 pictures a figure is uncertain by up to 13 points" in done.stderr
    whole = f"has those of {evaluation.count} pictures, drawn by seed 0"
    assert whole in " ".join(done.stderr.split())
    assert "Figures" not in done.stdout
    assert in_this_process("attack", str(digits), "--method", "blur", "--seed", "1", "--json").stdout.count(
        whole
    )
    assert [curve.name for curve in kept().curves] == ["noise", "fgsm", "pgd"]
    done = in_this_process("attack", str(digits), "--method", "fgsm", "--epsilon", "16", "--epsilon", "8")
    assert done.returncode == 0, done.stderr
    assert next(c.levels for c in kept().curves if c.name == "fgsm") == (0, 8, 16, 32, 76.5)
    done = in_this_process("attack", str(digits), "--method", "pgd", "--epsilon", "8", "--steps", "2")
    assert "the earlier curve of pgd, with 5 steps" in " ".join(done.stderr.split())
    (digits / "robustness.json").write_text("{")
    assert in_this_process("attack", str(digits), "--method", "blur").returncode == 0
    assert kept().count == evaluation.count
    (digits / "robustness.json").unlink()
    in_this_process("attack", str(digits), "--method", "blur", "--count", "50")
    done = in_this_process("attack", str(digits), "--method", "noise")
    assert "had those of 50 pictures, drawn by seed 0, which these replace" in " ".join(done.stderr.split())
    assert (kept().count, [curve.name for curve in kept().curves]) == (evaluation.count, ["noise"])


def test_several_methods_are_all_measured(in_this_process: Command, digits: Path) -> None:
    words = ("--method", "fgsm", "--method", "pgd,blur", "--epsilon", "8", "--count", "20", "--json")
    done = in_this_process("attack", str(digits), *words)
    assert [curve["name"] for curve in json.loads(done.stdout)["curves"]] == ["fgsm", "pgd", "blur"]


def test_a_network_of_one_answer_is_named_and_leaves_no_folder(
    in_this_process: Command, digits: Path, tmp_path: Path
) -> None:
    bundle = Bundle.load(digits)
    last = np.float32(np.arange(10) == 7)
    weights = {
        name: w if w.shape[:1] != (10,) else last if w.ndim == 1 else np.zeros_like(w)
        for name, w in bundle.weights.items()
    }
    file, out = tmp_path / "seven.safetensors", tmp_path / "attacks"
    replace(bundle, weights=weights).save(file)
    words = ("--method", "fgsm", "--epsilon", "32", "--count", "100")
    done = in_this_process("attack", str(file), *words, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert "the network takes every picture for 7, so" in " ".join(done.stderr.split())
    assert "No attack fooled the network" in done.stdout
    assert "Pictures  " not in done.stdout
    assert not out.exists()
    assert "every picture" not in in_this_process("attack", str(digits), *words).stderr


def test_a_bundle_alone_and_other_data_leave_no_figures(
    in_this_process: Command, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bundle = tmp_path / "bundle.safetensors"
    Bundle.load(digits).save(bundle)
    done = in_this_process("attack", str(bundle), "--method", "inversion")
    assert done.returncode == 0
    assert "Figures" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == [bundle.name]
    (digits / "robustness.json").unlink(missing_ok=True)
    for name in range(10):
        (tmp_path / "other" / str(name)).mkdir(parents=True)
        for number in range(8):
            Image.new("L", (8, 8), 20 * name + number).save(tmp_path / "other" / str(name) / f"{number}.png")
    done = in_this_process("attack", str(digits), "--data", "other", "--method", "inversion")
    assert done.returncode == 0, done.stderr
    assert "not the run's own pictures" in done.stderr
    assert not (digits / "robustness.json").exists()


def test_inverted_colour_pictures_are_saved_as_they_were_given(
    in_this_process: Command, photos: Path, tmp_path: Path
) -> None:
    run = train(
        str(photos),
        invert=True,
        size=(16, 20),
        resize="crop",
        epochs=10,
        quiet=True,
        out=str(tmp_path / "run"),
    )
    out = tmp_path / "attacks"
    done = in_this_process(
        "attack", str(run.path), "--method", "pgd", "--epsilon", "230", "--steps", "5", "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    rows = table(out)
    assert rows
    said = in_this_process("predict", str(run.path), *(str(out / row["file"]) for row in rows), "--json")
    assert [answer["class"] for answer in json.loads(said.stdout)] == [row["says"] for row in rows]
    for row in rows:
        original = np.asarray(Image.open(out / row["original"]))
        assert original.shape == (16, 20, 3)
        assert (original.mean() > 120) == (row["label"] == "bright")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--epsilon", "0.3"], 2, "for 0.3 of the range give 76.5"),
        (["--epsilon", "eight"], 2, "--epsilon eight should be numbers from 1 to 255"),
        (["--method", "pdg"], 2, "did you mean 'pgd'"),
        (["--method", ","], 2, "--method should be some"),
        (["--count", "0"], 2, "--count"),
        (["--epsilon", "-4"], 2, "epsilon -4 should be 0, or from 1 to 255"),
        (["--out", "full"], 2, "there and not empty"),
        (["--out", "new", "--method", "noise"], 2, "--method noise has neither"),
        (["--data", "nowhere"], 2, "nowhere"),
    ],
)
def test_mistakes_are_said_in_a_sentence(
    in_this_process: Command,
    digits: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.png").touch()
    done = in_this_process("attack", str(digits), *words)
    assert done.returncode == code, done.stderr
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "new").exists()


def test_signals_are_refused(in_this_process: Command, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    np.savez(
        tmp_path / "tones.npz", signals=random.normal(size=(60, 1, 32)), labels=random.integers(0, 2, 60)
    )
    run = train(str(tmp_path / "tones.npz"), epochs=1, quiet=True, out=str(tmp_path / "run"))
    done = in_this_process("attack", str(run.path))
    assert done.returncode == 1
    assert "takes signals, which have no pixels" in done.stderr
    first = (run.path / "report.html").read_text("utf-8")
    again = report_again(run.path).read_text("utf-8")
    for page in (first, again):
        assert "Attacks and changes are of pictures; the data are signals." in page
        assert "convscope attack" not in page


def test_an_attack_that_no_longer_fools_is_a_failed_gate(
    in_this_process: Command, digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convscope.look.breaking import attack_pictures, rereading

    originals: dict[str, bytes] = {}

    def forgetful(preprocessing: object, picture: np.ndarray) -> bytes:
        """Writes whatever came last for both, so that the attack's file is its original."""
        content = rereading.as_file(preprocessing, picture)  # type: ignore[arg-type]
        return originals.setdefault("first", content)

    monkeypatch.setattr(attack_pictures, "as_file", forgetful)
    done = in_this_process("attack", str(digits), *FAST, "--out", str(tmp_path / "attacks"))
    assert done.returncode == 3
    assert "no longer fool the network" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(digits: Path, tmp_path: Path) -> None:
    (digits / "robustness.json").unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", "attack", str(digits), "--out", "attacks", "--steps", "100000",
         "--step-size", "1", "--epsilon", "2", "--debug"],
        cwd=tmp_path,
        env=os.environ.copy(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        time.sleep(6)  # PyTorch is loaded, and the attack is at work
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    assert output == ""
    assert list(tmp_path.iterdir()) == []
    assert not (digits / "robustness.json").exists()
