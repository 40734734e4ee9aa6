"""The built page as it is sent: compressed, kept by browsers, and nothing but what the page needs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="pip install 'convscope[serve]'")

from starlette.responses import Response
from starlette.testclient import TestClient

from convscope.studio.app import studio
from convscope.studio.built import NODE, STATIC, PageNotBuilt
from convscope.studio.inspector import Inspector
from convscope.studio.page import read_page

from .conftest import needs_page

SCRIPT = b"const words = ['window', 'kernel'];\n" * 200


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    (tmp_path / "assets").mkdir()
    (tmp_path / "widgets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html>")
    (tmp_path / "convolution.html").write_bytes(b"of the documentation")
    (tmp_path / "widgets" / "network.js").write_bytes(b"of notebooks")
    (tmp_path / "assets" / "index-Ab1.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-Ab1.css").write_bytes(b"body { color: red }")
    return TestClient(studio(Inspector(), read_page(tmp_path)))


def ask(client: TestClient, path: str, *, method: str = "GET", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.request(method, path, headers={"accept-encoding": "identity", **named})


def test_the_page_is_asked_for_each_time_and_its_assets_once(client: TestClient) -> None:
    page, script = ask(client, "/"), ask(client, "/assets/index-Ab1.js")
    assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in script.headers["cache-control"]
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert ask(client, "/assets/index-Ab1.css").headers["content-type"] == "text/css; charset=utf-8"


def test_only_what_the_page_needs_is_served(client: TestClient) -> None:
    for path in ("/convolution.html", "/widgets/network.js", "/index.html", "/assets/"):
        assert ask(client, path).status_code == 404


def test_compressed_where_it_is_asked_for_and_smaller(client: TestClient) -> None:
    with client.stream("GET", "/assets/index-Ab1.js", headers={"accept-encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "accept-encoding"
    assert gzip.decompress(raw) == SCRIPT
    assert len(raw) < len(SCRIPT) / 10
    plain = ask(client, "/assets/index-Ab1.js")
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    small = ask(client, "/assets/index-Ab1.css", accept_encoding="gzip")
    assert "content-encoding" not in small.headers


def test_what_a_browser_has_is_not_sent_again(client: TestClient) -> None:
    zipped = ask(client, "/assets/index-Ab1.js", accept_encoding="gzip").headers["etag"]
    plain = ask(client, "/assets/index-Ab1.js").headers["etag"]
    assert zipped != plain  # two forms of one file
    for known in (plain, f'"other", {plain}', f"W/{plain}", "*"):
        again = ask(client, "/assets/index-Ab1.js", if_none_match=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == plain
    assert ask(client, "/assets/index-Ab1.js", if_none_match=zipped).status_code == 200
    assert ask(client, "/", if_none_match=plain).status_code == 200


def test_head_is_get_without_the_content(client: TestClient) -> None:
    whole, head = ask(client, "/assets/index-Ab1.js"), ask(client, "/assets/index-Ab1.js", method="HEAD")
    assert head.content == b""
    assert dict(head.headers) == dict(whole.headers)


def test_no_page_says_how_to_build_it(tmp_path: Path) -> None:
    with pytest.raises(PageNotBuilt, match=rf"`make web` builds it .* {NODE}"):
        read_page(tmp_path)


@needs_page
def test_the_built_page_asks_for_what_is_there() -> None:
    files = read_page(STATIC)
    page = files["/"].content.decode()
    named = [name for name in files if name != "/"]
    assert len(named) >= 2
    assert [name for name in named if f'"./{name[1:]}"' in page]
    assert not any(
        sign in page for sign in ("http://", "https://", '="/')
    )  # nothing elsewhere, all is relative
