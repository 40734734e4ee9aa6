from __future__ import annotations

import gzip
import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from convscope.data import emnist
from convscope.data.catalogue import IDX_NAMES, Entry, catalogue, idx_files
from convscope.data.cifar import CIFAR100
from convscope.data.download import cached
from convscope.data.named import open_entry
from convscope.errors import DataError

from .conftest import idx_bytes
from .test_cifar import HUNDRED, archive
from .test_emnist import letters, published

IMAGES = gzip.compress(idx_bytes(np.arange(20 * 4).reshape(20, 2, 2)), mtime=0)
LABELS = gzip.compress(idx_bytes(np.arange(20) % 10), mtime=0)
CONTENTS = dict(zip(IDX_NAMES, [IMAGES, LABELS, IMAGES, LABELS], strict=True))
OTHERS = {emnist.ARCHIVE: published(letters()), CIFAR100.archive: archive(HUNDRED, CIFAR100.folder)}
FILE = IDX_NAMES[0]


class Handler(BaseHTTPRequestHandler):
    """/good/…, /slow/…, /stalled/…, /cut/…, /wrong/…, /forbidden/…"""

    def do_GET(self) -> None:
        _, behaviour, name = self.path.split("/")
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        content = {**CONTENTS, **OTHERS}[name]
        if behaviour == "forbidden":
            self.send_error(403)
            return
        if behaviour == "slow":
            time.sleep(1.5)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if behaviour == "wrong":
            content = bytes(len(content))
        if behaviour in ("cut", "stalled"):
            content = content[:30]
        try:
            self.wfile.write(content)
            self.wfile.flush()
            if behaviour == "stalled":
                time.sleep(1.5)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def mirror(server: ThreadingHTTPServer):
    server.asked.clear()
    return lambda behaviour: f"http://127.0.0.1:{server.server_port}/{behaviour}/"


@pytest.fixture
def entry() -> Entry:
    md5 = [hashlib.md5(content).hexdigest() for content in CONTENTS.values()]
    return replace(catalogue()["mnist"], files=idx_files(*md5))


def test_good(mirror, entry: Entry, tmp_path: Path) -> None:
    told = []
    path = cached(
        entry, FILE, mirrors=[mirror("good")], cache=tmp_path, progress=lambda *news: told.append(news)
    )
    assert path == tmp_path / "mnist" / FILE
    assert path.read_bytes() == IMAGES
    assert told[-1] == (FILE, len(IMAGES), len(IMAGES))
    assert [file.name for file in path.parent.iterdir()] == [FILE]


def test_the_second_time_asks_nobody(mirror, server, entry: Entry, tmp_path: Path) -> None:
    for _ in range(2):
        cached(entry, FILE, mirrors=[mirror("good")], cache=tmp_path)
    assert len(server.asked) == 1


def test_a_spoilt_cache_is_downloaded_again(mirror, entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / FILE).write_bytes(IMAGES[:40])
    assert cached(entry, FILE, mirrors=[mirror("good")], cache=tmp_path).read_bytes() == IMAGES


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("forbidden", "HTTP 403"),
        ("slow", "no answer within 0.3 seconds"),
        ("stalled", "no answer within 0.3 seconds"),
        ("cut", "truncated, the connection ended early"),
        ("wrong", "wrong checksum, this is not the published file"),
    ],
)
def test_failures_name_the_address_and_leave_nothing(
    mirror, entry: Entry, tmp_path: Path, behaviour: str, reason: str
) -> None:
    with pytest.raises(DataError) as caught:
        cached(entry, FILE, mirrors=[mirror(behaviour)], cache=tmp_path, timeout=0.3)
    assert f"{mirror(behaviour)}{FILE}: {reason}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("first", ["forbidden", "cut", "wrong"])
