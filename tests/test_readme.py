"""Every command in the README runs, and prints what the README shows (numbers aside)."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from convscope import native
from convscope.widgets import scripts

from .conftest import Command, needs_lanes

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def transcript() -> list[tuple[str, list[str]]]:
    """Each `$ command` of the console blocks with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for line in "\n".join(blocks("console")).splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line)
    return found


def masked(line: str) -> str:
    """A line without what differs from machine to machine: numbers, and the spaces that align them."""
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.:]*", "#", line)).strip()


def test_commands_print_what_is_shown(
    convscope: Command, tmp_path: Path, photos: Path, idx_folder: Path
) -> None:
    (tmp_path / "my_net.py").write_text(blocks("python")[0])
    Image.open(photos / "dark" / "0.png").convert("L").save(tmp_path / "digit.png")
    run = 0
    for command, shown in transcript():
        words = shlex.split(command)
        if words[0] != "convscope":
            continue
        result = convscope(*words[1:], CONVSCOPE_DATA=str(idx_folder))
        assert result.returncode == 0, (command, result.stderr)
        printed = [masked(line) for line in (result.stderr + result.stdout).splitlines()]
        for line in shown:
            if not native.available():
                line = line.replace("lanes engine", "torch engine")
            if line != "...":
                assert masked(line) in printed, (command, line, printed)
        run += 1
    assert run >= 8


@needs_lanes
def test_examples_of_the_how_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "how-to.md").read_text("utf-8")
    sections = [re.findall(r"```python\n(.*?)```", part, flags=re.DOTALL) for part in page.split("\n## ")]
    built = scripts.FOLDER.is_dir()  # what widgets run in the page
    sections = [texts for texts in sections if texts and (built or "convscope.widgets" not in "".join(texts))]
    assert len(sections) >= 2
    for examples in sections:  # each stands by itself
        exec(compile("\n".join(examples), "how-to.md", "exec"), {})


def test_make_targets_exist() -> None:
    targets = [command.split()[1] for command, _ in transcript() if command.startswith("make ")]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def test_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("L", (28, 28)).save("digit.png")
    exec(compile(blocks("python")[1], "README.md", "exec"), {})
