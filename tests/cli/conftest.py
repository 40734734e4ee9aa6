"""The command line in this process, for tests that need many of its answers."""

from __future__ import annotations

import subprocess

import pytest

from convscope.cli import main

from ..conftest import Command


@pytest.fixture
def in_this_process(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `convscope <words>` where the test is; returns exit code, output and errors."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        with pytest.raises(SystemExit) as left:
            main(list(words))
        printed = capsys.readouterr()
        code = left.value.code if isinstance(left.value.code, int) else 0
        return subprocess.CompletedProcess(words, code, printed.out, printed.err)

    return run
