"""A trained network written in another form, compared with its bundle, and kept only where they agree."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import atomic
from .. import bundle as bundles
from ..bundle import Bundle
from ..data import Source
from ..errors import DataError, GateFailed, UsageError
from ..training.progress import Progress, Silent
from .compared import Compared, compared_inputs
from .entrance import Entrance
from .formats import Format, chosen_format
from .proof import Proof, prove


@dataclass(frozen=True)
class Exported:
    """What was written, what it takes and gives, and how far it was from the bundle.

    `proof` is None where nothing here could run it; `notes` say so, and what else a person should know.
    """

    path: Path
    format: str
    bytes: int
    net: str
    classes: tuple[str, ...]
    entrance: Entrance
    proof: Proof | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """A record for JSON."""
        return {
            "path": str(self.path),
            "format": self.format,
            "bytes": self.bytes,
            "net": self.net,
            "classes": list(self.classes),
            "input": {
                "type": self.entrance.dtype,
                "shape": list(self.entrance.shape),
                "preprocessing": self.entrance.outside.model_dump(),
            },
            "proof": None if self.proof is None else self.proof.to_dict(),
            "notes": list(self.notes),
        }


def export(
    model: str | os.PathLike[str] | Bundle,
    out: str | os.PathLike[str] | None = None,
    *,
    format: str | None = None,
    preprocessing: bool = True,
    data: str | os.PathLike[str] | Source | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Exported:
    """Write a run, a bundle file or a `Bundle` as "onnx", "torch" or "c", after comparing it with the bundle.

    `format` is told by the ending of `out` where it is not given; without `out` the file is called as the run
    is, in the current folder. With `preprocessing` polarity, scaling, mean and deviation are part of the
    network, which then takes pictures of bytes. Compared are test pictures of the bundle's own data, or of
    `data`; `settings` replace fields of the bundle's recipe, such as `data_dir`.

    Raises `GateFailed` where what was written does not say what the bundle says: then there is no file, and
    one that was there stays as it was. Raises `UsageError` for an impossible file name,
    `UnsupportedOperation` for a network that has no such form.
    """
    if out is not None:
        require_writable(Path(out), model)
    form = chosen_format(format, None if out is None else Path(out))
    file = Path(out) if out is not None else Path(f"{default_name(model)}{form.ending}")
    listener = progress or Silent()
    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    entrance = Entrance(bundle.preprocessing, inside=preprocessing)
    listener.waiting(f"writing the {form.words}")
    content = form.written(bundle, entrance)
    inputs = compared_inputs(bundle, data, progress=listener, **settings)
    notes = list(inputs.notes)
    with atomic.written(file, content) as beside:
        proof = _compared(form, beside, bundle, entrance, inputs, listener, kept=file)
    if proof is None:
        notes.append(f"it was not compared with the bundle, for there is no {form.needs} here to run it.")
    else:
        notes += proof.unseen
    return Exported(file, form.name, len(content), bundle.net, bundle.classes, entrance, proof, tuple(notes))


def default_name(model: str | os.PathLike[str] | Bundle) -> str:
    """What a file of the network is called, without an ending: as its run is, else as its own file.

    >>> default_name("runs/2026-11-25-digits/bundle.safetensors"), default_name("mine.safetensors")
    ('2026-11-25-digits', 'mine')
    """
    if isinstance(model, Bundle):
        return model.net
    path = Path(model)
    found = bundles.find(path).resolve() if path.exists() else path
    return found.parent.name if found.name == bundles.FILE_NAME else found.stem


def require_writable(file: Path, model: str | os.PathLike[str] | Bundle) -> None:
    """Raises `ConvscopeError` where a file cannot be made there, or would replace the model."""
    if file.is_dir():
        raise UsageError(f"--out {file} is a folder; name a file in it.")
    if not file.parent.is_dir():
        raise DataError(f"--out {file}: there is no folder {file.parent}.")
    if not isinstance(model, Bundle) and file.exists() and file.samefile(bundles.find(Path(model))):
        raise UsageError(f"--out {file} is the model itself; choose another name.")


def _compared(
    form: Format,
    written: Path,
    bundle: Bundle,
    entrance: Entrance,
    inputs: Compared,
    progress: Progress,
    *,
    kept: Path,
) -> Proof | None:
    """How far the file is from the bundle; None where nothing here can run it."""
    try:
        run = form.runner(written, bundle, entrance)
        if run is None:
            return None
        return prove(
            bundle,
            entrance,
            inputs.stored,
            run,
            batches=form.batches,
            names=inputs.names,
            what=inputs.what,
            told=progress.reading,
        )
    except GateFailed as error:
        was = "stays as it was" if kept.exists() else "was not written"
        raise GateFailed(f"{error} {kept} {was}.") from error
