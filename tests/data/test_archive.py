from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
import random
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.data import archive as archives
from convscope.data import expansion, open_source
from convscope.data.packed import packed_files
from convscope.errors import DataError

from .conftest import message, read

KINDS = ("zip", "deflated.zip", "tar", "tar.gz", "tgz", "tar.bz2", "tar.xz")


def pack(root: Path, kind: str, *, top: str = "") -> Path:
    """An archive of a folder's files, as zip and tar write them."""
    path = root.with_name(f"{root.name}-packed.{kind}")
    names = [(file, top + file.relative_to(root).as_posix()) for file in sorted(root.rglob("*"))]
    if kind.endswith("zip"):
        method = zipfile.ZIP_DEFLATED if kind == "deflated.zip" else zipfile.ZIP_STORED
        with zipfile.ZipFile(path, "w", method) as archive:
            for file, name in names:
                archive.write(file, name)
    else:
        mode = {"tgz": "w:gz", "tar": "w"}.get(kind, f"w:{kind[4:]}")
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
            for file, name in names:
                archive.add(file, name, recursive=False)
    return path


def picture(level: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), (level, 0, 0)).save(content, format="PNG")
    return content.getvalue()


def tar_of(path: Path, members: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def two_classes(count: int = 6) -> list[tuple[tarfile.TarInfo, bytes]]:
    return [
        (tarfile.TarInfo(f"{name}/{number}.png"), picture(number + 100 * (name == "b")))
        for name in "ab"
        for number in range(count)
    ]


@pytest.mark.parametrize("top", ["", "./", "photos-main/"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_is_its_folder(make_folder: Callable, kind: str, top: str) -> None:
    root = make_folder({"train/a": 12, "train/b/deeper": 11, "test/a": 2, "test/b": 3})
    (root / "train/a/notes.txt").write_text("x")
    folder, packed = read(root), read(pack(root, kind, top=top))
    assert packed.name == "pictures-packed" + (".deflated" if kind == "deflated.zip" else "")
    assert packed.classes == folder.classes
    assert packed.checksum == folder.checksum
    assert packed.notes == folder.notes
    for one, other in ((folder.train, packed.train), (folder.test, packed.test)):
        assert np.array_equal(one.images, other.images)
        assert np.array_equal(one.labels, other.labels)
    archive = root.with_name(f"{root.name}-packed.{kind}")
    assert packed.test.names[0] == f"{archive}/{top.replace('./', '')}test/a/000.png"


def test_class_folders_at_the_top_of_a_zip(make_folder: Callable) -> None:
    dataset = read(pack(make_folder({"cats": 20, "dogs": 20}), "zip"))
    assert dataset.classes == ("cats", "dogs")
    one = message(pack(make_folder({"only/cats": 4}, name="one"), "zip"))
    assert "has one class only, 'only'" in one or "has one class only, 'cats'" in one


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_nothing_is_written_anywhere(
    make_folder: Callable, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack(make_folder({"a": 5, "b": 5}), kind)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    before = sorted(tmp_path.rglob("*"))
    read(path)
    assert sorted(tmp_path.rglob("*")) == before


HOSTILE = ("../outside.png", "a/../../outside.png", "/tmp/outside.png", "C:/outside.png", "..\\outside.png")


def test_names_that_lead_out_of_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "in" / "photos.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in two_classes():
            archive.writestr(member.name, content)
        for name in HOSTILE:
            archive.writestr(name, picture(9))
        link = zipfile.ZipInfo("a/link.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    before = sorted(tmp_path.rglob("*"))
    dataset = read(path, validation=0, test_fraction=0)
    assert len(dataset.train) == 12
    assert (
        f"{len(HOSTILE)} members of photos.zip were passed over: their names lead out of it." in dataset.notes
    )
    assert "1 member of photos.zip was passed over: links or devices." in dataset.notes
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_names_that_lead_out_of_a_tar_links_and_devices(tmp_path: Path, mode: str) -> None:
    odd = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        member = tarfile.TarInfo("a/odd.png")
        member.type, member.linkname = kind, "../../../etc/passwd"
        odd.append((member, b""))
    hostile = [(tarfile.TarInfo(name), picture(9)) for name in HOSTILE[:3]]
    path = tar_of(tmp_path / "photos.tar", [*hostile, *two_classes(), *odd], mode)
    before = sorted(tmp_path.rglob("*"))
    dataset = read(path, validation=0, test_fraction=0)
    assert len(dataset.train) == 12
    assert "3 members of photos.tar were passed over: their names lead out of it." in dataset.notes
    assert "4 members of photos.tar were passed over: links or devices." in dataset.notes
    assert sorted(tmp_path.rglob("*")) == before


def test_names_in_odd_encodings(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(4):
            archive.writestr(f"Käse/{number}.png", picture(number))  # with the flag for UTF-8
            archive.writestr(f"b\\{number}.png", picture(100 + number))
    content = bytearray(path.read_bytes())
    for head, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):  # without the flag, as some programs write
        for match in re.finditer(re.escape(head), bytes(content)):
            content[match.start() + offset : match.start() + offset + 2] = b"\0\0"
    path.write_bytes(content)
    assert open_source(path).classes == ("Käse", "b")
    members = [(tarfile.TarInfo("x"), picture(1))]
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", encoding="latin-1", format=tarfile.GNU_FORMAT) as archive:
        for name in ("Käse", "Brot"):
            for number in range(3):
                member = tarfile.TarInfo(f"{name}/{number}.png")
                member.size = len(members[0][1])
                archive.addfile(member, io.BytesIO(members[0][1]))
    (tmp_path / "photos.tar").write_bytes(raw.getvalue())
    assert open_source(tmp_path / "photos.tar").classes == ("Brot", "K\\xe4se")


def test_of_two_members_with_one_name_the_later_counts(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "photos.tar", [*two_classes(), (tarfile.TarInfo("a/0.png"), picture(250))])
    dataset = read(path, validation=0, test_fraction=0)
    assert len(dataset.train) == 12
    assert dataset.train.images[0, 0, 0, 0] == 250


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9])
def test_cut_off(make_folder: Callable, kind: str, share: float) -> None:
    path = pack(make_folder({"a": 30, "b": 30}), kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    text = message(path)
    assert text.startswith(f"{path} is cut off")
    assert "\n" not in text


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_damage_anywhere_is_one_sentence_or_broken_pictures(make_folder: Callable, kind: str) -> None:
    path = pack(make_folder({"a": 8, "b": 8}), kind)
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(120):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 8, 64))):
            content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        with contextlib.suppress(DataError):  # and nothing else
            read(path)


def test_a_damaged_head_is_not_the_end_of_a_tar(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "photos.tar", two_classes())
    content = bytearray(path.read_bytes())
    content[6 * 1024 : 6 * 1024 + 512] = b"x" * 512  # each picture takes a head and one block
    path.write_bytes(content)
    assert message(path) == f"{path} is cut off or damaged (a head in its middle is no head); get it again."


def test_a_member_with_a_wrong_checksum_is_a_broken_picture(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in two_classes(20):
            archive.writestr(member.name, content)
    content = bytearray(path.read_bytes())
    content[content.find(picture(103)) + 50] ^= 1
    path.write_bytes(content)
    dataset = read(path)
    assert any(f"skipped 1 picture that cannot be read: {path}/b/3.png" in note for note in dataset.notes)
    assert f"{path}/b/3.png ends early or is damaged (its checksum is another)" in message(path, strict=True)


def test_what_is_no_archive(tmp_path: Path) -> None:
    for name in ("x.zip", "x.tar", "x.tar.gz"):
        (tmp_path / name).write_bytes(b"I am no archive, whatever I am called. " * 40)
        assert message(tmp_path / name).startswith(f"{tmp_path / name} is cut off")
    (tmp_path / "empty.zip").write_bytes(b"PK\5\6" + bytes(18))
    assert "has no class folders" in message(tmp_path / "empty.zip")


def test_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", picture(1))
    content = bytearray(path.read_bytes())
    content[6] |= 1  # the flag in the member's head and in the directory
    content[content.find(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)
    assert message(path) == f"{path} is encrypted; unpack it with its password and give the folder."


def test_a_method_that_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.png", picture(1))
    content = bytearray(path.read_bytes())
    content[content.find(b"PK\1\2") + 10] = 9  # Deflate64
    path.write_bytes(content)
    assert "by a method that is not read (number 9)" in message(path)


@pytest.mark.parametrize(("ending", "compress"), [
    ("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress),
])  # fmt: skip
def test_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, compress: Callable) -> None:
    monkeypatch.setattr(expansion, "FREE_BYTES", 1 << 20)
    plain = tar_of(tmp_path / "bomb.tar", [(tarfile.TarInfo("a/1.png"), bytes(1 << 23))])
    bomb = tmp_path / f"bomb.tar.{ending}"
    bomb.write_bytes(compress(plain.read_bytes()))
    assert "would unpack to more than 0.0 GiB, 100 times its size or more" in message(bomb)
    tail = tmp_path / f"tail.tar.{ending}"
    good = tar_of(tmp_path / "good.tar", two_classes()).read_bytes()
    tail.write_bytes(compress(good + bytes(1 << 24)))  # what follows the end is not free either
    assert "would unpack to more than" in message(tail)


def test_zip_bombs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expansion, "FREE_BYTES", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/1.png", bytes(1 << 24))
    assert "as archives do that are made to fill a disk" in message(tmp_path / "bomb.zip")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 10)
    for name, mode in (("many.tar", "w"), ("many.tar.gz", "w:gz")):
        assert "has more than 10 members" in message(tar_of(tmp_path / name, two_classes(), mode))
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(11):
            archive.writestr(f"a/{number}.png", b"")
    assert "has more than 10 members" in message(tmp_path / "many.zip")


def test_a_head_that_promises_gigabytes(tmp_path: Path) -> None:
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 1 << 34
    (tmp_path / "x.tar").write_bytes(member.tobuf() + bytes(2048))
    assert message(tmp_path / "x.tar").startswith(f"{tmp_path / 'x.tar'} is cut off or damaged")


def test_a_zip_member_longer_than_it_says(tmp_path: Path) -> None:
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in two_classes():
            archive.writestr(member.name, content)
        archive.writestr("a/liar.png", bytes(1 << 20))
    content = bytearray(path.read_bytes())
    content[content.rfind(b"PK\1\2") + 24 :][:4]
    at = content.rfind(b"PK\1\2") + 24
    content[at : at + 4] = struct.pack("<I", 100)
    path.write_bytes(content)
    assert any("a/liar.png ends early or is damaged" in note for note in read(path).notes)


@pytest.mark.skipif(os.name != "posix", reason="a full disk is made with /dev/full")
def test_no_room_for_what_is_unpacked(make_folder: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(make_folder({"a": 3, "b": 3}), "tar.gz")
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: open("/dev/full", "wb", 0))  # noqa: PTH123, SIM115
    assert "have no room in" in message(path)
    assert "set TMPDIR to a folder on a larger disk" in message(path)


def test_progress_of_unpacking(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "photos.tgz", two_classes(200), "w:gz")
    told: list[tuple[str, int, int | None]] = []
    open_source(path, progress=lambda *news: told.append(news))
    assert [what for what, _, _ in told] == ["unpacking photos.tgz"]
    assert told[0][2] == path.stat().st_size


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("size", [1 << 40, 1 << 62, (1 << 63) - 1, 1 << 63, 1 << 80])
def test_a_tar_member_of_a_size_that_cannot_be(tmp_path: Path, ending: str, size: int) -> None:
    plain = tar_of(tmp_path / "photos.tar", two_classes(1)).read_bytes()
    hostile = tarfile.TarInfo("a/huge.png")
    hostile.size = size
    content = plain[:2048] + hostile.tobuf(tarfile.GNU_FORMAT) + picture(1)
    path = tmp_path / f"photos.tar{ending}"
    path.write_bytes(gzip.compress(content) if ending else content)
    assert message(path).startswith(f"{path} ")  # as one that would fill the disk, or is cut off
    files = packed_files(path, None, frozenset([".png"]), "picture")
    found = [next(files), next(files)]
    assert [file.read_bytes()[:4] for file in found] == [b"\x89PNG"] * 2
    with pytest.raises(DataError, match="longer than 1 GiB"):
        next(files).read_bytes()
    with pytest.raises(DataError, match="cut off or damaged"):
        next(files)
