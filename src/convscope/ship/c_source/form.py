"""A network as one C99 file, for microcontrollers and old systems: written, and run with a C compiler."""

from __future__ import annotations

from ...bundle import Bundle
from ..entrance import Entrance
from ..runner import NotRunnable, Runner
from .compiled import Compiled, compiler
from .source import source


def written(bundle: Bundle, entrance: Entrance) -> bytes:
    """The C file. Needs no compiler and no torch.

    Raises `UnsupportedOperation` for a network that is kept as a program, and for weights that have no
    decimals (not finite).
    """
    return source(bundle, entrance).encode("ascii")


def runner(content: bytes, bundle: Bundle, _: Entrance) -> Runner:
    """The file, compiled and loaded, one input after another.

    Raises `GateFailed` where the compiler refuses it, `NotRunnable` where no compiler can be started, or
    nothing that it makes be loaded.
    """
    command = compiler()
    if command is None:
        raise NotRunnable("that needs a C compiler.")
    return Compiled(content, len(bundle.classes), command)
