"""The forms in which a network can be exported: what each is called, and how it is written and run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..columns import shortened
from ..errors import ConvscopeError, UnknownName, UsageError
from .proof import BATCHES
from .runner import Runner

EXTRA = ("onnx", "onnxruntime", "onnxscript")  # modules of convscope[export]


@dataclass(frozen=True)
class Format:
    """One of them. Its module has two functions:

    `written(bundle, entrance)` gives the content of the file, and raises `UnsupportedOperation` for a network
    that has no such form; `runner(content, bundle, entrance)` loads that, for the comparison, and raises
    `NotRunnable` where nothing here can run it. Those of C take a prefix of its names too.
    """

    name: str
    words: str
    ending: str
    module: str
    batches: tuple[int, ...]  # in which it is compared

    @property
    def written(self) -> Callable[..., bytes]:
        function: Callable[..., bytes] = self._module.written
        return function

    @property
    def runner(self) -> Callable[..., Runner]:
        function: Callable[..., Runner] = self._module.runner
        return function

    @property
    def _module(self) -> Any:
        try:
            return import_module(f".{self.module}", __package__)
        except ImportError as error:
            broken = (error.name or "").partition(".")[0]
            if broken == __name__.partition(".")[0]:
                raise
            if isinstance(error, ModuleNotFoundError) and error.name in EXTRA:
                why = f"needs {error.name}, which is not installed: pip install 'convscope[export]'."
            else:
                cause = shortened(" ".join(str(error).split()).rstrip("."), 200)
                why = f"needs {broken or 'a package'}, which cannot be loaded ({cause}); install it again."
            raise ConvscopeError(f"{self.name} {why}") from error


FORMATS = {
    one.name: one
    for one in (
        Format("onnx", "ONNX model", ".onnx", "onnx_model.form", BATCHES),
        Format("torch", "PyTorch program", ".pt2", "torch_program", BATCHES),
        Format("c", "C99 source", ".c", "c_source.form", (1,)),
    )
}
DEFAULT = "onnx"


def format_of(name: str) -> Format:
    """The format of that name; raises `UnknownName` for another."""
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    return FORMATS[name]


def chosen_format(name: str | None, out: Path | None) -> Format:
    """The format that is named, or told by the ending of the file, or ONNX.

    Raises `UsageError` where the file's ending is not that of the format.

    >>> chosen_format(None, Path("net.c")).name, chosen_format(None, None).name
    ('c', 'onnx')
    """
    endings = {one.ending: one for one in FORMATS.values()}
    told = None if out is None else endings.get(out.suffix.lower())
    form = format_of(name) if name is not None else told or (FORMATS[DEFAULT] if out is None else None)
    if form is not None and (out is None or told is form):
        return form
    if form is None:
        listed = ", ".join(f"{ending} ({one.words})" for ending, one in endings.items())
        raise UsageError(f"--out {out} should end in one of {listed}.")
    raise UsageError(f"--out {out} should end in {form.ending} where the format is {form.name}.")
