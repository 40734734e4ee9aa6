"""The requests, as a page sends them: answers, messages of numbers, sentences with what they are about."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from convscope import Bundle
from convscope.errors import ConvscopeError
from convscope.look import why
from convscope.sample import sample_photo
from convscope.studio.inspector import Inspector
from tests.studio.pictures import noise, png

pytest.importorskip("fastapi", reason="pip install 'convscope[serve]'")
pytest.importorskip("httpx2", reason="pip install httpx2, which asks the application without a server")

from fastapi import FastAPI
from starlette.testclient import TestClient

from convscope.studio import routes as routes_module
from convscope.studio.routes import routes

DIGIT = png(noise(28, 28))


def client_of(inspector: Inspector) -> TestClient:
    app = FastAPI()
    app.include_router(routes(inspector))
    return TestClient(app, raise_server_exceptions=True)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return client_of(Inspector(None))


def decoded(message: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A pass taken apart as its description says, with `struct`."""
    (length,) = struct.unpack_from("<I", message)
    assert length % 4 == 0
    header, at = json.loads(message[4 : 4 + length]), 4 + length
    arrays = {}
    for output in header.pop("outputs"):
        count = int(np.prod(output["shape"]))
        values = struct.unpack_from(f"<{count}f", message, at)
        arrays[output["name"]] = np.array(values, np.float32).reshape(output["shape"])
        at += 4 * count
    assert at == len(message)
    return header, arrays


def test_the_photo_is_that_of_the_command_conv(client: TestClient) -> None:
    answer = client.get("/api/photo")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == sample_photo().read_bytes()


def test_a_photo_that_is_not_installed_is_said(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.sample._installed", lambda *_: None)
    answer = client.get("/api/photo")
    assert answer.status_code == 422
    assert "name a picture of your own" in answer.json()["message"]


def test_models_networks_and_samples_are_the_inspectors(client: TestClient) -> None:
    inspector = Inspector(None)
    assert client.get("/api/models").json() == {"models": inspector.models()}
    answer = client.get("/api/network", params={"model": "starter"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(inspector.network("starter")))
    samples = client.get("/api/samples", params={"model": "starter"}).json()["samples"]
    assert [(one["name"], base64.b64decode(one["file"])) for one in samples] == inspector.samples("starter")


def test_the_drawing_is_an_svg_file(client: TestClient) -> None:
    answer = client.get("/api/drawing.svg", params={"model": "untrained:resnet-8"})
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(answer.text).tag.endswith("svg")


def test_a_pass_is_a_header_and_the_numbers_behind_it(client: TestClient) -> None:
    answer = client.post("/api/pass", params={"model": "starter"}, content=DIGIT)
    assert answer.headers["content-type"] == "application/octet-stream"
    header, arrays = decoded(answer.content)
    document, outputs = Inspector(None).passed("starter", DIGIT)
    assert header == document
    assert list(arrays) == list(outputs)
    for name, values in outputs.items():
        np.testing.assert_array_equal(arrays[name], values)
    expected = Bundle.load("starter").predict(DIGIT)[0]
    assert header["label"] == expected.label
    assert header["probability"] == pytest.approx(expected.probability, abs=1e-6)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("&layer=conv1&layer=probability", ["conv1", "probability"]),
        ("&layer=", []),
        ("&layer=&layer=pool2", ["pool2"]),
    ],
)
def test_layers_are_asked_for_by_name(client: TestClient, query: str, names: list[str]) -> None:
    assert list(decoded(client.post(f"/api/pass?model=starter{query}", content=DIGIT).content)[1]) == names


def test_why_is_the_document_of_look(client: TestClient) -> None:
    answer = client.post("/api/why", params={"model": "starter", "cell": "conv2:3:5:7"}, content=DIGIT)
    assert answer.json() == why(Bundle.load("starter"), DIGIT, "conv2", 3, 5, 7).to_dict()


@pytest.mark.parametrize(
    ("request_", "status", "about", "words"),
    [
        ("GET network", 422, "model", "does not say which model"),
        ("GET network?model=nowhere", 404, "model", "'nowhere' is not among the models"),
        ("GET network?model=../../../etc/passwd", 404, "model", "not among the models"),
        ("GET drawing.svg?model=/etc/passwd", 404, "model", "not among the models"),
        ("GET samples?model=runs/%2e%2e/x", 404, "model", "not among the models"),
        ("GET network?model=untrained:lenet", 404, "model", "did you mean 'lenet-5'?"),
        ("POST pass?model=nowhere", 404, "model", "not among the models"),
        ("POST pass?model=starter&layer=conv7", 422, "layers", "unknown layer 'conv7'"),
        ("POST why?model=starter", 422, "cell", "does not say which cell"),
        ("POST why?model=starter&cell=conv1:0:0:99", 422, "cell", "from 0 to 27, not 99"),
        ("POST why?model=starter&cell=conv1", 422, "cell", "is no place"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    client: TestClient, request_: str, status: int, about: str, words: str
) -> None:
    method, _, path = request_.partition(" ")
    answer = client.request(method, f"/api/{path}", content=DIGIT if method == "POST" else None)
    assert answer.status_code == status
    assert answer.json().keys() == {"message", "about"}
    assert answer.json()["about"] == about
    assert words in answer.json()["message"]


@pytest.mark.parametrize("content", [b"", b"hello", DIGIT[:100], b"\0" * 1000])
def test_what_is_no_picture_is_about_the_picture(client: TestClient, content: bytes) -> None:
    for path in ("pass?model=starter", "why?model=starter&cell=conv1:0:0:0"):
        answer = client.post(f"/api/{path}", content=content)
        assert (answer.status_code, answer.json()["about"]) == (422, "picture")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_module, "MOST", 1000)
    read = 0

    def parts() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 300
            yield b"x" * 300

    for content in (b"x" * 1001, parts()):  # with its length, and in chunks without
        answer = client.post("/api/pass?model=starter", content=content)
        assert (answer.status_code, answer.json()["about"]) == (413, "picture")
        assert "larger than 1.0 kB" in answer.json()["message"]
    assert client.post("/api/pass?model=starter", content=b"x" * 1000).status_code == 422


class Failing(Inspector):
    """Raises what it was given."""

    def __init__(self, error: Exception) -> None:
        super().__init__(None)
        self.error = error

    def models(self) -> list[dict[str, Any]]:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ConvscopeError("the folder is gone."), 422, "the folder is gone."),
        (MemoryError(), 500, "the studio failed (MemoryError)"),
        (ZeroDivisionError("/secret/path"), 500, "the studio failed (ZeroDivisionError)"),
    ],
)
def test_a_fault_is_a_sentence_too_and_its_trace_is_in_the_log(
    error: Exception, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = client_of(Failing(error)).get("/api/models")
    assert (answer.status_code, answer.json()["about"]) == (status, "server")
    assert words in answer.json()["message"]
    assert "secret" not in answer.text
    assert bool(caplog.records) == (status == 500)


def test_names_that_are_no_text_are_answered(client: TestClient) -> None:
    answer = client.get("/api/network?model=%ff%00%ed%a0%80")
    assert answer.status_code == 404
    assert answer.json()["about"] == "model"
