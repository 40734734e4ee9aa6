"""Commands in a terminal of 80 columns, as a person sees them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

from convscope import Bundle
from convscope.data import Preprocessing

from ..terminal import Screen, in_terminal

SMALL = ["--net", "simple-cnn-16-32"]


@pytest.mark.parametrize("width", [80, 40])
def test_a_training_leaves_epochs_and_summary(tmp_path: Path, width: int) -> None:
    code, screen = in_terminal(["train", "--epochs", "3", *SMALL], tmp_path, width=width)
    assert code == 0
    assert screen.cursor_shown
    text = "\n".join(screen.text)
    assert "Training simple-cnn-16-32" in text  # behind a note, without lanes
    assert "━" not in text
    assert "…" not in text
    assert [line.split()[-1] if width == 40 else line for line in screen.text if "3/3" in line] != []
    assert "Next    convscope predict runs/latest" in text
    if width == 80:
        assert max(map(len, screen.seen)) <= 80


def test_ctrl_c_takes_the_line_away(tmp_path: Path) -> None:
    pressed = []

    def ctrl_c(screen: Screen) -> bytes:
        if not pressed and any("━" in line or "─" in line for line in screen.lines):
            pressed.append(True)
            return b"\x03"
        return b""

    words = ["train", "--epochs", "5000", "--schedule", "constant", *SMALL]
    code, screen = in_terminal(words, tmp_path, typed=ctrl_c)
    assert pressed
    assert code == 130
    assert screen.cursor_shown
    said = "\n".join(line for line in screen.text if not line.startswith("epoch "))
    assert "interrupted." in said
    assert "━" not in said
    assert "─" not in said


def test_an_error_while_pictures_are_read_leaves_no_line(tmp_path: Path, photos: Path) -> None:
    (photos / "dark" / "0.png").write_text("no picture")
    code, screen = in_terminal(["train", "./photos", "--strict"], tmp_path)
    assert code == 1
    assert screen.cursor_shown
    assert screen.text[0].startswith("error: ")


def test_loading_pytorch_is_said(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from torch import nn\n\n\nclass Net(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Flatten(), nn.Linear(64, 10))\n"
    )
    code, screen = in_terminal(["train", "--net", "mine.py:Net", "--epochs", "1"], tmp_path)
    assert code == 0
    assert "loading PyTorch and tracing the network …" in screen.seen
    assert "PyTorch" not in "\n".join(screen.text)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_plain_where_it_is_asked_for(tmp_path: Path, environment: dict[str, str]) -> None:
    code, screen = in_terminal(["train", "--epochs", "2", *SMALL], tmp_path, **environment)
    assert code == 0
    assert not screen.coloured
    if "TERM" in environment:
        assert not screen.moved


def test_predicting_into_a_file_shows_how_far_it_is(tmp_path: Path) -> None:
    Bundle.of(
        torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2)),
        ["a", "b"],
        Preprocessing(height=8, width=8, channels=1),
    ).save(tmp_path / "net.safetensors")
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (900, 900), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png")  # so that some of them take longer than a glance
    for number in range(700):
        (folder / f"{number}.png").symlink_to(tmp_path / "large.png")
    words = ["predict", "net.safetensors", "pictures", "--out", "out.csv", "--unsure", "0.6"]
    code, screen = in_terminal(words, tmp_path)
    assert code == 0
    assert screen.cursor_shown
    assert any("/700  ━" in line or "/700  ─" in line for line in screen.seen)
    text = "\n".join(screen.text)
    assert "━" not in text
    assert "…" not in text
    assert "Written out.csv" in text
    assert max(map(len, screen.seen)) <= 80
