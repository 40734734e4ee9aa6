"""`convscope summary --svg`: the table, and the drawing in a file."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.conftest import Command

SVG = "{http://www.w3.org/2000/svg}"


def test_a_drawing_has_a_box_for_each_row_of_the_table(convscope: Command, tmp_path: Path) -> None:
    result = convscope("summary", "resnet-8", "--svg", "net.svg")
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "Drawing net.svg"
    root = ElementTree.parse(tmp_path / "net.svg").getroot()
    assert root.findtext(f"{SVG}title") == "resnet-8"
    drawn = [box.findtext(f"{SVG}title") for box in root.findall(f"{SVG}g/{SVG}g")]
    document = json.loads(convscope("summary", "resnet-8", "--json", "--svg", "again.svg").stdout)
    assert drawn == ["input", *(layer["name"] for layer in document["layers"])]
    assert document["svg"] == "again.svg"
    assert (tmp_path / "again.svg").read_bytes() == (tmp_path / "net.svg").read_bytes()


def test_without_a_file_nothing_is_written(convscope: Command, tmp_path: Path) -> None:
    result = convscope("summary", "starter")
    assert "Drawing" not in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_drawing_that_cannot_be_written_is_a_sentence(convscope: Command, tmp_path: Path) -> None:
    result = convscope("summary", "lenet-5", "--svg", "no/folder/net.svg")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "cannot write no/folder/net.svg" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_ones_own_is_drawn(convscope: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import torch.nn as nn\n\n\nclass Mine(nn.Sequential):\n    def __init__(self):\n"
        "        super().__init__(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3))\n"
    )
    result = convscope("summary", "mine.py:Mine", "--input", "1x8x8", "--classes", "3", "--svg", "mine.svg")
    assert result.returncode == 0, result.stderr
    assert "2×6×6" in (tmp_path / "mine.svg").read_text("utf-8")
