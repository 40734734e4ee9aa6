"""Which files a command line imports: those of its command, or all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import convscope.cli
from convscope.cli.execute import MODULES


def test_every_command_is_registered() -> None:
    folder = Path(convscope.cli.__file__).parent
    defining = {file.stem for file in folder.glob("*.py") if "\n@command(" in file.read_text("utf-8")}
    assert {module for modules in MODULES.values() for module in modules} == defining


def test_a_command_imports_no_other() -> None:
    code = (
        "import sys; from convscope.cli.execute import execute; code = execute(['nets', '--json']);"
        "sys.exit(code or bool({'convscope.cli.train', 'convscope.cli.look'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0
