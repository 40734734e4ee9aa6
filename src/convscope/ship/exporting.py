"""A trained network written in another form, compared with its bundle, and kept only where they agree."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import atomic
from .. import bundle as bundles
from ..bundle import Bundle
from ..data import Source
from ..errors import ConvscopeError, DataError, GateFailed, UsageError
from ..training.progress import Progress, Silent
from .c_source.prefix import checked
from .compared import Compared, compared_inputs
from .entrance import Entrance
from .formats import Format, chosen_format
from .proof import Proof, prove
from .quantization import MAX_DROP, Quantized, int8_of, require_possible
from .runner import NotRunnable, Runner


@dataclass(frozen=True)
class Exported:
    """What was written, what it takes and gives, and how far it was from the bundle.

    `proof` is None where nothing here could run it; `notes` say so, and what else a person should know. Of an
    int8 file it is that of the float32 file before, and `quantized` says what int8 cost.
    """

    path: Path
    format: str
    bytes: int
    net: str
    classes: tuple[str, ...]
    entrance: Entrance
    proof: Proof | None
    notes: tuple[str, ...] = ()
    quantized: Quantized | None = None

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
            "int8": None if self.quantized is None else self.quantized.to_dict(),
            "notes": list(self.notes),
        }


def export(
    model: str | os.PathLike[str] | Bundle,
    out: str | os.PathLike[str] | None = None,
    *,
    format: str | None = None,
    preprocessing: bool = True,
    data: str | os.PathLike[str] | Source | None = None,
    int8: bool = False,
    max_drop: float = MAX_DROP,
    prefix: str | None = None,
    progress: Progress | None = None,
    **settings: Any,
) -> Exported:
    """Write a run, a bundle file or a `Bundle` as "onnx", "torch" or "c", after comparing it with the bundle.

    `format` is told by the ending of `out` where it is not given; without `out` the file is called as the run
    is, in the current folder. With `preprocessing` polarity, scaling, mean and deviation are part of the
    network, which then takes pictures of bytes. Compared are test pictures of the bundle's own data, or of
    `data`; `settings` replace fields of the bundle's recipe, such as `data_dir`. With `int8` the layers of an
    ONNX model are rounded to 8 bits after that, by the data's training pictures, which may cost `max_drop`
    points of accuracy. All names in a C file begin with `prefix` and `_`, so that several networks fit in one
    program.

    Raises `GateFailed` where what was written does not say what the bundle says, or int8 costs more: then
    there is no file, and one that was there stays as it was. Raises `UsageError` for an impossible file name,
    `UnsupportedOperation` for a network that has no such form.

    >>> import tempfile
    >>> from convscope import nets
    >>> from convscope.data import Preprocessing
    >>> module = nets.create("simple-cnn-4-8", classes=3)
    >>> bundle = Bundle.of(module, "abc", Preprocessing(height=28, width=28, channels=1))
    >>> exported = export(bundle, Path(tempfile.mkdtemp()) / "small.pt2")
    >>> exported.format, exported.proof.count, exported.proof.largest < 1e-5
    ('torch', 256, True)
    """
    if out is not None:
        require_writable(Path(out), model)
    form = chosen_format(format, None if out is None else Path(out))
    if int8 and form.name != "onnx":
        raise UsageError(f"int8 is a form of ONNX models; there is none for {form.name}.")
    if int8:
        require_possible(max_drop)
    if prefix is not None and form.name != "c":
        raise UsageError(f"--prefix is of the names in a C file; there are none in the {form.words}.")
    own = {} if prefix is None else {"prefix": checked(prefix)}
    if out is None:
        out = Path(f"{default_name(model)}{'-int8' if int8 else ''}{form.ending}")
        require_writable(out, model)
    file = Path(out)
    listener = progress or Silent()
    bundle = model if isinstance(model, Bundle) else Bundle.load(model)
    entrance = Entrance(bundle.preprocessing, inside=preprocessing)
    listener.waiting(f"writing the {form.words}")
    content = form.written(bundle, entrance, **own)
    inputs = compared_inputs(bundle, data, labelled=int8, progress=listener, **settings)
    notes = list(inputs.notes)
    proof: Proof | None = None
    quantized: Quantized | None = None
    with _nothing_left(file):
        try:
            run = _loaded(form, content, bundle, entrance, own)
            proof = _compared(form, run, bundle, entrance, inputs, listener)
            notes += proof.unseen
        except NotRunnable as error:
            notes.append(f"it was not compared with the bundle: {error}")
        if int8:
            assert inputs.dataset is not None
            listener.waiting("rounding to int8, and measuring it")
            quantized = int8_of(
                bundle, entrance, content, inputs.dataset, max_drop=max_drop, told=listener.reading
            )
            content = quantized.model
    atomic.write_bytes(file, content)
    return Exported(
        path=file,
        format=form.name,
        bytes=len(content),
        net=bundle.net,
        classes=bundle.classes,
        entrance=entrance,
        proof=proof,
        notes=tuple(notes),
        quantized=quantized,
    )


def default_name(model: str | os.PathLike[str] | Bundle) -> str:
    """What a file of the network is called, without an ending: as its run is, else as its own file.

    >>> default_name("runs/2026-11-25-digits/bundle.safetensors"), default_name("mine.safetensors")
    ('2026-11-25-digits', 'mine')
    """
    if isinstance(model, Bundle):
        return model.net
    path = Path(model)
    found = bundles.find(path).resolve() if path.exists() else path
    return found.parent.name if found.name == bundles.FILE_NAME else found.stem.replace(":", "-")


def require_writable(file: Path, model: str | os.PathLike[str] | Bundle) -> None:
    """Raises `ConvscopeError` where a file cannot be made there, or would replace the model."""
    if file.is_dir():
        raise UsageError(f"--out {file} is a folder; name a file in it.")
    if not file.parent.is_dir():
        raise DataError(f"--out {file}: there is no folder {file.parent}.")
    if not isinstance(model, Bundle) and file.exists() and file.samefile(bundles.find(Path(model))):
        raise UsageError(f"--out {file} is the model itself; choose another name.")


@contextlib.contextmanager
def _nothing_left(file: Path) -> Iterator[None]:
    """A gate that closes says what became of the file."""
    was = "stays as it was" if file.exists() else "was not written"
    try:
        yield
    except GateFailed as error:
        raise GateFailed(f"{error} {file} {was}.") from error


def _loaded(form: Format, content: bytes, bundle: Bundle, entrance: Entrance, own: dict[str, str]) -> Runner:
    """What runs it; raises `NotRunnable` where nothing here can."""
    load = form.runner
    try:
        return load(content, bundle, entrance, **own)
    except NotRunnable:
        raise
    except ConvscopeError as error:
        raise GateFailed(f"what was exported cannot be loaded: {error}") from error


def _compared(
    form: Format, run: Runner, bundle: Bundle, entrance: Entrance, inputs: Compared, progress: Progress
) -> Proof:
    """How far it is from the bundle."""
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
