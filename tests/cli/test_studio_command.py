"""`convscope studio`: what is wrong with a start is a sentence."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from convscope.studio.built import STATIC

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


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser is led to, at a terminal; the studio ends at once."""
    launch = pytest.importorskip("convscope.studio.launch", reason="pip install 'convscope[serve]'")
    if not (STATIC / "index.html").is_file():
        pytest.skip("the studio's page is not built: make web")
    addresses: list[str] = []
    monkeypatch.setattr(launch, "opens_browser", lambda: True)
    monkeypatch.setattr(launch, "open_browser", addresses.append)
    monkeypatch.setattr(launch, "serve", lambda _, opened, **__: opened.close())
    monkeypatch.setattr(launch, "leave", lambda: None)  # it would be this process that ends
    return addresses


def test_the_browser_gets_a_ticket_and_not_the_token(in_this_process: Command, opened: list[str]) -> None:
    result = in_this_process("studio", "--port", "0", "--token", "my-own-secret", "starter")
    assert result.returncode == 0
    printed = result.stdout.split()[1]
    (address,) = opened
    found = re.fullmatch(re.escape(printed).replace("my\\-own\\-secret", "([0-9a-f]{32})"), address)
    assert found, (printed, address)


@pytest.mark.parametrize("word", ["--json", "--no-browser"])
def test_what_a_program_asks_for_opens_no_browser(
    in_this_process: Command, opened: list[str], word: str
) -> None:
    assert in_this_process("studio", "--port", "0", word).returncode == 0
    assert opened == []


def test_a_token_that_processes_do_not_show(
    in_this_process: Command, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVSCOPE_TOKEN", "of-the-environment")
    assert "/?token=of-the-environment\n" in in_this_process("studio", "--port", "0").stdout
    assert (
        "/?token=typed-instead" in in_this_process("studio", "--port", "0", "--token", "typed-instead").stdout
    )
    monkeypatch.setenv("CONVSCOPE_TOKEN", "short")
    result = in_this_process("studio", "--port", "0")
    assert (result.returncode, result.stdout) == (2, "")
    assert "CONVSCOPE_TOKEN" in result.stderr


def test_a_folder_that_is_not_there(in_this_process: Command) -> None:
    result = in_this_process("studio", "--no-browser", "--folder", "no/such/folder")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == "error: --folder no/such/folder: No such file or directory.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--port", "65536"], "--port"),
        (["--port", "http"], "--port"),
        (["--token", "short"], "--token (or CONVSCOPE_TOKEN) takes 12 or more letters"),
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
