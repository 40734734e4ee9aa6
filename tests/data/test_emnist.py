from __future__ import annotations

import gzip
import io
import string
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convscope.data import catalogue, open_source
from convscope.data.emnist import ARCHIVE, NAMES
from convscope.errors import DataError

from .conftest import idx_bytes

STORED = np.random.default_rng(4).integers(0, 256, (26 + 13, 28, 28)).astype(np.uint8)
LABELS = np.arange(26 + 13) % 26 + 1
PARTS = (STORED[:26], LABELS[:26], STORED[26:], LABELS[26:])


def letters() -> dict[str, bytes]:
    return {name: gzip.compress(idx_bytes(array)) for name, array in zip(NAMES, PARTS, strict=True)}


def published(contents: dict[str, bytes]) -> bytes:
    """The zip as NIST packs it, with other sets beside the letters."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/emnist-digits-train-images-idx3-ubyte.gz", b"others")
        for name, content in contents.items():
            archive.writestr(f"gzip/{name}", content)
    return stream.getvalue()


def check(data_dir: Path) -> None:
    source = open_source("emnist-letters", data_dir=data_dir)
    assert source.classes == tuple(string.ascii_lowercase)
    assert source.counts == {"train": 26, "test": 13}
    assert source.parts["train"].labels.tolist() == list(range(26))
    images = source.read("train", np.arange(26), source.default_preprocessing()).images
    assert np.array_equal(images[3, :, :, 0], STORED[3].T)  # stored column by column


@pytest.mark.parametrize("place", ["", "emnist-letters"])
def test_from_the_published_zip(tmp_path: Path, place: str) -> None:
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / ARCHIVE).write_bytes(published(letters()))
    check(tmp_path)
    notes = open_source("emnist-letters", data_dir=tmp_path).notes
    assert notes == (
        f"{tmp_path / place / ARCHIVE} is not the published file of emnist-letters: its md5 is another.",
    )


@pytest.mark.parametrize("place", ["", "gzip", "emnist-letters", "emnist-letters/gzip"])
@pytest.mark.parametrize("zipped", [True, False])
def test_from_unpacked_files(tmp_path: Path, place: str, zipped: bool) -> None:
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    for name, content in letters().items():
        if zipped:
            (tmp_path / place / name).write_bytes(content)
        else:
            (tmp_path / place / name.removesuffix(".gz")).write_bytes(gzip.decompress(content))
    check(tmp_path)


def test_broken_zips(tmp_path: Path) -> None:
    whole = published(letters())
    lacking = {name: content for name, content in letters().items() if "test-labels" not in name}
    zero = {**letters(), NAMES[1]: gzip.compress(idx_bytes(LABELS[:26] - 1))}
    high = {**letters(), NAMES[3]: gzip.compress(idx_bytes(LABELS[26:] + 26))}
    cut = {**letters(), NAMES[0]: letters()[NAMES[0]][:500]}
    damaged = bytearray(whole)
    damaged[whole.find(NAMES[2].encode()) + 200] ^= 255
    for content, message in [
        (whole[: len(whole) // 2], "ends early or is damaged"),
        (b"no zip", "ends early or is damaged"),
        (b"", "ends early or is damaged"),
        (
            published(lacking),
            "lacks emnist-letters-test-labels-idx1-ubyte.gz: it is not the gzip.zip of EMNIST",
        ),
        (published(zero), "emnist-letters has a label -1, but only 26 classes"),
        (published(high), "emnist-letters has a label "),
        (published(cut), "train-images-idx3-ubyte.gz ends early"),
        (bytes(damaged), "is damaged"),
    ]:
        (tmp_path / ARCHIVE).write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            open_source("emnist-letters", data_dir=tmp_path)
        assert ARCHIVE in str(caught.value) or "emnist-letters has a label" in str(caught.value)


def test_the_entry() -> None:
    entry = catalogue()["emnist-letters"]
    assert dict(entry.files) == {"gzip.zip": "58c8d27c78d21e728a6bc7b3cc06412e"}
    assert entry.counts["train"] == 26 * 4_800
    assert entry.counts["test"] == 26 * 800
