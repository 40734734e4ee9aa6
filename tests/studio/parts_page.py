"""A page with only the chooser of pictures and some maps (web/tests/pictures/page), built and served."""

from __future__ import annotations

import base64
import functools
import http.server
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WEB = Path(__file__).parents[2] / "web"
VITE = WEB / "node_modules" / ".bin" / "vite"


@pytest.fixture(scope="session")
def parts_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    if not VITE.exists():
        pytest.skip("web/node_modules is not there: make web-test")
    folder = tmp_path_factory.mktemp("parts")
    built = subprocess.run(
        [VITE, "build", "--config", "tests/pictures/page/vite.config.ts", "--outDir", folder],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/index.html"
        finally:
            server.shutdown()
            thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


Open = Callable[..., "Page"]


@pytest.fixture
def open_parts(browser: Browser, parts_page: str) -> Iterator[Open]:
    """`open_parts(code, **context)`: the page with a picture, in a context of its own; no error may show."""
    contexts, wrong = [], []

    def opened(code: str = "", **settings: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{parts_page}#{code}")
        page.wait_for_function("window.report")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@contextmanager
def other_chromium(browser: Browser, *flags: str) -> Iterator[Browser]:
    """The same Chromium, started anew with more flags."""
    from ..conftest import chromium_settings

    started = browser.browser_type.launch(**chromium_settings(*flags))
    try:
        yield started
    finally:
        started.close()


@dataclass(frozen=True)
class Shown:
    """What the page says of its picture."""

    name: str
    kind: str
    code: str
    values: np.ndarray
    file: bytes | None
    times: int


def shown(page: Page) -> Shown:
    """The picture of the page."""
    report, packed = page.evaluate("[{ ...report(), values: null }, packed()]")
    file = None if packed["file"] is None else _bytes(packed["file"])
    values = np.frombuffer(_bytes(packed["values"])).reshape(report["shape"])
    return Shown(report["name"], report["kind"], report["code"], values, file, report["times"])


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def wait_for_picture(page: Page, name: str) -> Shown:
    """The picture, once it is the one of that name."""
    page.wait_for_function("name => window.report?.().name === name", arg=name)
    return shown(page)
