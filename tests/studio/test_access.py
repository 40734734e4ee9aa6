"""Who may ask: every refusal, as bytes on a socket where a client would tidy the request up."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi", reason="pip install 'convscope[serve]'")

from convscope.errors import UsageError
from convscope.studio.access import Access, allowed_host, token_of
from convscope.studio.addresses import listening
from convscope.studio.app import guarded, studio
from convscope.studio.guard import Guard
from convscope.studio.headers import HEADERS
from convscope.studio.inspector import Inspector
from convscope.studio.launch import server_of
from convscope.studio.page import File

TOKEN = "0123456789abcdef0123456789abcdef"
TICKET = "of-one-time-alone"
PAGE, SCRIPT = b"<!doctype html><title>the page</title>", b"the script"
EVERYWHERE = ["/", "/assets/index-1.js", "/api/models", "/api/nothing", "/nothing", "/%61pi/models"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    raw: bytes

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def sentence(self) -> str:
        if self.header("content-type") == ["application/json"]:
            return str(json.loads(self.body)["message"])
        return re.findall("<p>(.*)</p>", self.body.decode())[0]


class Server:
    """A studio in this process; requests are written as they are given."""

    def __init__(self) -> None:
        opened = listening("127.0.0.1", 0)
        self.port = opened.getsockname()[1]
        self.access = Access.of(
            ("127.0.0.1", "localhost", "[::1]"), self.port, TOKEN, ("hub.example.org", "box.example.org:8000")
        )
        page = {
            "/": File(PAGE, PAGE, "text/html", "a", "no-cache"),
            "/assets/index-1.js": File(SCRIPT, SCRIPT, "text/javascript", "b", "private"),
        }
        self.heard: list[bytes] = []
        self.server = server_of(guarded(studio(Answering(), page), self.access, TICKET))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [opened]})
        self.thread.start()

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive()

    @property
    def cookie(self) -> str:
        return f"Cookie: {self.access.cookie}={self.access.passport}"

    @property
    def host(self) -> str:
        return f"Host: 127.0.0.1:{self.port}"

    def ask(self, target: str, *lines: str, method: str = "GET", version: str = "1.1") -> Answer:
        """`lines` are the header, with `Host` and `Cookie` among them."""
        text = "\r\n".join([f"{method} {target} HTTP/{version}", *lines, "Connection: close", "", ""])
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(text.encode("latin-1"))
            raw = b"".join(iter(lambda: connection.recv(65536), b""))
        self.heard.append(raw)
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in rest)]
        return Answer(int(first.split()[1]), headers, body, raw)

    def known(self, target: str, *lines: str, **settings: str) -> Answer:
        """Asked by a browser that has the cookie."""
        return self.ask(target, self.host, self.cookie, *lines, **settings)


class Answering(Inspector):
    def models(self) -> list[dict[str, object]]:
        return []


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()
    assert not [raw for raw in running.heard if TOKEN.encode() in raw]  # in no response of any test here


def test_the_token_becomes_a_cookie(server: Server) -> None:
    answer = server.ask(f"/?token={TOKEN}&a=1%202", server.host)
    assert answer.status == 303
    assert answer.header("location") == ["./?a=1+2"]  # relative, for proxies that serve it below a path
    [cookie] = answer.header("set-cookie")
    pair, *attributes = cookie.split("; ")
    assert attributes == ["HttpOnly", "SameSite=Lax"]
    assert pair.startswith(f"convscope-{server.port}=")
    assert answer.header("cache-control") == ["no-store"]
    assert answer.body == b""
    opened = server.ask("/", server.host, f"Cookie: other=1; {pair}; more=2")
    assert (opened.status, opened.body) == (200, PAGE)


def test_a_ticket_opens_it_once() -> None:
    server = Server()
    try:
        foreign = server.ask(f"/?token={TICKET}", "Host: evil.example.org")
        assert foreign.status == 403
        first = server.ask(f"/?token={TICKET}", server.host)
        assert (first.status, first.header("location")) == (303, ["./"])
        assert first.header("set-cookie")[0].startswith(f"{server.access.cookie}={server.access.passport};")
        again = server.ask(f"/?token={TICKET}", server.host)
        assert (again.status, again.header("set-cookie")) == (403, [])
        assert server.ask(f"/?token={TICKET}", server.host, server.cookie).status == 303  # a reload
    finally:
        server.stop()


@pytest.mark.parametrize("protocols", ["https", "https,http", "https , http"])
def test_behind_https_the_cookie_is_secure(server: Server, protocols: str) -> None:
    answer = server.ask(f"/?token={TOKEN}", "Host: hub.example.org", f"X-Forwarded-Proto: {protocols}")
    assert answer.header("set-cookie")[0].endswith("; Secure")


def test_the_browsers_own_protocol_is_the_first(server: Server) -> None:
    answer = server.ask(f"/?token={TOKEN}", "Host: hub.example.org", "X-Forwarded-Proto: http, https")
    assert answer.header("set-cookie")[0].endswith("; SameSite=Lax")


def test_requests_are_read_alike_whatever_is_installed(server: Server) -> None:
    """httptools, where it is installed, would be uvicorn's choice: it bounds no header."""
    assert server.server.config.http_protocol_class.__module__ == "uvicorn.protocols.http.h11_impl"


