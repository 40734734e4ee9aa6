"""The example in the how-to, as a person would follow it: trained, exported, compiled, run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from convscope import nets
from convscope.ship.c_source.form import written
from convscope.ship.entrance import Entrance

from ...conftest import Command, needs_lanes
from ...look.networks import inputs_of
from .networks import bundle_of, needs_compiler
from .test_networks import usual

PAGE = (Path(__file__).parents[3] / "docs" / "how-to.md").read_text("utf-8")
SECTION = PAGE.split("## Put a network on a microcontroller\n")[1].split("\n## ")[0]


@needs_lanes
@needs_compiler
def test_the_example_of_the_how_to_reads_a_seven(convscope: Command, tmp_path: Path) -> None:
    (program,) = re.findall(r"```c\n(.*?)```", SECTION, flags=re.DOTALL)
    (picture,) = re.findall(r"```python\n(.*?)```", SECTION, flags=re.DOTALL)
    (tmp_path / "main.c").write_text(program)
    subprocess.run([sys.executable, "-c", picture], cwd=tmp_path, check=True)
    outside = re.sub(r"```.*?```", "", SECTION, flags=re.DOTALL)
    commands = re.findall(r"^    (\S.*)$", outside, flags=re.MULTILINE)
    words = ["convscope", "convscope", "cc", "./digits", "convscope", "convscope"]
    assert [command.split()[0] for command in commands] == words
    printed = []
    for command in commands[:2] + commands[4:]:
        done = convscope(*shlex.split(command)[1:])
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    subprocess.run([*shlex.split(commands[2]), "-Wall", "-Wextra", "-Werror"], cwd=tmp_path, check=True)
    run = subprocess.run(commands[3], cwd=tmp_path, shell=True, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"7 \d+\.\d %\n", run.stdout)
    assert run.stdout.split() == printed[2].splitlines()[1].split()[1:4]  # convscope says the same
    assert "void eyes_predict(" in (tmp_path / "eyes.c").read_text()
    refused = subprocess.run("./digits < main.c", cwd=tmp_path, shell=True, capture_output=True, check=False)
    assert (refused.returncode, refused.stderr) == (1, b"This is no binary PGM file.\n")
    comment = " ".join((tmp_path / "digits.c").read_text().split("*/")[0].split())
    for figure in re.findall(r"([\d,]+) bytes of (?:constants|working)", " ".join(SECTION.split())):
        assert f"{figure} bytes" in comment


@needs_compiler
def test_the_program_in_the_comment_compiles_and_runs(tmp_path: Path) -> None:
    for name in ("simple-cnn-rgb", "simple-cnn-1d"):
        bundle = bundle_of(nets.graph(name), usual(nets.graph(name)))
        text = written(bundle, Entrance(bundle.preprocessing)).decode()
        (tmp_path / "network.c").write_text(text)
        lines = text[: text.index("*/")].splitlines()
        first = next(i for i, line in enumerate(lines) if "#include <stdio.h>" in line)
        last = next(i for i, line in enumerate(lines) if line == "       }")
        (tmp_path / "main.c").write_text("\n".join(lines[first : last + 1]))
        words = [
            "cc",
            "-std=c99",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            "main.c",
            "network.c",
            "-lm",
            "-o",
            "it",
        ]
        subprocess.run(words, cwd=tmp_path, check=True)
        stored = inputs_of(bundle, 1)
        done = subprocess.run([tmp_path / "it"], input=stored.tobytes(), capture_output=True, check=True)
        probabilities = bundle.probabilities(stored)[0]
        best = int(probabilities.argmax())
        label, figure = done.stdout.decode().rsplit(" ", 1)
        assert label == bundle.classes[best]
        assert float(figure) == pytest.approx(probabilities[best], abs=1e-4)
