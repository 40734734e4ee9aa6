"""The studio below a path, as JupyterHub and other proxies serve it: they take the path off."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from .conftest import OpenScreen, needs_page, running

PREFIX = "/user/ada/proxy/studio"
pytestmark = [needs_page, pytest.mark.xdist_group("studio")]


class Proxy(BaseHTTPRequestHandler):
    """Hands on what is below the prefix, with its headers as they are; notes what it was asked for."""

    protocol_version = "HTTP/1.1"
    to = ""
    asked: list[str]

    def pass_on(self) -> None:
        self.asked.append(self.path)
        if not self.path.startswith(f"{PREFIX}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        connection = HTTPConnection(self.to, timeout=60)
        connection.putrequest(
            self.command, self.path.removeprefix(PREFIX), skip_host=True, skip_accept_encoding=True
        )
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_POST = pass_on  # noqa: N815

    def log_message(self, format: str, *words: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Proxy,), {"asked": []}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_screens_work_below_a_path(
    proxy: ThreadingHTTPServer, open_screen: OpenScreen, tmp_path: Path
) -> None:
    outside = f"127.0.0.1:{proxy.server_port}"
    handler: type[Proxy] = proxy.RequestHandlerClass  # type: ignore[assignment]
    with running(tmp_path, "--port", "0", "--allow-host", outside) as (_, address):
        inside = urlsplit(address)
        handler.to = inside.netloc
        page = open_screen("#/network?model=starter", address=f"http://{outside}{PREFIX}/?{inside.query}")
        page.get_by_test_id("prediction").wait_for()
        assert page.url.startswith(f"http://{outside}{PREFIX}/#/network")  # without the token
        [cookie] = page.context.cookies()
        assert cookie["path"] == PREFIX  # other users of the hub's name do not get it
        assert cookie["httpOnly"]
        assert f"{PREFIX}/api/models" in handler.asked
        assert all(path.startswith(f"{PREFIX}/") for path in handler.asked)
        assert [path for path in handler.asked if "token" in path] == handler.asked[:1]


def test_a_proxy_that_was_not_named_is_refused(
    proxy: ThreadingHTTPServer, open_screen: OpenScreen, tmp_path: Path
) -> None:
    outside = f"127.0.0.1:{proxy.server_port}"
    handler: type[Proxy] = proxy.RequestHandlerClass  # type: ignore[assignment]
    with running(tmp_path, "--port", "0") as (_, address):
        inside = urlsplit(address)
        handler.to = inside.netloc
        page = open_screen(address=f"http://{outside}{PREFIX}/?{inside.query}", tolerate="status of 403")
        assert f"'{outside}' is not an address of this studio" in page.get_by_role("paragraph").inner_text()
        assert "--allow-host" in page.get_by_role("paragraph").inner_text()
