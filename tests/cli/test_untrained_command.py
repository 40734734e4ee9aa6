"""A network that was never trained, in each command that takes a model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import Bundle, look
from convscope.errors import ConvscopeWarning

from ..conftest import Command

SAYS = "warning: [untrained] simple-cnn-4-8 is untrained: its weights are random, and so is what it says.\n"


def test_every_command_takes_it(
    in_this_process: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("warnings.showwarning", None)
    monkeypatch.setattr("warnings.filters", [("always", None, ConvscopeWarning, None, 0)])
    pixels = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)
    Image.fromarray(pixels).save("digit.png")
    model = "untrained:simple-cnn-4-8"
    summed = in_this_process("summary", model, "--json")
    assert (json.loads(summed.stdout)["totals"]["parameters"], summed.stderr) == (2346, "")
    said = in_this_process("predict", model, "digit.png", "--json")
    assert said.stderr == SAYS
    forward = look.ForwardPass(Bundle.load(model), pixels)
    found = {each["class"]: each["probability"] for each in json.loads(said.stdout)[0]["top"]}
    for label, probability in found.items():
        assert forward.outputs["probability"][int(label)] == pytest.approx(probability, abs=1e-6)
    looked = in_this_process("look", model, "digit.png", "--layer", "conv1", "--out", "maps.npz")
    assert (looked.returncode, looked.stderr) == (0, SAYS)
    np.testing.assert_array_equal(np.load("maps.npz")["conv1"], forward.outputs["conv1"])
    assert in_this_process("look", model, "--out", "filters.png").stderr == ""
    why = in_this_process("explain", model, "digit.png", "--why", "conv2:3:5:7", "--json")
    assert (json.loads(why.stdout)["value"], why.stderr) == (forward.value("conv2:3:5:7"), SAYS)
    exported = in_this_process("export", model, "--format", "c")
    assert exported.returncode == 0, exported.stderr
    assert Path("untrained-simple-cnn-4-8.c").is_file()
    measured = in_this_process("eval", "untrained:simple-cnn-4-8:1x16x16", "--data", "digits", "--quiet")
    assert measured.returncode == 0, measured.stderr
    assert SAYS in measured.stderr
    nothing = in_this_process("eval", model, "--quiet")
    assert "does not say which data it was trained on; give the data" in nothing.stderr
    mistyped = in_this_process("predict", "untrained:simple-cnn-4-9", "digit.png")
    assert (mistyped.returncode, "did you mean 'simple-cnn-4-8'?" in mistyped.stderr) == (2, True)
