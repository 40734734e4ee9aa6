"""A network as one C99 file, for microcontrollers and old systems: written, and run with a C compiler."""

from __future__ import annotations

from pathlib import Path

from ...bundle import Bundle
from ..entrance import Entrance
from ..proof import Runner
from .compiled import Compiled, compiler
from .source import source


def written(bundle: Bundle, entrance: Entrance) -> bytes:
    """The C file. Needs no compiler and no torch.

    Raises `UnsupportedOperation` for a network that is kept as a program, and for weights that have no
    decimals (not finite).
    """
    return source(bundle, entrance).encode("ascii")


def runner(file: Path, bundle: Bundle, entrance: Entrance) -> Runner | None:
    """The file, compiled and loaded, one input after another; None where there is no C compiler.

    Raises `GateFailed` where the compiler refuses it.
    """
    with_ = compiler()
    return None if with_ is None else Compiled(file, len(bundle.classes), with_)
