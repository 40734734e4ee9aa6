from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from convscope.data import cifar
from convscope.data.catalogue import catalogue
from convscope.data.cifar import CIFAR10, CIFAR100
from convscope.data.named import open_entry
from convscope.data.opening import open_source
from convscope.errors import DataError


def batch(labels: list[int], seed: int = 0) -> bytes:
    random = np.random.default_rng(seed)
    return b"".join(
        bytes([label]) + random.integers(0, 256, 3072).astype(np.uint8).tobytes() for label in labels
    )


def files() -> dict[str, bytes]:
    names = (*CIFAR10.train_files, CIFAR10.test_file)
    return {name: batch([number, number + 1, number + 2], number) for number, name in enumerate(names)}


def archive(contents: dict[str, bytes], folder: str = CIFAR10.folder) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def test_planes_become_pixels() -> None:
    content = bytes([3]) + bytes([10] * 1024 + [20] * 1024 + [30] * 1024)
    images, labels = cifar.decode(content, "batch")
    assert labels.tolist() == [3]
    assert images.shape == (1, 32, 32, 3)
    assert (images == [10, 20, 30]).all()
    row_by_row = bytes([0]) + bytes(range(256)) * 12
    assert cifar.decode(row_by_row, "batch")[0][0, 1, 0, 0] == 32


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_from_the_data_folder(tmp_path: Path, packed: bool, flat: bool) -> None:
    place = tmp_path if flat else tmp_path / "cifar10"
    place.mkdir(exist_ok=True)
    if packed:
        (place / CIFAR10.archive).write_bytes(archive(files()))
    else:
        (place / CIFAR10.folder).mkdir()
        for name, content in files().items():
            (place / CIFAR10.folder / name).write_bytes(content)
    source = open_source("cifar10", data_dir=tmp_path)
    assert source.counts == {"train": 15, "test": 3}
    assert source.size == (32, 32)
    assert source.channels == 3
    assert source.subject.photos
    assert source.classes == catalogue()["cifar10"].classes
    assert source.parts["train"].labels.tolist() == [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6]
    assert source.parts["test"].names[2] == "cifar10/test/2"
    assert bool(source.notes) == packed  # a home-made archive has another md5


def test_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / CIFAR10.archive).write_bytes(archive(files()))
    open_source("cifar10", data_dir=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [CIFAR10.archive]


def test_broken_archives(tmp_path: Path) -> None:
    whole = archive(files())
    lacking = {name: content for name, content in files().items() if name != CIFAR10.test_file}
    for content, message in [
        (whole[: len(whole) // 2], "ends early or is damaged"),
        (b"no archive", "ends early or is damaged"),
        (b"", "ends early or is damaged"),
        (archive(lacking), "lacks test_batch.bin"),
        (archive({**files(), CIFAR10.test_file: batch([1])[:-1]}), "test_batch.bin ends early: 3,072 bytes"),
        (archive({**files(), CIFAR10.test_file: batch([10])}), "label 10"),
    ]:
        (tmp_path / CIFAR10.archive).write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            open_entry(catalogue()["cifar10"], data_dir=tmp_path)
        assert CIFAR10.archive in str(caught.value)


def hundred(fine: list[int], seed: int) -> bytes:
    random = np.random.default_rng(seed)
    return b"".join(
        bytes([label % 20, label]) + random.integers(0, 256, 3072).astype(np.uint8).tobytes()
        for label in fine
    )


HUNDRED = {"train.bin": hundred([0, 99, 42], 1), "test.bin": hundred([7, 98], 2)}


@pytest.mark.parametrize("place", ["", "cifar100"])
@pytest.mark.parametrize("packed", [True, False])
def test_cifar100_takes_the_fine_label(tmp_path: Path, packed: bool, place: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    if packed:
        (tmp_path / place / CIFAR100.archive).write_bytes(archive(HUNDRED, CIFAR100.folder))
    else:
        (tmp_path / place / CIFAR100.folder).mkdir()
        for name, content in HUNDRED.items():
            (tmp_path / place / CIFAR100.folder / name).write_bytes(content)
    source = open_source("cifar100", data_dir=tmp_path)
    assert source.counts == {"train": 3, "test": 2}
    assert source.parts["train"].labels.tolist() == [0, 99, 42]
    names = [source.classes[label] for label in (0, 99, 42, 71)]
    assert names == ["apple", "worm", "leopard", "sea"]  # as in the published list
    images, _ = cifar.decode(HUNDRED["train.bin"], "train.bin", CIFAR100)
    planes = np.frombuffer(HUNDRED["train.bin"], np.uint8).reshape(3, 3074)[:, 2:].reshape(3, 3, 32, 32)
    assert np.array_equal(images[1, :, :, 2], planes[1, 2])


def test_broken_cifar100(tmp_path: Path) -> None:
    for contents, message in [
        (
            {**HUNDRED, "test.bin": HUNDRED["test.bin"][:-1]},
            "test.bin ends early: 6,147 bytes are no whole number",
        ),
        ({**HUNDRED, "test.bin": hundred([100], 1)}, "test.bin is damaged: it has a label 100, above 99"),
        (
            {"train.bin": HUNDRED["train.bin"]},
            "lacks test.bin: it is not whole, or not cifar-100-binary.tar.gz",
        ),
    ]:
        (tmp_path / CIFAR100.archive).write_bytes(archive(contents, CIFAR100.folder))
        with pytest.raises(DataError, match=message):
            open_entry(catalogue()["cifar100"], data_dir=tmp_path)
