"""A source read once gives every seed the data set that the source itself gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.data import Dataset, Source, load, open_source
from convscope.data.reading_once import ReadOnce


def assert_same(first: Dataset, second: Dataset) -> None:
    assert (first.name, first.classes, first.notes, first.checksum) == (
        *(second.name, second.classes, second.notes, second.checksum),
    )
    assert first.preprocessing == second.preprocessing
    for name in ("train", "validation", "test"):
        one, other = getattr(first, name), getattr(second, name)
        if one is None:
            assert other is None
            continue
        np.testing.assert_array_equal(one.images, other.images)
        np.testing.assert_array_equal(one.labels, other.labels)
        assert list(one.names) == list(other.names)


def compare_seeds(source: Source, **settings: Any) -> None:
    once = ReadOnce(source)
    seen = set()
    for size in (None, 9):
        preprocessing = source.default_preprocessing(size=size)
        for seed in range(3):
            direct = load(source, preprocessing, seed=seed, **settings)
            assert_same(load(once, preprocessing, seed=seed, **settings), direct)
            if direct.validation is not None:
                seen.add(tuple(direct.validation.names))
    assert len(seen) in (0, 1, 3)


def test_arrays() -> None:
    compare_seeds(open_source("digits"))
    compare_seeds(open_source("digits"), validation=0)


def test_idx_files(write_idx: Callable[..., Any], tmp_path: Path) -> None:
    write_idx(tmp_path / "mine", train=60, test=20)
    compare_seeds(open_source(tmp_path / "mine"), validation=0.2)


@pytest.mark.parametrize(
    "counts",
    [{"ants": 9, "bees": 7}, {"train/ants": 6, "train/bees": 6, "val/ants": 2, "val/bees": 3}],
)
def test_folders_with_a_broken_picture(make_folder: Callable[..., Path], counts: dict[str, int]) -> None:
    root = make_folder(counts)
    file = min(root.rglob("*.png"))
    file.write_bytes(file.read_bytes()[:-30])  # its head is whole, its pixels are not
    source = open_source(root)
    assert any("skipped" in note for note in load(source, source.default_preprocessing()).notes)
    compare_seeds(source)


def test_the_files_are_read_once(make_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from convscope.data import files

    read: list[str] = []
    content = files.file_content

    def counted(path: Path, name: str) -> bytes:
        read.append(name)
        return content(path, name)

    monkeypatch.setattr(files, "file_content", counted)
    once = ReadOnce(open_source(make_folder({"ants": 9, "bees": 7})))
    for seed in range(3):
        load(once, once.default_preprocessing(), seed=seed)
    assert len(read) == len(set(read)) == 16
