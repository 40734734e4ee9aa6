"""`convscope studio` as a process: its address, its port, its end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("uvicorn", reason="pip install 'convscope[serve]'")

from convscope.bundle import STARTER
from convscope.errors import ConvscopeError
from convscope.studio.addresses import PORT, listening, names_of, opening_url
from convscope.studio.launch import opens_browser

from ..conftest import Command
from .conftest import needs_page, running
from .pictures import noise, png

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


def asked(address: str, path: str = "/") -> HTTPConnection:
    """A connection on which one question was answered, and which stays open."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("GET", path)
    connection.getresponse().read()
    return connection


def cookie_of(address: str) -> str:
    """What the first visit is given."""
    at = urlsplit(address)
    connection = HTTPConnection(at.netloc, timeout=30)
    connection.request("GET", f"/?{at.query}")
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return (answer.getheader("set-cookie") or "").split(";")[0]


@needs_page
@SIGNALS
def test_a_signal_ends_it_well(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "--port", "0") as (process, address):
        open_still = asked(address)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        open_still.close()
    assert process.returncode == 0
    assert out == ""
    assert err.splitlines() == ["Ctrl-C ends it.", "stopped."]


SLOW = """
import time
from fastapi import FastAPI
from convscope.cli import main
from convscope.studio import app

whole = app.studio
def with_slow(*given):
    made = whole(*given)
    def slow():
        print("begun", flush=True)
        time.sleep(600)
    made.add_api_route("/slow", slow)
    return made

app.studio = with_slow
main()
"""


@needs_page
@SIGNALS
def test_a_request_that_computes_does_not_hold_it(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "--port", "0", code=SLOW) as (process, address):
        first = asked(address)
        second = HTTPConnection(urlsplit(address).netloc, timeout=30)
        second.request("GET", "/slow", headers={"Cookie": cookie_of(address)})
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        first.close()
        second.close()
    assert process.returncode == 0
    assert err.splitlines() == ["Ctrl-C ends it.", "stopped."]


@needs_page
@pytest.mark.parametrize("attempt", range(4))
def test_it_ends_while_passes_are_made(tmp_path: Path, attempt: int) -> None:
    """An ordinary end of the process hung now and then, where OpenBLAS ends its threads."""
    with running(tmp_path, "--port", "0", OPENBLAS_NUM_THREADS="2") as (process, address):
        cookie, begun, ended = cookie_of(address), threading.Semaphore(0), threading.Event()

        def ask(seed: int) -> None:
            connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
            with contextlib.suppress(OSError, HTTPException):
                while not ended.is_set():
                    file = png(noise(28, 28, seed=seed))
                    connection.request("POST", "/api/pass?model=starter", file, {"Cookie": cookie})
                    assert connection.getresponse().read()
                    begun.release()
                    seed += 10
            connection.close()

        with ThreadPoolExecutor(6) as asking:
            asked_all = [asking.submit(ask, seed) for seed in range(6)]
            for _ in range(20):
                assert begun.acquire(timeout=30)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=30)
            ended.set()
        for one in asked_all:
            one.result()
    assert process.returncode == 0
    assert err.splitlines() == ["Ctrl-C ends it.", "stopped."]