def test_an_old_token_of_a_known_browser_leaves_the_address(server: Server) -> None:
    answer = server.known("/?token=0000000000000000")
    assert (answer.status, answer.header("location"), answer.header("set-cookie")) == (303, ["./"], [])


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE"])
def test_nothing_without_the_cookie(server: Server, path: str, method: str) -> None:
    answer = server.ask(path, server.host, method=method)
    assert answer.status == 403
    if method == "HEAD":
        assert answer.body == b""
        return
    assert "open the address that `convscope studio` printed" in answer.sentence
    below = path in ("/api/models", "/api/nothing", "/%61pi/models")
    assert answer.header("content-type") == ["application/json" if below else "text/html; charset=utf-8"]
    if below:
        assert json.loads(answer.body)["about"] == "access"


@pytest.mark.parametrize(
    "target",
    [
        "/?token=",
        "/?token=0123456789abcdef",
        f"/?token={TOKEN}0",
        f"/?token={TOKEN.upper()}",
        f"/?Token={TOKEN}",
        f"/api/models?token={TOKEN}",  # only the page opens it
        f"/nothing?token={TOKEN}",
        "/?token=%ff%fe",
    ],
)
def test_no_other_token(server: Server, target: str) -> None:
    answer = server.ask(target, server.host)
    assert answer.status == 403
    assert not answer.header("set-cookie")


def test_the_token_opens_by_get_alone(server: Server) -> None:
    assert server.ask(f"/?token={TOKEN}", server.host, method="POST").status == 403


@pytest.mark.parametrize("value", ["", TOKEN, "0" * 64, "\xff", "é"])
def test_no_other_cookie(server: Server, value: str) -> None:
    assert server.ask("/", server.host, f"Cookie: {server.access.cookie}={value}").status == 403
    assert server.ask("/", server.host, f"Cookie: convscope-1={server.access.passport}").status == 403


def test_a_second_cookie_of_the_name_does_no_harm(server: Server) -> None:
    wrong = f"{server.access.cookie}=wrong"
    assert (
        server.ask("/", server.host, f"Cookie: {wrong}; {server.cookie.removeprefix('Cookie: ')}").status
        == 200
    )


HOSTS = {
    "another name": "evil.example",
    "rebound": "evil.example:{port}",
    "another port": "127.0.0.1:1",
    "no port": "127.0.0.1",
    "a name that begins alike": "127.0.0.1:{port}.evil.example",
    "a name that ends alike": "evil-localhost:{port}",
    "a label above": "x.localhost:{port}",
    "a dot behind": "localhost.:{port}",
    "another loopback": "127.0.0.2:{port}",
    "everywhere": "0.0.0.0:{port}",
    "in decimal": "2130706433:{port}",
    "mapped": "[::ffff:127.0.0.1]:{port}",
    "a person in it": "x@127.0.0.1:{port}",
    "two in one": "127.0.0.1:{port}, evil.example",
    "a path in it": "127.0.0.1:{port}/",
    "of a proxy, another port": "hub.example.org:1",
    "of a proxy, without its port": "box.example.org",
    "empty": "",
}


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_no_other_host(server: Server, path: str, host: str) -> None:
    written = host.format(port=server.port)
    answer = server.ask(path, f"Host: {written}", server.cookie)
    assert answer.status in (400, 403)  # some are refused before they get here
    if answer.status == 403:
        assert "--allow-host" in answer.sentence
    assert server.ask(f"/?token={TOKEN}", f"Host: {written}").status == answer.status


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:{}", "localhost:{}", "LocalHost:{}", "[::1]:{}", "hub.example.org", "hub.example.org:{}"],
)
def test_its_own_hosts(server: Server, host: str) -> None:
    assert server.ask("/", f"Host: {host.format(server.port)}", server.cookie).status == 200
    assert server.ask("/", "Host: box.example.org:8000", server.cookie).status == 200


