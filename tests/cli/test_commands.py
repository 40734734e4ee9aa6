"""The commands together, as a person uses them: what they print, where, and what they leave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import native

from ..conftest import Command


def test_from_training_to_prediction(convscope: Command, tmp_path: Path) -> None:
    trained = convscope("train", "--epochs", "2", "--json")
    assert trained.returncode == 0, trained.stderr
    document = json.loads(trained.stdout)
    assert list(document)[:8] == [
        "run",
        "net",
        "data",
        "engine",
        "parameters",
        "seconds",
        "epochs",
        "best_epoch",
    ]
    assert [epoch["epoch"] for epoch in document["epochs"]] == [1, 2]
    assert set(document["epochs"][0]) == {
        "epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds",
    }  # fmt: skip
    assert {"accuracy", "loss", "per_class"} <= set(document["test"])
    assert document["parameters"] == 14_634
    assert sum(line.startswith("epoch ") for line in trained.stderr.splitlines()) == 2

    measured = convscope("eval", "runs/latest", "--json")
    assert measured.returncode == 0, measured.stderr
    evaluation = json.loads(measured.stdout)
    assert evaluation["accuracy"] == document["test"]["accuracy"]
    assert evaluation["loss"] == pytest.approx(document["test"]["loss"], rel=1e-6)

    zero = np.kron([[0, 9, 9, 0], [9, 0, 0, 9], [9, 0, 0, 9], [0, 9, 9, 0]], np.ones((8, 8))) * 28
    Image.fromarray(zero.astype(np.uint8)).save(tmp_path / "zero.png")
    (tmp_path / "broken.png").write_text("no picture")
    predicted = convscope("predict", "runs/latest", "zero.png", "broken.png", "missing.png", "--json")
    assert predicted.returncode == 1  # two of them could not be read; the others are answered
    rows = json.loads(predicted.stdout)
    assert [row["path"] for row in rows] == ["zero.png", "broken.png", "missing.png"]
    assert set(rows[0]) == {"path", "class", "probability", "top", "warnings"}
    assert rows[0]["top"][0] == {"class": rows[0]["class"], "probability": rows[0]["probability"]}
    assert set(rows[1]) == set(rows[2]) == {"path", "error"}

    listed = json.loads(convscope("runs", "--json").stdout)
    assert [run["accuracy"] for run in listed] == [document["test"]["accuracy"]]
    summed = convscope("summary", "runs/latest", "--json")
    assert json.loads(summed.stdout)["totals"]["parameters"] == 14_634

    failed = convscope("eval", "runs/latest", "--min-accuracy", "1", "--quiet")
    assert failed.returncode == (3 if document["test"]["accuracy"] < 1 else 0)
    text = convscope("predict", "runs/latest", "zero.png")
    assert text.returncode == 0
    assert text.stdout.splitlines()[0].split() == ["picture", "class", "probability", "then"]
    assert "\x1b" not in trained.stderr + text.stdout + text.stderr  # no colour in pipes


def test_validation_figures_are_called_so(convscope: Command, photos: Path) -> None:
    for part, numbers in (("train", range(8)), ("val", range(8, 12))):
        for name in ("bright", "dark"):
            folder = photos / part / name
            folder.mkdir(parents=True)
            for number in numbers:
                (photos / name / f"{number}.png").rename(folder / f"{number}.png")
    for name in ("bright", "dark"):
        (photos / name).rmdir()
    result = convscope("train", "./photos", "--epochs", "1", "--size", "16", "--net", "simple-cnn-rgb")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Validation accuracy")
    assert (result.stdout + result.stderr).lower().count("no test") == 1
    assert "note: no test set: these are validation figures" in result.stderr
    measured = convscope("eval", "runs/latest")
    assert measured.stdout.startswith("Validation accuracy")
    assert (measured.stdout + measured.stderr).lower().count("no test") == 1


def test_own_class_loads_where_its_file_is_gone(convscope: Command, tmp_path: Path, idx_folder: Path) -> None:
    file = tmp_path / "my_net.py"
    file.write_text(
        "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n\n\n"
        "class SimpleCNN(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv1 = nn.Conv2d(1, 4, 3)\n"
        "        self.conv2 = nn.Conv2d(4, 8, 3)\n"
        "        self.fc = nn.Linear(200, 10)\n\n"
        "    def forward(self, x):\n"
        "        x = F.max_pool2d(F.relu(self.conv1(x)), 2)\n"
        "        x = F.max_pool2d(F.relu(self.conv2(x)), 2)\n"
        "        return self.fc(x.view(-1, 200))\n"
    )
    data = str(idx_folder)
    result = convscope(
        "train", "mnist", "--net", "my_net.py:SimpleCNN", "--epochs", "2", "--json", CONVSCOPE_DATA=data
    )
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert (document["net"], document["parameters"]) == ("SimpleCNN", 40 + 296 + 2010)
    file.unlink()
    again = convscope("eval", "runs/latest", "--json", CONVSCOPE_DATA=data)
    assert json.loads(again.stdout)["accuracy"] == document["test"]["accuracy"]


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("train", "--help"),
        ("summary", "convnet-bn", "--input", "1x28x28"),
        ("nets",),
        ("--version",),
    ],
)
def test_does_not_import_torch(words: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom convscope.cli import main\n"
        f"try:\n    main({list(words)!r})\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        "print(sorted({'torch', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stderr.strip() == "[]"


def test_tables_fit_a_terminal(convscope: Command) -> None:
    for words in (("nets",), ("summary", "resnet-20"), ("summary", "mobile-small"), ("info",)):
        result = convscope(*words)
        assert result.returncode == 0
        if words != ("info",):
            assert max(map(len, result.stdout.splitlines())) <= 80


def test_info_says_what_the_engines_are(convscope: Command) -> None:
    engines = json.loads(convscope("info", "--json").stdout)["engines"]
    assert engines["torch"] == "available"
    expected = "pictures side by side" if native.available() else f"not available: {native.reason()}"
    assert expected in engines["lanes"]


def test_ctrl_c_keeps_the_best_weights(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", "train", "--epochs", "5000", "--schedule", "constant"],
        cwd=tmp_path,
        env=os.environ.copy(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 90
        while not list(tmp_path.glob("runs/*/bundle.safetensors")) and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted" in errors
    from convscope import Bundle

    assert Bundle.load(tmp_path / "runs" / "latest").info["metrics"]["epoch"] >= 1