def test_the_next_mirror_is_tried(mirror, server, entry: Entry, tmp_path: Path, first: str) -> None:
    path = cached(entry, FILE, mirrors=[mirror(first), mirror("good")], cache=tmp_path)
    assert path.read_bytes() == IMAGES
    assert server.asked == [f"/{first}/{FILE}", f"/good/{FILE}"]


def test_all_fail(mirror, entry: Entry, tmp_path: Path) -> None:
    dead = "http://127.0.0.1:1/"
    with pytest.raises(DataError) as caught:
        cached(entry, FILE, mirrors=[mirror("forbidden"), mirror("wrong"), dead], cache=tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"mnist is not on this machine, and {FILE} cannot be downloaded."
    assert [line.rsplit(": ")[-1] for line in lines[1:4]] == [
        "HTTP 403",
        "wrong checksum, this is not the published file",
        "no connection",
    ]
    assert "--data-dir DIR" in lines[4]
    assert all(name in lines[4] for name in IDX_NAMES)


def test_a_cache_that_cannot_be_written(mirror, entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot write to .*file"):
        cached(entry, FILE, mirrors=[mirror("good")], cache=tmp_path / "file")


def test_open_downloads_all_four(mirror, entry: Entry, tmp_path: Path) -> None:
    source = open_entry(entry, mirrors=(mirror("good"),), cache=tmp_path)
    assert source.counts == {"train": 20, "test": 20}
    assert source.size == (2, 2)
    assert source.notes == ()


def test_what_lies_in_the_data_folder_is_not_downloaded(mirror, server, entry: Entry, tmp_path: Path) -> None:
    given = tmp_path / "data"
    given.mkdir()
    (given / FILE).write_bytes(IMAGES)
    open_entry(entry, data_dir=given, mirrors=(mirror("good"),), cache=tmp_path / "cache")
    assert len(server.asked) == 3
    assert not (tmp_path / "cache" / "mnist" / FILE).exists()


def test_a_truncated_file_in_the_data_folder_is_told(mirror, server, entry: Entry, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for name, content in CONTENTS.items():
        (tmp_path / "mnist" / name).write_bytes(content[: len(content) // 2] if name == FILE else content)
    with pytest.raises(DataError, match=rf"mnist.{FILE} ends early: .* of 96 bytes; download it again"):
        open_entry(entry, data_dir=tmp_path, mirrors=(mirror("good"),), cache=tmp_path)
    assert server.asked == []


NEW = [
    ("emnist-letters", emnist.ARCHIVE, {"train": 26, "test": 13}),
    ("cifar100", CIFAR100.archive, {"train": 3, "test": 2}),
]


@pytest.mark.parametrize(("name", "file", "counts"), NEW)
@pytest.mark.parametrize("first", ["good", "forbidden", "cut", "wrong"])
def test_one_archive_is_downloaded_and_read(
    mirror, server, tmp_path: Path, name: str, file: str, counts: dict[str, int], first: str
) -> None:
    published = replace(catalogue()[name], files={file: hashlib.md5(OTHERS[file]).hexdigest()})
    mirrors = (mirror(first), mirror("good"))
    source = open_entry(published, mirrors=mirrors, cache=tmp_path)
    assert source.counts == counts
    assert source.notes == ()
    assert server.asked == [f"/{first}/{file}", *([f"/good/{file}"] if first != "good" else [])]
    assert [path.name for path in (tmp_path / name).iterdir()] == [file]


@pytest.mark.parametrize(("name", "file", "counts"), NEW)
def test_what_is_not_the_published_archive_is_not_kept(
    mirror, tmp_path: Path, name: str, file: str, counts: dict[str, int]
) -> None:
    with pytest.raises(DataError) as caught:  # the md5 of the catalogue is that of the real file
        open_entry(catalogue()[name], mirrors=(mirror("good"),), cache=tmp_path)
    assert f"{mirror('good')}{file}: wrong checksum, this is not the published file" in str(caught.value)
    assert f"put {file} into a folder DIR/{name}" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
