"""Data sets made on the spot: folders of pictures and IDX files, in the formats' own words."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.data import Dataset, load, open_source
from convscope.errors import DataError


@pytest.fixture(autouse=True)
def _no_machine_state(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No data folder, no cache and no network address of this machine reaches a test."""
    monkeypatch.delenv("CONVSCOPE_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def read(path: Path, *, strict: bool = False, **options: object) -> Dataset:
    """The data set at a path, with the preprocessing that suits it."""
    source = open_source(path, strict=strict)
    return load(source, source.default_preprocessing(), **options)


def message(path: Path, **options: object) -> str:
    """What is said of data that cannot be read, in one line."""
    with pytest.raises(DataError) as caught:
        read(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def idx_bytes(array: np.ndarray) -> bytes:
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def write_idx() -> Callable[..., dict[str, np.ndarray]]:
    """Write the four files of an MNIST relative with random pictures; returns the arrays."""

    def write(folder: Path, *, train: int = 40, test: int = 20, side: int = 6, zipped: bool = True) -> dict:
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(5)
        arrays = {}
        for part, prefix, count in (("train", "train", train), ("test", "t10k", test)):
            images = random.integers(0, 256, (count, side, side)).astype(np.uint8)
            labels = (np.arange(count) % 10).astype(np.uint8)
            for content, kind in ((images, "images-idx3"), (labels, "labels-idx1")):
                name = f"{prefix}-{kind}-ubyte"
                if zipped:
                    (folder / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(content)))
                else:
                    (folder / name).write_bytes(idx_bytes(content))
            arrays[part] = images
            arrays[f"{part} labels"] = labels
        return arrays

    return write


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder of plain PNG pictures; every picture has a grey of its own. {"train/ants": 3, ...}"""

    def make(counts: Mapping[str, int], *, size: tuple[int, int] = (10, 8), name: str = "pictures") -> Path:
        root = tmp_path / name
        level = 0
        for folder, count in counts.items():
            (root / folder).mkdir(parents=True)
            for number in range(count):
                Image.new("RGB", size, (level % 256, 7, 9)).save(root / folder / f"{number:03}.png")
                level += 1
        return root

    return make
