from __future__ import annotations

import contextlib
import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.idx import read_idx
from convscope.errors import DataError

PICTURES = struct.pack(">BBBBIII", 0, 0, 8, 3, 2, 2, 3) + bytes(range(12))


@pytest.mark.parametrize("zipped", [True, False])
def test_pictures(tmp_path: Path, zipped: bool) -> None:
    file = tmp_path / "images"
    file.write_bytes(gzip.compress(PICTURES) if zipped else PICTURES)
    assert read_idx(file, dimensions=3).tolist() == [[[0, 1, 2], [3, 4, 5]], [[6, 7, 8], [9, 10, 11]]]


def test_labels(tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    labels = read_idx(file, dimensions=1)
    assert labels.dtype == np.uint8
    assert labels.tolist() == [7, 8, 9]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "ends early: 0 of at least 16 bytes; download it again"),
        (PICTURES[:10], "ends early: 10 of at least 16 bytes"),
        (PICTURES[:20], "ends early: 20 of 28 bytes; download it again"),
        (PICTURES + b"x", "longer than the 28 bytes its head promises"),
        (
            b"\0\0\x08\x01\0\0\0\1\5" * 4,
            "not an IDX picture file: it begins with 00 00 08 01, not 00 00 08 03",
        ),
        (b"\0\0\x0d\x03" + PICTURES[4:], "not an IDX picture file"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, *[2**32 - 1] * 3), "damaged: its head promises"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_broken(tmp_path: Path, content: bytes, message: str, zipped: bool) -> None:
    file = tmp_path / "images-idx3-ubyte"
    file.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(DataError) as caught:
        read_idx(file, dimensions=3)
    assert str(caught.value).startswith(f"{file} ")
    assert message in str(caught.value)


def test_truncated_gzip_counts_what_is_there(tmp_path: Path) -> None:
    random = np.random.default_rng(0).integers(0, 256, 47_040).astype(np.uint8).tobytes()
    whole = gzip.compress(struct.pack(">BBBBIII", 0, 0, 8, 3, 60, 28, 28) + random)
    file = tmp_path / "cut.gz"
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"cut\.gz ends early: 2\d,\d{3} of 47,056 bytes; download it again"):
        read_idx(file, dimensions=3)


def test_garbled_gzip(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(PICTURES))
    content[15] ^= 0xFF
    file = tmp_path / "garbled.gz"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"garbled\.gz .*download it again"):
        read_idx(file, dimensions=3)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_give_an_array_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, zipped: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.idx"
    file.write_bytes((b"\x1f\x8b" if zipped else b"") + content)
    with contextlib.suppress(DataError):
        assert read_idx(file, dimensions=1).ndim == 1


def test_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_idx(tmp_path / "gone", dimensions=1)
