"""The command line: one file per command, nothing but arguments in and results out."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from .complaint import complain, notes

INTERRUPTED = 130
STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def main(arguments: list[str] | None = None) -> NoReturn:
    """`convscope`: run a command line and leave with its exit code; `--debug` may stand anywhere.

    In a process of its own (no `arguments`), nothing that imports make is garbage, and nothing that is left
    at the end has to be looked through: the collector stands still meanwhile, which is a fifth of the time of
    a prediction. SIGTERM is Ctrl-C there.
    """
    own_process = arguments is None
    if own_process:
        _fill_closed_streams()
        gc.disable()  # `execute` enables it when the command's files are imported
    try:
        if own_process and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            with contextlib.suppress(ValueError):  # in another than the main thread
                signal.signal(signal.SIGTERM, signal.default_int_handler)
        from .execute import execute  # imports most of convscope; Ctrl-C may come meanwhile

        code = execute(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt as interrupt:
        complain("interrupted." + notes(interrupt))
        code = INTERRUPTED
    if own_process:
        gc.freeze()
    sys.exit(code)


def _fill_closed_streams() -> None:
    """Standard streams that are closed (`>&-`) become empty ones, before another file gets their number."""
    for name, mode in STREAMS:
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (to the end)
