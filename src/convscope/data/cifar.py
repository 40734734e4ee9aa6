"""CIFAR-10 in its binary form; the Python form is pickle, which is code, and is never read.

A record is one label byte and 3,072 pixel bytes: 1,024 red, 1,024 green, 1,024 blue, row by row
(A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html).
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import DataError

ARCHIVE = "cifar-10-binary.tar.gz"
FOLDER = "cifar-10-batches-bin"
TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE = "test_batch.bin"

_SIDE = 32
_RECORD = 1 + 3 * _SIDE * _SIDE
_MAX_MEMBER = 1 << 28


def decode(content: bytes, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (N, 32, 32, 3) and labels int64 (N,) of one batch file.

    Raises `DataError` naming `where` for a length that is no whole number of records, or a label above 9.

    >>> images, labels = decode(bytes([7]) + bytes(3072), "batch")
    >>> images.shape, labels
    ((1, 32, 32, 3), array([7]))
    """
    if not content or len(content) % _RECORD:
        raise DataError(
            f"{where} ends early: {len(content):,} bytes are no whole number of {_RECORD:,}-byte records; "
            "download it again."
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() > 9:
        raise DataError(f"{where} is damaged: it has a label {labels.max()}, above 9; download it again.")
    planes = records[:, 1:].reshape(-1, 3, _SIDE, _SIDE)  # (N, C, H, W)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels


def read_folder(folder: Path) -> dict[str, bytes]:
    """The six batch files of an unpacked archive by name. Raises `DataError` for one that is missing."""
    contents = {}
    for name in (*TRAIN_FILES, TEST_FILE):
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise DataError(f"{folder / name} cannot be read: {error.strerror or error}.") from error
    return contents


def read_archive(path: Path) -> dict[str, bytes]:
    """The six batch files of the .tar.gz by name, read in memory; nothing is extracted to disk.

    Raises `DataError` with the path for an archive that is cut off, damaged or lacks a file.
    """
    wanted = {*TRAIN_FILES, TEST_FILE}
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(path, mode="r:*") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if name not in wanted or not member.isfile() or member.size > _MAX_MEMBER:
                    continue
                file = archive.extractfile(member)
                assert file is not None  # `isfile` holds
                contents[name] = file.read()
                if len(contents[name]) != member.size:
                    raise EOFError
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise DataError(
            f"{path} ends early or is damaged ({str(error) or 'cut off'}); delete it and download it again."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    missing = sorted(wanted - contents.keys())
    if missing:
        raise DataError(
            f"{path} lacks {', '.join(missing)}: it is not whole, or not {ARCHIVE}; download it again."
        )
    return contents


def arrays(contents: Mapping[str, bytes], where: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Pictures and labels per part ("train", "test") of the six batch files."""
    batches = [decode(contents[name], f"{where}: {name}") for name in TRAIN_FILES]
    test_images, test_labels = decode(contents[TEST_FILE], f"{where}: {TEST_FILE}")
    images = {"train": np.concatenate([images for images, _ in batches]), "test": test_images}
    labels = {"train": np.concatenate([labels for _, labels in batches]), "test": test_labels}
    return images, labels
