"""A studio that runs, and pages of it in Chromium that fail a test on whatever a person should never see."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from convscope.studio.built import STATIC

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
AT_HOME = re.compile(r"(https?://(127\.0\.0\.1|localhost)[:/]|data:|blob:|about:)")

needs_page = pytest.mark.skipif(
    not (STATIC / "index.html").is_file(), reason="the studio's page is not built: make web"
)


@contextmanager
def running(
    folder: Path, *words: str, code: str | None = None, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`convscope studio <words>` in a folder: the process, and the address that it printed.

    `code` is a program that calls `convscope.cli.main`, where it is to be another than the command.
    """
    program = ["-m", "convscope"] if code is None else ["-c", code]
    process = subprocess.Popen(
        [sys.executable, *program, "studio", "--no-browser", *words],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Studio  http://"), line + process.stderr.read()
        yield process, line.split()[1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address to open, with its token, of a studio in an empty folder."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the studio's page is not built: make web")
    with running(tmp_path_factory.mktemp("studio"), "--port", "0") as (_, address):
        yield address


OpenScreen = Callable[..., "Page"]


@pytest.fixture
def open_screen(browser: Browser, studio: str) -> Iterator[OpenScreen]:
    """`open_screen("#/network?model=starter", width=360, scheme="dark")`: a page in a context of its own.

    At its end the test fails for errors and warnings in the console, but those in which `tolerate` is found
    (an error that the test provokes), and for requests that leave this machine.
    """
    contexts, complaints = [], []

    def opening(
        hash: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        tolerate: str = "",
        address: str = studio,
        **settings: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **settings
        )
        contexts.append(context)
        page = context.new_page()

        def heard(kind: str, text: str) -> None:
            if kind in ("error", "warning") and not (tolerate and re.search(tolerate, text)):
                complaints.append(f"console {kind}: {text}")

        page.on("console", lambda message: heard(message.type, message.text))
        page.on("pageerror", lambda error: heard("error", str(error)))
        page.on(
            "request",
            lambda request: AT_HOME.match(request.url) or complaints.append(f"leaves: {request.url}"),
        )
        page.goto(f"{address}{hash}")
        return page

    yield opening
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(open_screen: OpenScreen) -> Page:
    """The first screen, as it opens."""
    return open_screen()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """`axe(page)`: what axe-core finds wrong with it, in readable lines; empty where nothing is."""
    if not AXE.is_file():
        pytest.skip("axe-core is not there: make web")
    source = AXE.read_text("utf-8")

    def violations(page: Page) -> list[str]:
        page.evaluate(source)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]} "
            f"[{'; '.join(check['message'] for check in (*node['any'], *node['all'], *node['none']))}]"
            for one in found
            for node in one["nodes"]
        ]

    return violations


def asked(page: Page, path: str) -> Any:
    """What the server answers to a page: the JSON of `api/...`."""
    return json.loads(page.evaluate("async (path) => (await fetch(path)).text()", path))
