"""The files that `convscope look` writes: one picture, the numbers, or a folder of pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..atomic import write_bytes
from ..errors import DataError, UsageError
from .conv_files import check


@dataclass(frozen=True)
class Drawn:
    """A picture of one layer, what it is called, and its numbers by the layer's name."""

    name: str
    image: Image.Image
    numbers: Mapping[str, np.ndarray]


def check_out(out: Path | None, *, numbers: bool, read: Path | None = None) -> bool:
    """Whether `out` is a folder; raises `UsageError` for another ending and for the file that is `read`.

    A folder is one that is there, or a name without an ending. `numbers` says whether there may be an .npz.
    """
    if out is None:
        return False
    if out.is_dir() or not out.suffix:
        if not out.parent.is_dir():
            raise DataError(f"--out {out}: there is no folder {out.parent}.")
        if out.exists() and not out.is_dir():
            raise UsageError(f"--out {out} is a file without an ending; end it in .png, or name a folder.")
        return True
    endings = (".png", ".npz") if numbers else (".png",)
    check({"--out": out}, {"--out": endings}, read={"the picture": str(read)} if read else None)
    return False


def write(drawn: Sequence[Drawn], out: Path | None, folder: bool, default: str) -> list[str]:
    """Write all below each other into one picture, or each into the folder; the files written."""
    from ..drawing.contact_sheet import stacked
    from ..drawing.tiles import to_png

    if folder:
        assert out is not None
        try:
            out.mkdir(exist_ok=True)
        except OSError as error:
            raise DataError(f"--out {out} cannot be made: {error.strerror or error}.") from error
        files = [out / f"{file_stem(each.name)}.png" for each in drawn]
        for each, file in zip(drawn, files, strict=True):
            write_bytes(file, to_png(each.image))
        return [str(file) for file in files]
    file = out or Path(f"{file_stem(default.removesuffix('.png'))}.png")
    if file.suffix.lower() == ".npz":
        content = io.BytesIO()
        numbers = {name: values for each in drawn for name, values in each.numbers.items()}
        np.savez_compressed(content, allow_pickle=False, **numbers)
        write_bytes(file, content.getvalue())
    else:
        write_bytes(file, to_png(stacked([each.image for each in drawn])))
    return [str(file)]


def file_stem(name: str) -> str:
    """A name as a file of this folder, whatever a bundle calls its layers.

    >>> file_stem("layer1.0.conv1-filters"), file_stem("../../etc/passwd")
    ('layer1.0.conv1-filters', 'etc-passwd')
    """
    return re.sub(r"[^\w.]+", "-", name).strip("-.") or "layer"
