"""A zip as `zipfile` reads it, and hostile ones: files or a sentence, whichever way it is opened."""

from __future__ import annotations

import random
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from convscope.data.archive import ArchivePath, open_archive
from convscope.data.packed import packed_files
from convscope.data.stored import StoredFile
from convscope.errors import ConvscopeWarning, DataError

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
NAMES = ("a/0.png", "a/1.png", "b/2.png", "b/käse.png")
PNG = frozenset([".png"])

Contents = dict[str, bytes | str]  # of the files by their names, or a sentence on each


def content_of(number: int) -> bytes:
    return bytes(range(number, number + 100)) * 3


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    """Four files, one of each method."""
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, (name, method) in enumerate(zip(NAMES, METHODS, strict=True)):
            archive.writestr(name, content_of(number), method)
    return path


def contents(files: Any) -> Contents:
    found: Contents = {}
    for file in files:
        try:
            found[str(file)] = file.read_bytes()
        except DataError as error:
            found[str(file)] = str(error)
    assert all(isinstance(content, bytes) or name in content for name, content in found.items())
    return found


def below(folder: ArchivePath) -> list[StoredFile]:
    return [file for path in folder.iterdir() for file in (below(path) if path.is_dir() else [path])]


def predicted(path: Path) -> Contents | str:
    """What predictions see of it; a sentence on the whole."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvscopeWarning)
            return contents(packed_files(path, None, PNG, "picture"))
    except DataError as error:
        return str(error)


def trained(path: Path) -> Contents | str:
    """What a training sees of it."""
    try:
        return contents(file for file in below(open_archive(path)) if file.name.endswith(".png"))  # type: ignore[attr-defined]
    except DataError as error:
        return str(error)


def test_its_files_are_zipfiles(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as archive:
        oracle = {f"{zipped}/{name}": archive.read(name) for name in archive.namelist()}
    assert len(oracle) == 4
    assert predicted(zipped) == trained(zipped) == oracle


def rewritten(path: Path, change: Callable[[zipfile.ZipInfo], None]) -> None:
    """Its directory with another entry for the second file."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("c/last.png", b"last")
        change(archive.getinfo(NAMES[1]))


@pytest.mark.parametrize("field", ["compress_size", "header_offset", "file_size"])
@pytest.mark.parametrize("value", [1 << 28, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 2])
def test_an_entry_of_a_size_that_cannot_be_costs_that_file(zipped: Path, field: str, value: int) -> None:
    rewritten(zipped, lambda member: setattr(member, field, value))
    found = predicted(zipped)
    assert isinstance(found, dict)
    assert len(found) == 5
    damaged = found.pop(f"{zipped}/{NAMES[1]}")
    assert isinstance(damaged, str)
    assert "damaged" in damaged or "longer than 1 GiB" in damaged
    assert all(isinstance(content, bytes) for content in found.values())
    if field == "file_size" and value > 1 << 30:
        assert "would unpack to more than" in str(trained(zipped))
    else:
        assert trained(zipped) == {**found, f"{zipped}/{NAMES[1]}": damaged}


def test_an_lzma_head_that_asks_for_gigabytes(zipped: Path) -> None:
    before = predicted(zipped)
    content = bytearray(zipped.read_bytes())
    at = content.index("käse.png".encode()) + len("käse.png".encode()) + 4  # version and length of the head
    assert int.from_bytes(content[at + 1 : at + 5], "little") >= 1 << 12  # the dictionary's size
    content[at + 1 : at + 5] = b"\xff" * 4
    zipped.write_bytes(content)
    assert predicted(zipped) == before


def test_damage_in_the_directory_is_files_or_a_sentence(
    zipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)  # more have an end in zip64
    with zipfile.ZipFile(zipped, "a") as archive:  # in zip64 in the directory
        archive.writestr("far.png", b"far")
        archive.getinfo("far.png").header_offset = 1 << 33
    whole, chance = zipped.read_bytes(), random.Random(0)
    begin = whole.index(b"PK\1\2")
    assert b"PK\6\6" in whole
    outcomes = set()
    for _ in range(600):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 16))):
            content[chance.randrange(begin, len(whole))] ^= 1 << chance.randrange(8)
        zipped.write_bytes(content)
        for found in (predicted(zipped), trained(zipped)):
            outcomes.add(type(found))
            assert isinstance(found, dict) or (found.startswith(str(zipped)) and "\n" not in found)
    assert outcomes == {dict, str}


def test_of_two_members_with_one_name_a_training_takes_the_later(zipped: Path) -> None:
    with zipfile.ZipFile(zipped, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(NAMES[0], b"later")
    found = trained(zipped)
    assert isinstance(found, dict)
    assert len(found) == 4
    assert found[f"{zipped}/{NAMES[0]}"] == b"later"
    streamed = list(packed_files(zipped, None, PNG, "picture"))  # which cannot know of the later
    assert [file.read_bytes() for file in streamed if str(file).endswith(NAMES[0])] == [
        content_of(0),
        b"later",
    ]
