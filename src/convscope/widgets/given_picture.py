"""A picture, or signal, as the file that a network reads: what the page drew, and what Python gives."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..data.pictures import picture_facts, read_picture
from ..errors import DataError, UsageError
from ..ops.arrays import as_array

NUMPY = b"\x93NUMPY"
OF_BROWSERS = {"JPEG", "PNG", "GIF", "BMP", "WEBP"}  # which they read as convscope does


@dataclass(frozen=True, repr=False)
class GivenPicture:
    """A file's own bytes; `np.asarray` of it are its pixels.

    >>> drawn = GivenPicture.of(np.zeros((28, 28), np.uint8))
    >>> drawn, drawn.array.shape, drawn.image.size
    (<picture.png, 28×28>, (28, 28), (28, 28))
    """

    name: str
    file: bytes

    @staticmethod
    def of(given: Any) -> GivenPicture | None:
        """Of a path, the bytes of a file, a Pillow image or an array; None of None.

        Files stay as they are, but those that browsers do not read (TIFF, PPM) become PNG files of the same
        pixels. uint8 arrays (height, width) and (height, width, 3) become PNG files, other numbers `.npy`
        files, which networks of signals take. Raises `DataError` where a file cannot be read, `UsageError`
        for anything else.
        """
        if given is None or isinstance(given, GivenPicture):
            return given
        if isinstance(given, bytes | bytearray | memoryview):
            file = bytes(given)
            return _shown("signal.npy" if file.startswith(NUMPY) else "picture", file)
        if isinstance(given, str | os.PathLike):
            path = Path(given)
            try:
                file = path.read_bytes()
            except (OSError, ValueError) as error:
                raise DataError(
                    f"{path} cannot be read: {getattr(error, 'strerror', None) or error}."
                ) from error
            return _shown(path.name, file)
        if isinstance(given, Image.Image):
            return _png(given)
        array = np.asarray(as_array(given))
        if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 1:
            array = array[:, :, 0]
        if array.dtype == np.uint8 and (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
            return _png(Image.fromarray(array))
        if array.dtype.kind not in "biuf":
            raise UsageError(
                "a picture is a path, the bytes of a file, a Pillow image or an array of numbers, not "
                f"{type(given).__name__}."
            )
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        return GivenPicture("signal.npy", content.getvalue())

    @cached_property
    def array(self) -> np.ndarray:
        """Pixels as uint8 (height, width) or (height, width, 3); the numbers of a signal as they are."""
        if self.file.startswith(NUMPY):
            return np.asarray(np.load(io.BytesIO(self.file), allow_pickle=False))
        return np.asarray(self.image)

    @property
    def image(self) -> Image.Image:
        """The picture, upright and without transparency, as the network gets it."""
        return read_picture(self.file, name=self.name)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.array, dtype)

    def __repr__(self) -> str:
        return f"<{self.name}, {'×'.join(map(str, self.array.shape))}>"


def _shown(name: str, file: bytes) -> GivenPicture:
    """A file as a page can show it; as it is where nobody reads it, which the network says then."""
    if not file.startswith(NUMPY):
        with contextlib.suppress(DataError):
            if picture_facts(file).format not in OF_BROWSERS:
                return _png(read_picture(file, name=name), f"{Path(name).stem}.png")
    return GivenPicture(name, file)


def _png(image: Image.Image, name: str = "picture.png") -> GivenPicture:
    content = io.BytesIO()
    image.save(content, format="PNG")
    return GivenPicture(name, content.getvalue())
