"""`convscope studio`: what is wrong with a start is a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ..conftest import Command


def test_without_the_extra(in_this_process: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    result = in_this_process("studio", "--no-browser")
    assert result.returncode == 1
    assert result.stderr == (
        "error: the studio needs fastapi, which is not installed: pip install 'convscope[serve]'.\n"
    )


def test_without_its_page(in_this_process: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = pytest.importorskip("convscope.studio.page", reason="pip install 'convscope[serve]'")
    monkeypatch.setattr(page, "STATIC", tmp_path)
    result = in_this_process("studio", "--no-browser")
    assert (result.returncode, result.stdout) == (1, "")
    assert "`make web` builds it in a checkout, with Node 20.19 or newer" in result.stderr


def test_a_folder_that_is_not_there(in_this_process: Command) -> None:
    result = in_this_process("studio", "--no-browser", "--folder", "no/such/folder")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: --folder no/such/folder: No such file or directory.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "65536"], "--port"),
        (["--port", "http"], "--port"),
        (["--token", "short"], "--token takes 12 or more letters"),
        (
            ["--allow-host", "https://hub.example.org/"],
            "--allow-host 'https://hub.example.org/' should be a name",
        ),
        (["--allow-host", "*"], "--allow-host '*' should be a name"),
        (["--folder", ""], "a path is empty"),
    ],
)
def test_wrong_usage(in_this_process: Command, words: list[str], said: str) -> None:
    result = in_this_process("studio", "--no-browser", *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
