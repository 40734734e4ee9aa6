"""What a network saw of a picture: the very numbers that entered, how they came about, what is unusual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ...data import InputPreprocessing, Preprocessing
from ...data.colourfulness import colourfulness
from ...data.pictures import as_grey_or_rgb, picture_facts
from ...data.unusual import Unusual, unusual
from ...errors import DataError
from ...prediction import Unreadable, with_path

if TYPE_CHECKING:
    from ...bundle import Bundle

CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture, or signal, on its way into a network.

    `original` is the picture as people see it, upright, a large file perhaps reduced; `size` its (height,
    width) before that. `stored` is what `preprocessing.one` gives, uint8 (height, width, channels), and
    `tensor` what enters, float32 (channels, height, width). Of a signal there is no picture; `stored` and
    `tensor` are float32 (channels, length). `steps` say how one became the other, `warnings` in what it is
    unlike the training pictures.
    """

    path: str | None
    original: Image.Image | None
    size: tuple[int, int] | None
    stored: np.ndarray
    tensor: np.ndarray
    steps: tuple[str, ...]
    warnings: tuple[Unusual, ...]

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """The smallest and the largest number that entered, per channel."""
        rows = self.tensor.reshape(len(self.tensor), -1)
        return tuple((float(row.min()), float(row.max())) for row in rows)

    @property
    def picture(self) -> Image.Image:
        """What the network saw as a picture; raises `DataError` for a signal, which has none."""
        if self.original is None:
            raise DataError("a picture can be drawn of what a network saw of a picture, not of other arrays.")
        return Image.fromarray(self.stored[..., 0] if self.stored.shape[2] == 1 else self.stored)

    def drawing(self) -> Image.Image:
        """The picture and what the network saw of it side by side; raises `DataError` for a signal."""
        from ...drawing.seen import draw

        return draw([self])

    def to_dict(self) -> dict[str, Any]:
        """JSON values, without the numbers themselves."""
        return {
            "path": self.path,
            "size": self.size,
            "input_shape": list(self.tensor.shape),
            "ranges": [list(ends) for ends in self.ranges],
            "steps": list(self.steps),
            "warnings": [warning.to_dict() for warning in self.warnings],
        }


def seen(bundle: Bundle, picture: Any) -> Seen:
    """What the bundle's network sees of one picture or signal, whatever `Bundle.predict` takes as one.

    Needs neither the network nor torch. Raises `DataError` where it cannot be read.

    >>> from convscope import Bundle, nets
    >>> preprocessing = Preprocessing(height=28, width=28, channels=1)
    >>> graph = nets.graph("simple-cnn-4-8")
    >>> bundle = Bundle("simple-cnn-4-8", tuple("0123456789"), preprocessing, graph, {})
    >>> one = seen(bundle, Image.new("RGB", (640, 427), "white"))
    >>> " → ".join(one.steps)
    '427×640 colour → grey → resized (fit) to 19×28 → borders of 0 to 28×28 → divided by 255'
    >>> one.tensor.shape, one.ranges
    ((1, 28, 28), ((0.0, 1.0),))
    >>> print(one.warnings[0])
    it is of one colour (255 of 255), with nothing in it to see; transparent pixels count as white: if its \
ground is transparent, lay it over black.
    """
    preprocessing = bundle.preprocessing
    if isinstance(picture, Unreadable):
        raise DataError(picture.error)
    path, given = with_path(picture)
    if not isinstance(preprocessing, Preprocessing):
        stored = preprocessing.one(given)
        steps = ("×".join(map(str, stored.shape)), *_numbers(preprocessing))
        return _seen(bundle, path, None, None, stored, steps)
    original = as_grey_or_rgb(preprocessing.opened(given))
    stored = preprocessing.picture(original)
    size = _size(given, original)
    return _seen(bundle, path, original, size, stored, tuple(_steps(preprocessing, original, size)))


def _seen(
    bundle: Bundle,
    path: str | None,
    original: Image.Image | None,
    size: tuple[int, int] | None,
    stored: np.ndarray,
    steps: tuple[str, ...],
) -> Seen:
    sizes = np.array([[original.height, original.width]]) if original is not None else None
    colours = np.zeros(1)
    if original is not None and original.mode == "RGB":
        colours = colourfulness(np.asarray(original)[None])
    warnings = unusual(bundle.preprocessing, bundle.usual, stored[None], sizes, colours)[0]
    tensor = bundle.preprocessing.batch(stored[None])[0]
    return Seen(path, original, size, stored, tensor, steps, warnings)


def _size(given: Any, original: Image.Image) -> tuple[int, int]:
    """(height, width) of the picture itself, of which a large file is decoded in part."""
    size = original.height, original.width
    if isinstance(given, np.ndarray | Image.Image):
        return size
    facts = picture_facts(given)
    return (facts.height, facts.width) if facts.height * facts.width > size[0] * size[1] else size


def _steps(preprocessing: Preprocessing, original: Image.Image, size: tuple[int, int]) -> list[str]:
    decoded = original.height, original.width
    frame = preprocessing.height, preprocessing.width
    *_, height, width = preprocessing.place(decoded)
    steps = [f"{_times(size)} {'grey' if original.mode == 'L' else 'colour'}"]
    if decoded != size:
        steps.append(f"decoded at {_times(decoded)}")
    if preprocessing.channels == 1 and original.mode != "L":
        steps.append("grey")
    if (height, width) != decoded:
        steps.append(f"resized ({preprocessing.resize}) to {_times((height, width))}")
    if preprocessing.invert:
        steps.append("inverted")
    if (height, width) != frame:
        steps.append(f"borders of {preprocessing.fill} to {_times(frame)}")
    if preprocessing.channels == 3 and original.mode == "L":
        steps.append("the same in all 3 channels")
    return [*steps, *_numbers(preprocessing)]


def _numbers(preprocessing: InputPreprocessing) -> list[str]:
    steps = ["divided by 255"] if isinstance(preprocessing, Preprocessing) else []
    if preprocessing.mean is not None and preprocessing.std is not None:
        mean = ", ".join(f"{value:.4g}" for value in preprocessing.mean)
        std = ", ".join(f"{value:.4g}" for value in preprocessing.std)
        steps.append(f"less mean {mean}, over deviation {std}")
    return steps


def _times(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]}"
