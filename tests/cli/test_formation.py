"""`convscope train --watch`, and what is done with it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from PIL import Image

from ..conftest import Command

FAST = ("--net", "simple-cnn-16-32", "--epochs", "1")


def test_from_training_to_gif(convscope: Command, tmp_path: Path) -> None:
    done = convscope("train", "digits", *FAST, "--watch-every", "10")
    assert done.returncode == 0, done.stderr
    assert "Watching 2 layers with 8 pictures: 4 snapshots, " in done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Watch")]
    command = shlex.split(line.removeprefix("Watch"))
    assert command == ["convscope", "look", "runs/latest", "--gif", "formed.gif"]
    drawn = convscope(*command[1:])
    assert drawn.returncode == 0, drawn.stderr
    assert drawn.stdout.splitlines()[0] == "simple-cnn-16-32 on digits, 4 snapshots, step 0 to 21"
    assert max(map(len, drawn.stdout.splitlines())) <= 80
    with Image.open(tmp_path / "formed.gif") as image:
        assert image.n_frames == 4
    done = convscope("look", "latest", "--gif", "again.gif", "--json")
    document = json.loads(done.stdout)
    assert (document["frames"], document["snapshots"], document["steps"]) == (4, [0, 10, 20, 21], 21)
    assert document["bytes"] == (tmp_path / "again.gif").stat().st_size
    assert [layer["layer"] for layer in document["layers"]] == ["conv1", "conv2"]
    assert [picture["class"] for picture in document["pictures"]] == list("01234567")


def test_errors(convscope: Command, tmp_path: Path) -> None:
    assert convscope("train", "digits", *FAST, "--out", "run", "--json").returncode == 0
    done = convscope("look", "run", "--gif", "a.gif")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "error: run was not watched while it was trained. To train it again and keep how it forms:",
        "  convscope train --recipe run/recipe.toml --watch",
    ]
    done = convscope("look", "run", "--gif", "a.png")
    assert (done.returncode, done.stderr) == (2, "error: --gif a.png should be a name that ends in .gif.\n")
    done = convscope("train", "digits", *FAST, "--freeze", "--watch")
    assert done.returncode == 2
    assert "--freeze leaves all filters as they are, so that --watch has nothing to see" in done.stderr
    assert not (tmp_path / "a.gif").exists()
