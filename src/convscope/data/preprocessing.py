"""From any picture to the numbers a network sees; train, predict and export all go through here."""

from __future__ import annotations

import os
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..errors import DataError
from .colourfulness import colourfulness
from .pictures import PictureFile, as_grey_or_rgb, read_picture, read_pixels
from .resizing import Resize, fit, resize, resize_image, to_grey
from .stored import StoredFile

_FILE = (str, os.PathLike, bytes, StoredFile)


class Known(NamedTuple):
    """A picture as it is stored, and what it was before."""

    stored: np.ndarray
    size: tuple[int, int]  # height and width before it was resized, as it was decoded
    colour: float  # that was taken away, as `colourfulness` measures it; 0 where none was


class Preprocessing(BaseModel):
    """How pictures become a network's input; frozen, and kept in the bundle as JSON.

    `picture` (or `read`, from a file) brings one picture to uint8 (height, width, channels): resize,
    channels, polarity. `batch` normalises uint8 pictures to float32 (N, C, H, W).

    >>> preprocessing = Preprocessing(height=4, width=4, channels=1)
    >>> preprocessing.picture(Image.new("L", (8, 4), 200))[:, :, 0]
    array([[  0,   0,   0,   0],
           [200, 200, 200, 200],
           [200, 200, 200, 200],
           [  0,   0,   0,   0]], dtype=uint8)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    noun: ClassVar[str] = "picture"
    example: ClassVar[str] = "picture.png"

    height: int = Field(ge=1, le=8192)
    width: int = Field(ge=1, le=8192)
    channels: Literal[1, 3]
    #: fit: the whole picture, borders filled; crop: fills the frame, cuts off; stretch: changes the shape
    resize: Resize = "fit"
    #: value of the borders that `fit` leaves, 0..255, as the network sees it (`invert` does not change it)
    fill: int = Field(default=0, ge=0, le=255)
    #: 255 - x for every pixel of the picture, for dark ink on light paper
    invert: bool = False
    #: per channel, in units of 0..1; both or neither
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    @model_validator(mode="after")
    def _check_statistics(self) -> Preprocessing:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std go together: give both or neither")
        if self.mean is not None and self.std is not None:
            for name, values in (("mean", self.mean), ("std", self.std)):
                if len(values) != self.channels:
                    raise ValueError(f"{name} has {len(values)} values for {self.channels} channels")
            if not all(np.isfinite(self.mean)) or not all(np.isfinite(self.std)) or min(self.std) <= 0:
                raise ValueError("mean and std must be finite, and std above 0")
        return self

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width), the shape of one picture in a batch."""
        return self.channels, self.height, self.width

    def blank(self, count: int) -> np.ndarray:
        """Black pictures: uint8 (count, height, width, channels)."""
        return np.zeros((count, self.height, self.width, self.channels), dtype=np.uint8)

    def one(self, given: PictureFile | Image.Image | np.ndarray) -> np.ndarray:
        """A picture as a person gives it as uint8 (height, width, channels).

        `given` is a path, encoded bytes, a Pillow image, or a uint8 array (H, W), (H, W, 1) or (H, W, 3).
        Raises `DataError` for what is none, or cannot be read.
        """
        return self.known(given).stored

    def known(self, given: PictureFile | Image.Image | np.ndarray) -> Known:
        """What `one` gives, and what is no longer to be seen in it."""
        decoded = self.decoded(given)
        if isinstance(decoded, Image.Image):
            return self.known_image(decoded)
        stored, colours = self.known_pictures(decoded[None])
        return Known(stored[0].copy(), (decoded.shape[0], decoded.shape[1]), float(colours[0]))

    def known_pictures(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`pictures` of uint8 (N, h, w, 1 or 3), and the colour of each that was taken away, (N,)."""
        lost = self.channels == 1 and pixels.shape[3] == 3
        return self.pictures(pixels), colourfulness(pixels) if lost else np.zeros(len(pixels))

    def known_image(self, image: Image.Image) -> Known:
        """`picture` of an image "L" or "RGB", and what is no longer to be seen in it."""
        lost = self.channels == 1 and image.mode == "RGB"
        colour = float(colourfulness(np.asarray(image)[None])[0]) if lost else 0.0
        return Known(self.picture(image), (image.height, image.width), colour)

    def decoded(self, given: PictureFile | Image.Image | np.ndarray) -> np.ndarray | Image.Image:
        """The picture that `one` brings to its size: uint8 (h, w, 1 or 3), or an image "L" or "RGB".

        It is upright, a large file perhaps reduced (see `read`).
        """
        if isinstance(given, np.ndarray):
            return _checked(given)
        if isinstance(given, _FILE):
            return read_pixels(given, at_least=self._at_least)
        return as_grey_or_rgb(self.opened(given))

    def opened(self, given: PictureFile | Image.Image | np.ndarray) -> Image.Image:
        """The picture that `one` brings to its size: upright, a large file perhaps reduced (see `read`)."""
        if isinstance(given, np.ndarray):
            pixels = _checked(given)
            return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
        if isinstance(given, Image.Image):
            if 0 in given.size:
                raise DataError(f"a picture of {given.width}×{given.height} has nothing to see.")
            return given
        if isinstance(given, _FILE):
            return read_picture(given, at_least=self._at_least)
        kind = type(given).__name__
        raise DataError(f"a picture is a path, bytes, a Pillow image or a uint8 array, not a {kind}.")

    def apart(self, given: Any) -> np.ndarray | tuple[Any, ...]:
        """The pictures in what a person gives: those of an array (N, H, W, C), else the one that it is."""
        return given if isinstance(given, np.ndarray) and given.ndim == 4 else (given,)

    def read(self, file: PictureFile, *, name: str | None = None) -> np.ndarray:
        """A picture file as uint8 (height, width, channels); what training and prediction both call.

        `name` stands for the picture in messages. A large JPEG is decoded at reduced size where at
        least twice the height and width needed remain.
        Raises `DataError` like `read_picture`.
        """
        decoded = read_pixels(file, at_least=self._at_least, name=name)
        if isinstance(decoded, Image.Image):
            return self.picture(decoded)
        framed: np.ndarray = self.pictures(decoded[None])[0]
        return framed

    @property
    def _at_least(self) -> tuple[int, int]:
        return 2 * self.height, 2 * self.width

    def picture(self, image: Image.Image) -> np.ndarray:
        """Resize, channels and polarity of one picture: uint8 (height, width, channels).

        Resampling is Pillow's BILINEAR, antialiased, columns first; what already has the right size is
        not resampled and keeps its values bit for bit. Grey is ITU-R 601 luma.
        An image of any Pillow mode will do.
        """
        image = as_grey_or_rgb(image)
        if self.channels == 1:
            image = image.convert("L")
        resized = resize_image(image, height=self.height, width=self.width, mode=self.resize)
        framed: np.ndarray = self._framed(resized[None])[0]
        return framed

    def pictures(self, images: np.ndarray) -> np.ndarray:
        """`picture` for many pictures of one size: uint8 (N, h, w, 1 or 3) to (N, height, width, channels).

        Pictures that need no change are returned as they are, not copied.
        """
        if self.channels == 1 and images.shape[3] == 3:
            images = to_grey(images)
        return self._framed(resize(images, height=self.height, width=self.width, mode=self.resize))

    def _framed(self, images: np.ndarray) -> np.ndarray:
        """Polarity, borders and channels of pictures that have been resized."""
        if self.invert:
            images = 255 - images
        count, height, width, channels = images.shape
        if (height, width, channels) == (self.height, self.width, self.channels):
            return np.ascontiguousarray(images)
        framed = np.full((count, self.height, self.width, self.channels), self.fill, dtype=np.uint8)
        top, left = self._corner(height, width)
        framed[:, top : top + height, left : left + width] = images  # a grey picture goes to all channels
        return framed

    def place(self, size: tuple[int, int]) -> tuple[int, int, int, int]:
        """(top, left, height, width) of a picture of `size` (height, width) within the frame.

        >>> Preprocessing(height=28, width=28, channels=1).place((400, 200))
        (0, 7, 28, 14)
        """
        frame = self.height, self.width
        height, width = fit(size, frame) if self.resize == "fit" else frame
        return *self._corner(height, width), height, width

    def _corner(self, height: int, width: int) -> tuple[int, int]:
        return (self.height - height) // 2, (self.width - width) // 2

    def factor_and_offset(self) -> tuple[np.ndarray, np.ndarray | None]:
        """float32 (C,) factor and offset of `batch`: x * factor + offset; offset None without mean/std.

        factor = 1 / (255 std), offset = -mean / std, each rounded once to float32. An exported graph
        that multiplies and adds in this order computes the same bits.
        """
        if self.mean is None or self.std is None:
            return np.full(self.channels, 1 / 255, dtype=np.float32), None
        mean, std = np.array(self.mean, dtype=np.float64), np.array(self.std, dtype=np.float64)
        return (1 / (255 * std)).astype(np.float32), (-mean / std).astype(np.float32)

    def batch(self, pictures: np.ndarray) -> np.ndarray:
        """uint8 (N, H, W, C) to the network's input, float32 (N, C, H, W).

        (x / 255 - mean) / std, computed as x * factor + offset in float32 (`factor_and_offset`). The
        result may be a transposed view of an (N, H, W, C) array.

        >>> Preprocessing(height=1, width=1, channels=1).batch(np.full((1, 1, 1, 1), 255, np.uint8))
        array([[[[1.]]]], dtype=float32)
        """
        if pictures.dtype != np.uint8 or pictures.ndim != 4 or pictures.shape[3] != self.channels:
            raise ValueError(
                f"a batch is uint8 (N, H, W, {self.channels}), not {pictures.dtype} {pictures.shape}"
            )
        count, height, width, channels = pictures.shape
        factor, offset = self.factor_and_offset()
        # one long row per line of pixels keeps numpy's inner loop long: (N*H, W*C)
        rows = pictures.reshape(count * height, width * channels)
        values: np.ndarray = np.multiply(rows, np.tile(factor, width), dtype=np.float32)
        if offset is not None:
            values += np.tile(offset, width)
        return values.reshape(count, height, width, channels).transpose(0, 3, 1, 2)

    def with_statistics(self, images: np.ndarray) -> Preprocessing:
        """A copy with the mean and std of uint8 `images` (N, H, W, C), in units of 0..1.

        Give it the training split. A channel without any variation gets std 1. Values have six decimals.

        >>> images = np.array([[[[0], [255]]]], dtype=np.uint8)
        >>> measured = Preprocessing(height=1, width=2, channels=1).with_statistics(images)
        >>> measured.mean, measured.std
        ((0.5,), (0.5,))
        """
        channels = images.shape[3]
        count, total, squares = 0, np.zeros(channels), np.zeros(channels)
        for start in range(0, len(images), 256):
            values = images[start : start + 256].reshape(-1, channels).astype(np.float64)
            count += len(values)
            total += values.sum(axis=0)
            squares += np.einsum("pc,pc->c", values, values)  # integers below 2**53: exact
        if count == 0:
            raise ValueError("no pictures to measure")
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0))
        std[std < 1e-3] = 255.0
        fields = self.model_dump()
        fields["mean"] = tuple(round(float(value) / 255, 6) for value in mean)
        fields["std"] = tuple(round(float(value) / 255, 6) for value in std)
        return Preprocessing(**fields)


def _checked(pixels: np.ndarray) -> np.ndarray:
    """An array as a person gives it as uint8 (H, W, 1) or (H, W, 3)."""
    grey = pixels.ndim == 2 or pixels.shape[2:] == (1,)
    if pixels.dtype != np.uint8 or pixels.size == 0 or not (grey or pixels.shape[2:] == (3,)):
        several = "; several pictures are (N, H, W, 1) or (N, H, W, 3)" if pixels.ndim == 3 else ""
        raise DataError(
            f"an array should be uint8 (H, W) or (H, W, 3), not {pixels.dtype} {pixels.shape}{several}."
        )
    return pixels.reshape(*pixels.shape[:2], -1)
