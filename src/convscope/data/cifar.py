"""CIFAR-10 and CIFAR-100 in their binary form; the Python form is pickle, which is code, and is never read.

A record is its label and 3,072 pixel bytes: 1,024 red, 1,024 green, 1,024 blue, row by row. The label is one
byte, for CIFAR-100 two: one of 20 coarse classes, and one of 100 fine ones, which is taken
(A. Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html).
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DataError


@dataclass(frozen=True)
class Form:
    """The files of one of the two, and their records."""

    archive: str
    folder: str
    train_files: tuple[str, ...]
    test_file: str
    label_bytes: int  # the last one is the class
    classes: int


CIFAR10 = Form(
    archive="cifar-10-binary.tar.gz",
    folder="cifar-10-batches-bin",
    train_files=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test_file="test_batch.bin",
    label_bytes=1,
    classes=10,
)
CIFAR100 = Form(
    archive="cifar-100-binary.tar.gz",
    folder="cifar-100-binary",
    train_files=("train.bin",),
    test_file="test.bin",
    label_bytes=2,
    classes=100,
)
FORMS = {"cifar10": CIFAR10, "cifar100": CIFAR100}

_SIDE = 32
_MAX_MEMBER = 1 << 28


def decode(content: bytes, where: str, form: Form = CIFAR10) -> tuple[np.ndarray, np.ndarray]:
    """Pictures uint8 (N, 32, 32, 3) and labels int64 (N,) of one batch file.

    Raises `DataError` naming `where` for a length that is no whole number of records, or a label too high.

    >>> images, labels = decode(bytes([7]) + bytes(3072), "batch")
    >>> images.shape, labels
    ((1, 32, 32, 3), array([7]))
    """
    record = form.label_bytes + 3 * _SIDE * _SIDE
    if not content or len(content) % record:
        raise DataError(
            f"{where} ends early: {len(content):,} bytes are no whole number of {record:,}-byte records; "
            "download it again."
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, record)
    labels = records[:, form.label_bytes - 1].astype(np.int64)
    if labels.max() >= form.classes:
        raise DataError(
            f"{where} is damaged: it has a label {labels.max()}, above {form.classes - 1}; download it again."
        )
    planes = records[:, form.label_bytes :].reshape(-1, 3, _SIDE, _SIDE)  # (N, C, H, W)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels


def read_folder(folder: Path, form: Form) -> dict[str, bytes]:
    """The batch files of an unpacked archive by name. Raises `DataError` for one that is missing."""
    contents = {}
    for name in (*form.train_files, form.test_file):
        try:
            contents[name] = (folder / name).read_bytes()
        except OSError as error:
            raise DataError(f"{folder / name} cannot be read: {error.strerror or error}.") from error
    return contents


def read_archive(path: Path, form: Form) -> dict[str, bytes]:
    """The batch files of the .tar.gz by name, read in memory; nothing is extracted to disk.

    Raises `DataError` with the path for an archive that is cut off, damaged or lacks a file.
    """
    wanted = {*form.train_files, form.test_file}
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
            f"{path} lacks {', '.join(missing)}: it is not whole, or not {form.archive}; download it again."
        )
    return contents


def arrays(
    contents: Mapping[str, bytes], where: Path, form: Form
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Pictures and labels per part ("train", "test") of the batch files."""
    batches = [decode(contents[name], f"{where}: {name}", form) for name in form.train_files]
    test_images, test_labels = decode(contents[form.test_file], f"{where}: {form.test_file}", form)
    images = {"train": np.concatenate([images for images, _ in batches]), "test": test_images}
    labels = {"train": np.concatenate([labels for _, labels in batches]), "test": test_labels}
    return images, labels