def test_one_host(server: Server) -> None:
    twice = server.ask("/", server.host, server.host, server.cookie)
    other = server.ask("/", server.host, "Host: evil.example", server.cookie)
    none = server.ask("/", server.cookie)
    old = server.ask("/", server.cookie, version="1.0")
    assert [twice.status, other.status, none.status, old.status] == [400] * 4


def test_a_whole_address_is_no_path(server: Server) -> None:
    for target in ("http://evil.example/", f"http://127.0.0.1:{server.port}/", "*"):
        method = "OPTIONS" if target == "*" else "GET"
        assert server.known(target, method=method).status == 400


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "https://127.0.0.1:{port}",  # of this studio, but for the scheme
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "http://localhost:{port}/",
        "http://localhost:{port}.evil.example",
        "HTTP://localhost:{port}",  # no browser writes it so
        "http://hub.example.org:1",
        "file://",
    ],
)
def test_no_other_origin(server: Server, path: str, origin: str) -> None:
    line = f"Origin: {origin.format(port=server.port)}"
    for method in ("GET", "POST", "OPTIONS"):
        answer = server.known(path, line, method=method)
        assert answer.status == 403
        assert "may not ask" in answer.sentence
        assert not answer.header("access-control-allow-origin")


def test_its_own_origins(server: Server) -> None:
    for origin in (
        f"http://127.0.0.1:{server.port}",
        f"http://localhost:{server.port}",
        f"http://[::1]:{server.port}",
        "http://hub.example.org",
        "https://hub.example.org",
        "https://box.example.org:8000",
    ):
        assert server.known("/api/models", f"Origin: {origin}").status == 200
    own = f"Origin: http://127.0.0.1:{server.port}"
    assert server.known("/", own, own).status == 400
    assert server.known("/", own, "Origin: null").status == 400


def test_other_pages_lead_to_it_and_ask_nothing(server: Server) -> None:
    link = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
    for site in ("cross-site", "same-site"):  # another port of this machine is the same site
        from_elsewhere = f"Sec-Fetch-Site: {site}"
        assert server.known("/", from_elsewhere, *link).status == 200
        assert server.ask(f"/?token={TOKEN}", server.host, from_elsewhere, *link).status == 303
        assert server.known("/", from_elsewhere, *link, method="POST").status == 403
        assert server.known("/", from_elsewhere, link[0], "Sec-Fetch-Dest: iframe").status == 403
        for mode, kind in (("no-cors", "image"), ("no-cors", "script"), ("cors", "empty")):
            lines = (from_elsewhere, f"Sec-Fetch-Mode: {mode}", f"Sec-Fetch-Dest: {kind}")
            for path in EVERYWHERE:
                assert server.known(path, *lines).status == 403
    for site in ("same-origin", "none"):
        assert server.known("/api/models", f"Sec-Fetch-Site: {site}", "Sec-Fetch-Mode: cors").status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/..%2f..%2fapp.py",
        "/assets/..%2f..%2f..%2faccess.py",
        "/assets/../../app.py",
        "/%2e%2e/app.py",
        "//etc/passwd",
        "/etc/passwd",
        "/assets/",
        "/assets",
        "/index.html/",
        "/assets/index-1.js/",
        "/assets/index-1.js%00",
        "/api",
        "/docs",
        "/openapi.json",
    ],
)
def test_nothing_else_of_the_disk(server: Server, target: str) -> None:
    answer = server.known(target)
    assert answer.status == 404
    assert answer.sentence.startswith("There is nothing at ")
    assert server.ask(target, server.host).status == 403


