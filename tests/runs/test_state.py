"""Who is at work in a run: told from another process, and after it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from convscope.errors import ConvscopeError
from convscope.runs.state import at_work, is_at_work, state_of

if sys.platform == "win32":
    pytest.skip("who is at work is not known there", allow_module_level=True)

CODE = """
import sys, time
from pathlib import Path
from convscope.runs.state import at_work

with at_work(Path(sys.argv[1])):
    print("here", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_is_no_longer_at_work(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", CODE, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        assert is_at_work(tmp_path)
        assert state_of(tmp_path) == "at work"
        with pytest.raises(ConvscopeError, match="is at work in another process"), at_work(tmp_path):
            pass
        os.kill(process.pid, signal.SIGKILL)
    assert state_of(tmp_path) == "interrupted"
    (tmp_path / "result.json").write_text("{}")
    assert state_of(tmp_path) == "finished"
    with at_work(tmp_path):
        pass


def test_a_look_does_not_stop_who_begins(tmp_path: Path) -> None:
    code = "import sys\nfrom pathlib import Path\nfrom convscope.runs.state import is_at_work\n"
    code += "print('here', flush=True)\nwhile True:\n    is_at_work(Path(sys.argv[1]))"
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as looker:
        assert looker.stdout is not None
        looker.stdout.readline()
        for _ in range(100):
            with at_work(tmp_path):
                time.sleep(0.001)
        looker.kill()


def test_a_folder_that_is_gone_is_at_rest(tmp_path: Path) -> None:
    assert not is_at_work(tmp_path / "gone")
