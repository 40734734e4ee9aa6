"""The forms in which a network can be exported: what each is called, and how it is written and run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..bundle import Bundle
from ..errors import UnknownName
from .entrance import Entrance
from .proof import Runner


@dataclass(frozen=True)
class Format:
    """One of them. Its module has two functions:

    `written(bundle, entrance)` gives the content of the file, and raises `UnsupportedOperation` for a network
    that has no such form; `runner(file, bundle, entrance)` loads what was written, for the comparison, and
    is None where nothing here can run it.
    """

    name: str
    ending: str
    module: str
    batches: tuple[int, ...]  # in which it is compared

    @property
    def written(self) -> Callable[[Bundle, Entrance], bytes]:
        function: Callable[[Bundle, Entrance], bytes] = self._module.written
        return function

    @property
    def runner(self) -> Callable[[Path, Bundle, Entrance], Runner | None]:
        function: Callable[[Path, Bundle, Entrance], Runner | None] = self._module.runner
        return function

    @property
    def _module(self) -> Any:
        return import_module(f".{self.module}", __package__)


FORMATS = {
    one.name: one
    for one in (
        Format("onnx", ".onnx", "onnx_model.form", (1, 7, 64)),
        Format("torch", ".pt2", "torch_program", (1, 7, 64)),
        Format("c", ".c", "c_source.form", (1,)),
    )
}


def format_of(name: str) -> Format:
    """The format of that name; raises `UnknownName` for another."""
    if name not in FORMATS:
        raise UnknownName("format", name, FORMATS)
    return FORMATS[name]