@needs_page
@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize("closed", ["1>&-", "2>&-", "1>&- 2>&-", "0<&- 1>&- 2>&-"])
def test_it_runs_with_streams_that_are_closed(tmp_path: Path, closed: str) -> None:
    with listening("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    words = f"studio --no-browser --port {port} --token 0123456789abcdef {closed}"
    process = subprocess.Popen(
        ["sh", "-c", f'exec "$0" -m convscope {words}', sys.executable],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    address = f"http://127.0.0.1:{port}/?token=0123456789abcdef"
    try:
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(ConnectionRefusedError):
                assert cookie_of(address)
                break
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out == (f"Studio  {address}\n" if "1" not in closed else "")
    assert err == ("Ctrl-C ends it.\nstopped.\n" if "2" not in closed else "")


@needs_page
def test_the_address_is_one_line_that_a_terminal_makes_a_link_of(tmp_path: Path) -> None:
    with running(tmp_path, "--port", "0") as (_, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[0-9a-f]{32}", address)
        assert len(f"Studio  {address}") <= 80
        connection = asked(address, f"/?{urlsplit(address).query}")
        connection.close()


@needs_page
def test_two_studios_side_by_side(tmp_path: Path) -> None:
    with running(tmp_path) as (_, one), running(tmp_path) as (_, other):
        ports = [urlsplit(address).port for address in (one, other)]
    assert ports[0] != ports[1]
    assert all(port is not None and PORT <= port < PORT + 50 for port in ports)


@needs_page
def test_a_token_of_ones_own(tmp_path: Path) -> None:
    with running(tmp_path, "--port", "0", "--token", "my-own-secret") as (_, address):
        assert address.endswith("/?token=my-own-secret")


@needs_page
def test_a_port_that_is_taken(convscope: Command) -> None:
    with listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        result = convscope("studio", "--no-browser", "--port", str(port))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"error: port {port} is taken, by another studio perhaps; leave --port out to take the next that is "
        f"free.\n"
    )


@needs_page
def test_an_address_of_another_machine(convscope: Command) -> None:
    result = convscope("studio", "--host", "192.0.2.1")  # RFC 5737: nobody's
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: --host 192.0.2.1 is not an address of this machine.")
    result = convscope("studio", "--host", "no-such-machine.invalid")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: --host no-such-machine.invalid: this name is not known")


@needs_page
def test_as_json(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "convscope", "studio", "--no-browser", "--port", "0", "--json"]
    process = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "Ctrl-C ends it.\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    document = json.loads(out)
    assert document["url"].startswith(f"http://127.0.0.1:{document['port']}/?token=")


@needs_page
def test_others_can_reach_it_only_with_a_warning(tmp_path: Path) -> None:
    with running(tmp_path, "--port", "0", "--host", "0.0.0.0") as (process, address):
        connection = HTTPConnection("127.0.0.1", urlsplit(address).port or 0, timeout=30)
        connection.request("GET", "/")
        assert connection.getresponse().status == 403  # the token is wanted all the same
        connection.close()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert "warning: [open-host] --host 0.0.0.0: whoever reaches this machine" in err


@needs_page
def test_it_starts_without_torch(tmp_path: Path) -> None:
    with running(tmp_path, "--port", "0", PYTHONPROFILEIMPORTTIME="1") as (process, address):
        asked(address).close()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    imported = {
        line.rpartition("|")[2].strip() for line in err.splitlines() if line.startswith("import time:")
    }
    assert {"uvicorn", "fastapi"} <= imported
    assert not imported & {"torch", "scipy", "matplotlib", "sklearn"}


BROKEN = """
import sys
from convscope.cli import main
from convscope.studio.inspector import Inspector

def models(self):
    raise ZeroDivisionError("a bug")

Inspector.models = models
main()
"""


@needs_page
@pytest.mark.parametrize("debugging", [False, True])
def test_a_bug_is_a_sentence(tmp_path: Path, debugging: bool) -> None:
    with running(tmp_path, "--port", "0", *["--debug"] * debugging, code=BROKEN) as (process, address):
        at = urlsplit(address)
        connection = HTTPConnection(at.netloc, timeout=30)
        connection.request("GET", "/api/models?model=x", headers={"Cookie": cookie_of(address)})
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (answer.status, said["about"]) == (500, "server")
    assert "Traceback" not in said["message"]
    assert "the terminal that it runs in says where" in said["message"]
    assert at.query.removeprefix("token=") not in err
    if debugging:
        assert "Traceback" in err
    else:
        line = (
            "error: GET /api/models failed: ZeroDivisionError: a bug. `convscope --debug studio` shows where."
        )
        assert err.splitlines()[1:] == [line, "stopped."]


def test_ports() -> None:
    with listening("127.0.0.1", None) as first, listening("127.0.0.1", None) as second:
        one, two = first.getsockname()[1], second.getsockname()[1]
        assert PORT <= one < two < PORT + 50
        with pytest.raises(ConvscopeError, match=f"port {one} is taken"):
            listening("127.0.0.1", one)
    with listening("localhost", 0) as opened:
        assert opened.getsockname()[0] in ("127.0.0.1", "::1")


def test_how_this_machine_is_called() -> None:
    assert names_of("192.168.1.5")[-1] == "192.168.1.5"
    assert socket.gethostname().lower() in names_of("0.0.0.0")
    assert opening_url("::1", 80, "t") == "http://[::1]/?token=t"
    assert "0.0.0.0" not in opening_url("0.0.0.0", 8765, "t")


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"])
def test_no_browser_over_ssh_or_without_a_screen(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for one in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("DISPLAY", ":0")
    assert opens_browser()
    monkeypatch.setenv(name, "10.0.0.1 1 10.0.0.2 22")
    assert not opens_browser()
    monkeypatch.delenv(name)
    monkeypatch.delenv("DISPLAY")
    assert not opens_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert not opens_browser()


@needs_page
def test_models_that_are_named_are_offered_first_and_opened(tmp_path: Path) -> None:
    (tmp_path / "mine.safetensors").write_bytes(STARTER.read_bytes())
    words = ("--port", "0", "untrained:lenet-5", "mine.safetensors")
    with running(tmp_path, *words) as (_, address):
        at = urlsplit(address)
        assert at.fragment == "/network?model=untrained%3Alenet-5"
        connection = HTTPConnection(at.netloc, timeout=30)
        connection.request("GET", "/api/models", headers={"Cookie": cookie_of(address)})
        names = [entry["id"] for entry in json.loads(connection.getresponse().read())["models"]]
        connection.close()
    assert names[:3] == ["untrained:lenet-5", "mine.safetensors", "starter"]
    assert len(names) == len({*names})


@needs_page
def test_a_model_that_is_not_there(convscope: Command, tmp_path: Path) -> None:
    (tmp_path / "broken.safetensors").write_bytes(b"not a bundle")
    for name in ("nothing.safetensors", "broken.safetensors", "untrained:no-such-net"):
        result = convscope("studio", "--no-browser", name)
        assert (result.returncode, result.stdout) in ((1, ""), (2, ""))
        assert result.stderr.startswith("error: ")
        assert name.removeprefix("untrained:") in result.stderr
