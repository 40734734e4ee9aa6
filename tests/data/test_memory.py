from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

from convscope.data.memory import allocate, available_memory
from convscope.errors import DataError


def test_small_arrays_are_plain() -> None:
    array = allocate((4, 5), available=40)
    assert type(array) is np.ndarray
    assert not array.any()


def test_large_arrays_lie_in_a_file_that_goes_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    array = allocate((4, 5), available=39)
    assert isinstance(array, np.memmap)
    array[2] = 7
    assert array.sum() == 35
    del array
    assert list(tmp_path.iterdir()) == []


def test_floats_take_four_bytes_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plain, filed = allocate((4, 5), np.float32, available=160), allocate((4, 5), np.float32, available=159)
    assert type(plain) is np.ndarray
    assert isinstance(filed, np.memmap)
    for array in (plain, filed):
        assert array.dtype == np.float32
        array[3, 4] = -0.5
        assert array.sum() == -0.5


def test_no_room_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(DataError, match=r"need .* GiB.*--size"):
        allocate((1 << 52,), available=1000)
    assert list(tmp_path.iterdir()) == []


def test_available_memory_is_plausible() -> None:
    available = available_memory()
    assert available is None or 1 << 20 < available < 1 << 50
