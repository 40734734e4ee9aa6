"""The files that `convscope conv` writes: the result, a comparison, and the steps."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..atomic import write_bytes
from ..errors import DataError, UsageError
from ..ops.rendering import animation, page, svg
from ..ops.rendering.layout import of_panel
from ..ops.rendering.scene import panel
from ..ops.rendering.story import Story
from ..ops.rendering.tiles import tile
from ..written_matrix import matrix_bytes
from .complaint import complain
from .conv_input import Input, Kernel
from .conv_result import Result

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".gif")
NUMBERS = (".npy", ".csv")
ENDINGS = {
    "--out": (*PICTURES, *NUMBERS),
    "--compare": PICTURES,
    "--gif": (".gif",),
    "--svg": (".svg",),
    "--html": (".html",),
}
SIDE = 480  # pixels of a picture in a comparison
Files = dict[str, Path | None]


def check(
    files: Files, endings: dict[str, tuple[str, ...]] = ENDINGS, *, read: dict[str, str | None] | None = None
) -> None:
    """Raises `UsageError` for a wrong ending and for a file that is read too (`read`: name by what it is) or
    written twice, `DataError` for a missing folder, before any computing.
    """
    taken = {_place(name): what for what, name in (read or {}).items() if name}
    for option, path in files.items():
        if path is None:
            continue
        if path.suffix.lower() not in endings[option]:
            raise UsageError(f"{option} {path} should end in {', '.join(endings[option])}.")
        if not path.parent.is_dir():
            raise DataError(f"{option} {path}: there is no folder {path.parent}.")
        if (other := taken.setdefault(_place(path), option)) != option:
            raise UsageError(f"{option} {path} is the file of {other} too; give it a name of its own.")


def _place(path: Path | str) -> str:
    """One text for all names of a file."""
    return os.path.realpath(path)


def check_csv(out: Path | None, result: Result) -> None:
    """Raises `UsageError` where a .csv, of rows and columns, is to hold colours or several maps of them."""
    if out is not None and out.suffix.lower() == ".csv" and result.numbers().ndim > 2:
        count, way_out = len(result.end), "take .npy, or --grey" if result.colours else "take .npy"
        what = "colours" if result.colours else "maps"
        raise UsageError(
            f"--out {out}: a .csv has rows and columns, and the result has {count} {what}; {way_out}."
        )


def write(
    files: Files,
    given: Input,
    kernel: Kernel | None,
    result: Result,
    place: tuple[int, ...] | None,
) -> None:
    """All that were asked for. What a picture's shades mean is said on standard error."""
    out, compare = files["--out"], files["--compare"]
    if out is not None and out.suffix.lower() in NUMBERS:
        write_bytes(out, matrix_bytes(out, result.numbers()))
        out = None
    if out is not None:
        pixels, told = result.picture()
        complain(f"note: in {out} {told}; .npy and .csv keep the numbers.")
        write_bytes(out, encoded(Image.fromarray(pixels), out))
    if compare is not None:
        pixels, told = result.picture(robust=given.photo)
        complain(f"note: in {compare}, of the output, {told}.")
        write_bytes(compare, encoded(_comparison(given, kernel, result, pixels), compare))
    walk, position, (of, *_) = result.found(place)
    story = Story(walk, of="" if result.is_layer else given.channel_name(of).removeprefix("the "))
    count, most = len(walk), walk.MOST
    drawings: dict[str, Callable[[], bytes]] = {
        "--gif": lambda: animation.draw(story, most),
        "--svg": lambda: svg.draw(story.scene(position)).encode(),
        "--html": lambda: page.draw(story, most).encode(),
    }
    for option, drawn in drawings.items():
        if (path := files[option]) is not None:
            write_bytes(path, drawn())
            if option != "--svg" and count > most:
                complain(f"note: {path} shows {most} of {count:,} steps, evenly chosen.")


def encoded(picture: Image.Image, path: Path) -> bytes:
    """The bytes of a picture in the format that its file's name asks for."""
    content = io.BytesIO()
    kind = Image.registered_extensions()[path.suffix.lower()]
    picture.save(content, format=kind, **({"quality": 95} if kind == "JPEG" else {}))
    return content.getvalue()


def _comparison(given: Input, kernel: Kernel | None, result: Result, pixels: np.ndarray) -> Image.Image:
    """Input, kernel and output side by side."""
    tiles: list[tuple[str, np.ndarray | Image.Image]] = [("input", given.picture())]
    if kernel is not None and result.convolution is not None:
        applied = panel("", np.atleast_2d(result.convolution.kernel[0, 0]), tinted=True)
        flipped = "flipped" if result.convolution.flipped else "not flipped"
        tiles.append((f"{kernel.name} ({flipped})", animation.image(of_panel(applied))))
    return tile([*tiles, ("output", pixels)], columns=3, side=SIDE)
