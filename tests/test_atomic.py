"""Files are whole or not there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from convscope import atomic
from convscope.errors import ConvscopeError


def test_a_file_is_made_and_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    atomic.write_bytes(file, b"first, and longer")
    atomic.write_bytes(file, b"second")
    assert file.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [file]


def test_text_is_utf_8_without_changed_line_ends(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "a.txt", "漢\r\nü\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xe6\xbc\xa2\r\n\xc3\xbc\n"


def test_a_file_name_that_is_not_utf_8_can_be_written_of(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "a.txt", os.fsdecode(b"b\xffd.png"))
    assert (tmp_path / "a.txt").read_bytes() == rb"b\udcffd.png"


def test_a_reader_holds_on_to_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    atomic.write_bytes(file, b"old")
    with file.open("rb") as reader:
        atomic.write_bytes(file, b"new")
        assert reader.read() == b"old"


@pytest.mark.parametrize("step", ["fdopen", "fsync", "replace", "chmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: Any, step: str) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    monkeypatch.setattr(Path if step in ("replace", "chmod") else os, step, fail)
    full = r"cannot write .*a\.bin: No space left on device; free some space"
    with pytest.raises(ConvscopeError, match=full):
        atomic.write_bytes(file, b"new")
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, MemoryError])
def test_an_interruption_leaves_nothing_beside_the_old_file(
    tmp_path: Path, monkeypatch: Any, interruption: type[BaseException]
) -> None:
    def interrupt(_: int) -> None:
        raise interruption

    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(interruption):
        atomic.write_bytes(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    missing = r"cannot write .*none.a\.bin: No such file or directory; choose a folder that exists\.$"
    with pytest.raises(ConvscopeError, match=missing):
        atomic.write_bytes(tmp_path / "none" / "a.bin", b"")


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX's")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002, 0o000])
def test_permissions_follow_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        atomic.write_bytes(tmp_path / "a.bin", b"")
        (tmp_path / "b.bin").touch()
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.bin", "b.bin")]
    assert modes[0] == modes[1] == 0o666 & ~mask
