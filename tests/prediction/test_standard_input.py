"""`-`: real processes with a picture, arrays, an archive or paths at their standard input."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope import Bundle

NAMES = ["b.png", "a/2.jpg", "a.png"]


@pytest.fixture
def piped(bundle_file: Path, tree: Path) -> Callable[[bytes], list[dict[str, Any]]]:
    """What `convscope predict ... - --json` says of what comes through a pipe."""

    def run(content: bytes) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "convscope", "predict", str(bundle_file), "-", "--json"],
            input=content, cwd=tree, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        records: list[dict[str, Any]] = json.loads(done.stdout)
        failed = any("error" in record for record in records)
        assert done.returncode == int(failed), done.stderr
        return records

    return run


def tops(records: list[dict[str, Any]]) -> list[list[str]]:
    return [[best["class"] for best in record["top"]] for record in records]


def wanted(bundle: Bundle, tree: Path, names: list[str] = NAMES) -> list[list[str]]:
    return [[label for label, _ in p.top] for p in bundle.predict([tree / name for name in names])]


def test_a_picture(piped: Callable, bundle: Bundle, tree: Path) -> None:
    for name in ("b.png", "a/2.jpg"):
        records = piped((tree / name).read_bytes())
        assert tops(records) == wanted(bundle, tree, [name])
        assert records[0]["path"] == "standard input"


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\0"])
def test_paths(piped: Callable, bundle: Bundle, tree: Path, separator: str) -> None:
    names = [*NAMES, "gone.png", "c"]  # a folder too
    records = piped(separator.join(names).encode() + separator.encode())
    assert [record["path"] for record in records] == [*NAMES, "gone.png", "c/y.jpeg"]
    assert "error" in records[3]
    assert tops(records[:3]) == wanted(bundle, tree)


def test_names_with_line_feeds_and_odd_bytes_from_find(piped: Callable, bundle: Bundle, tree: Path) -> None:
    odd = tree / os.fsdecode(b"new\nline \xff[1].png")
    odd.write_bytes((tree / "b.png").read_bytes())
    records = piped(b"b.png\0" + os.fsencode(odd.name) + b"\0")
    assert tops(records) == wanted(bundle, tree, ["b.png", "b.png"])


def test_a_path_without_a_line_feed(piped: Callable, bundle: Bundle, tree: Path) -> None:
    assert tops(piped(b"\xef\xbb\xbfb.png")) == wanted(bundle, tree, ["b.png"])


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive(piped: Callable, bundle: Bundle, tree: Path, kind: str) -> None:
    content = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(content, "w") as archive:
            for name in NAMES:
                archive.write(tree / name, name)
    else:
        mode: Any = f"w:{kind.removeprefix('tar').removeprefix('.')}"
        with tarfile.open(fileobj=content, mode=mode) as tar:
            for name in NAMES:
                tar.add(tree / name, name)
    records = piped(content.getvalue())
    assert tops(records) == wanted(bundle, tree)
    assert [record["path"] for record in records] == [f"standard input/{name}" for name in NAMES]


def test_arrays(piped: Callable, bundle: Bundle, random_pictures: Callable) -> None:
    pictures = random_pictures(5)
    oracle = [[label for label, _ in p.top] for p in bundle.predict(list(pictures))]
    for save, values in (
        (np.save, pictures), (np.save, pictures / 255.0), (np.save, np.asfortranarray(pictures)),
        (np.savez, pictures), (np.savez_compressed, pictures),
    ):  # fmt: skip
        content = io.BytesIO()
        save(content, values)  # type: ignore[operator]
        records = piped(content.getvalue())
        assert tops(records) == oracle
        key = "" if save is np.save else "arr_0/"
        assert [record["path"] for record in records] == [f"standard input/{key}{k}" for k in range(5)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "standard input is empty"),
        (b"\n\n", "standard input has no paths in it, only empty lines"),
        (b"\x01\x02\x03\x7fELF garbage\n", "standard input is neither a picture"),
        (b"x" * 100_000, "standard input is neither a picture"),
        (b"\x89PNG\r\n\x1a\ncut", "standard input"),
        (b"PK\x03\x04cut", "cut off"),
    ],
)
def test_what_is_none_of_these(piped: Callable, content: bytes, reason: str) -> None:
    (record,) = piped(content)
    assert reason in record["error"]
    assert record["path"] == "standard input"


def test_paths_are_predicted_as_they_come(bundle_file: Path, tree: Path) -> None:
    """A program that waits for the first answer before it writes the next path is not left to wait."""
    script = (
        "import sys, convscope\n"
        "for p in convscope.predict_each(sys.argv[1], '-'): print(p.path, p.error is None, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(bundle_file)], cwd=tree, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("b.png\n" * 2000)
        process.stdin.flush()
        assert process.stdout.readline() == "b.png True\n"  # with the pipe still open
        process.stdin.close()
        assert len(process.stdout.readlines()) == 1999
    assert process.returncode == 0
