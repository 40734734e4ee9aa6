"""The letters of EMNIST, in the zip of IDX files that NIST publishes.

The pictures are stored column by column, the labels run from 1 to 26, and capital and small letters are one
class (G. Cohen et al., EMNIST: an extension of MNIST to handwritten letters, 2017).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from ..errors import DataError

ARCHIVE = "gzip.zip"
NAMES = tuple(
    f"emnist-letters-{part}-{kind}-ubyte.gz"
    for part in ("train", "test")
    for kind in ("images-idx3", "labels-idx1")
)


@dataclass(frozen=True)
class Member:
    """A file in the zip, read without unpacking."""

    archive: Path
    name: str

    def __str__(self) -> str:
        return f"{self.archive}: {self.name.rpartition('/')[2]}"

    def open(self, mode: str = "rb") -> IO[bytes]:
        """The content as a stream. Raises `DataError` where the zip is damaged."""
        try:
            with zipfile.ZipFile(self.archive) as opened:
                content = opened.read(self.name)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise DataError(
                f"{self.archive} is damaged ({error}); delete it and download it again."
            ) from error
        return io.BytesIO(content)


def members(archive: Path) -> list[Member]:
    """The four files of the letters, in the order of `NAMES`.

    Raises `DataError` with the path for an archive that is cut off, damaged or lacks one of them.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            inside = {name.rpartition("/")[2]: name for name in opened.namelist()}
    except zipfile.BadZipFile as error:
        raise DataError(
            f"{archive} ends early or is damaged ({error}); delete it and download it again."
        ) from error
    except OSError as error:
        raise DataError(f"{archive} cannot be read: {error.strerror or error}.") from error
    missing = [name for name in NAMES if name not in inside]
    if missing:
        raise DataError(f"{archive} lacks {', '.join(missing)}: it is not the {ARCHIVE} of EMNIST.")
    return [Member(archive, inside[name]) for name in NAMES]


def put_right(images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pictures (N, H, W, 1) upright, labels from 0.

    >>> images, labels = put_right(np.array([[[[1], [2]], [[3], [4]]]], np.uint8), np.array([1]))
    >>> images[0, :, :, 0].tolist(), labels
    ([[1, 3], [2, 4]], array([0]))
    """
    return np.ascontiguousarray(images.transpose(0, 2, 1, 3)), labels - 1