def test_a_wrong_method_is_a_sentence(server: Server) -> None:
    answer = server.known("/api/models", method="DELETE")
    assert (answer.status, answer.sentence) == (405, "DELETE is not what /api/models is for.")


def test_every_answer_has_the_headers(server: Server) -> None:
    answers = [
        server.ask(f"/?token={TOKEN}", server.host),
        server.ask("/", server.host),
        server.ask("/", "Host: evil.example"),
        *map(server.known, EVERYWHERE),
    ]
    assert {answer.status for answer in answers} == {200, 303, 403, 404}
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.header(name) == [value]
        assert not answer.header("server")


def test_no_page_of_another_can_frame_or_feed_it() -> None:
    policy = dict(part.split(" ", 1) for part in HEADERS["content-security-policy"].split("; "))
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert HEADERS["referrer-policy"] == "no-referrer"


def test_a_refusal_says_nothing_in_html_that_was_asked(server: Server) -> None:
    assert b"<script" not in server.known("/%3Cscript%3Ealert(1)%3C/script%3E").body
    assert b"<b" not in server.known("/", "Origin: http://<b>").body


@pytest.mark.parametrize("cookie", [True, False])
@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "null"])
def test_a_stream_of_another_page_is_closed_before_it_opens(origin: str, cookie: bool) -> None:
    assert passed("websocket", [("host", "127.0.0.1:80"), ("origin", origin)], cookie=cookie) == (False, 1008)


def test_a_stream_of_its_own_page_opens() -> None:
    own = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1")]
    assert passed("websocket", own, cookie=True) == (True, None)
    assert passed("websocket", own, cookie=False) == (False, 1008)


@given(st.text(st.characters(max_codepoint=255), max_size=30))
def test_no_text_is_a_host_but_its_own(text: str) -> None:
    mine = {"127.0.0.1", "localhost", "[::1]", "hub.example.org", "hub.example.org:80"}
    let_in, _ = passed("http", [("host", text)], cookie=True)
    assert let_in == (text.lower() in mine)


def passed(kind: str, headers: list[tuple[str, str]], *, cookie: bool) -> tuple[bool, int | None]:
    """Whether a request gets through to the application of a studio at port 80; how a stream was closed."""
    access = Access.of(("127.0.0.1", "localhost", "[::1]"), 80, TOKEN, ("hub.example.org",))
    reached, sent = [], []

    async def app(scope: object, receive: object, send: object) -> None:
        reached.append(scope)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {}

    if cookie:
        headers = [*headers, ("cookie", f"{access.cookie}={access.passport}")]
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "path": "/api/stream", "headers": raw, "query_string": b"", "method": "GET"}
    with ThreadPoolExecutor(1) as thread:  # in this one the loop of Playwright may run
        thread.submit(asyncio.run, Guard(app, access)(scope, receive, send)).result()  # type: ignore[arg-type]
    codes = [message["code"] for message in sent if message["type"] == "websocket.close"]
    return bool(reached), codes[0] if codes else None  # type: ignore[return-value]


def test_tokens_are_new_and_long() -> None:
    tokens = {token_of(None) for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {32}  # of 16 digits: 128 bits
    assert token_of("correct-horse.battery_staple~1") == "correct-horse.battery_staple~1"
    for short in ("", "12345678901", "with a space in it", "ümlautümlaut", "a&b=c&d=e&f=g", "eleven+plus+"):
        with pytest.raises(UsageError, match=r"--token \(or CONVSCOPE_TOKEN\) takes 12 or more letters"):
            token_of(short)


def test_names_for_allow_host() -> None:
    assert allowed_host("[FE80::1]:8000") == "[fe80::1]:8000"
    for wrong in (
        "",
        "*",
        "*.example.org",
        "https://hub.example.org",
        "hub.example.org/user",
        "a:b",
        "a b",
        ".org",
        "x:0",
        "x:99999",
        "[.]",
        "[127.0.0.1]",
        "[fe80::1",
        "null",
        "NULL:80",
    ):
        with pytest.raises(UsageError, match="should be a name as it stands in an address"):
            allowed_host(wrong)
    with pytest.raises(UsageError) as caught:
        allowed_host("*" * 50_000)
    assert len(str(caught.value)) < 300
