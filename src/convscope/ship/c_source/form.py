"""A network as one C99 file, for microcontrollers and old systems: written, and run with a C compiler."""

from __future__ import annotations

from ...bundle import Bundle
from ..entrance import Entrance
from ..runner import NotRunnable, Runner
from .compiled import Compiled
from .compiler import compiler
from .prefix import checked, named
from .source import source


def written(bundle: Bundle, entrance: Entrance, prefix: str = "") -> bytes:
    """The C file, whose names begin with `prefix` and `_`. Needs no compiler and no torch.

    Raises `UsageError` for a prefix that makes no C names, `UnsupportedOperation` for a network that is kept
    as a program, `DataError` for weights that have no decimals (not finite).
    """
    return source(bundle, entrance, checked(prefix) if prefix else "").encode("ascii")


def runner(content: bytes, bundle: Bundle, entrance: Entrance, prefix: str = "") -> Runner:
    """The file, compiled to a program, one input after another.

    Raises `GateFailed` where the compiler refuses it, `NotRunnable` where no compiler can be started, or
    nothing that it makes be run.
    """
    command = compiler()
    if command is None:
        raise NotRunnable("that needs a C compiler.")
    return Compiled(content, len(bundle.classes), entrance, command, named(prefix, "predict"))
