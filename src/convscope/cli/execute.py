"""A command line executed: errors as one sentence, the right exit code."""

from __future__ import annotations

import io
import sys
import warnings
from typing import Any

import typer

from ..errors import ConvscopeError, ConvscopeWarning, UsageError
from .app import app
from .complaint import complain, notes
from .phases import DEBUGGING
from .usage import usage_sentence

from . import train, eval, predict, explain, look, attack, report, summary, nets, runs, compare, remove  # noqa: F401  isort: skip  (the order of --help)
from . import data, data_suspects, conv, kernels, exercise, info  # noqa: F401  isort: skip


def execute(arguments: list[str]) -> int:
    """Execute a command line, and return its exit code."""
    words = [word for word in arguments if word != "--debug"]
    debugging = len(words) < len(arguments)
    DEBUGGING.set(debugging)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name may have what the terminal's encoding has not
            stream.reconfigure(errors="backslashreplace")
    _show_warnings(debugging)
    try:
        call = app(args=words or ["--help"], prog_name="convscope", standalone_mode=False)
        if callable(call):
            call()
        elif call:  # the exit code that typer makes of Ctrl-C
            raise KeyboardInterrupt
    except typer.Exit as left:
        return left.exit_code
    except BrokenPipeError:  # `convscope ... | head`
        sys.stderr.close()
        return 0
    except (typer.TyperException, ConvscopeError, OSError) as error:
        if debugging:
            raise
        complain(f"error: {_sentence(error)}{notes(error)}")
        return getattr(error, "exit_code", 1)
    return 0 if words else UsageError.exit_code


def _sentence(error: Exception) -> str:
    if isinstance(error, typer.TyperException):
        return usage_sentence(error)
    if isinstance(error, OSError):  # standard output on a full disk, say
        return f"{error.filename or 'the output'}: {error.strerror}."
    return str(error)


def _show_warnings(debugging: bool) -> None:
    """Convscope's own warnings as lines, and nothing of the libraries' unless debugging."""

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        if debugging or issubclass(category, ConvscopeWarning):
            complain(f"warning: {message}")

    warnings.showwarning = show
