"""A command line executed: errors as one sentence, the right exit code."""

from __future__ import annotations

import gc
import io
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer

from ..errors import ConvscopeError, ConvscopeWarning, UsageError
from .app import app
from .complaint import complain, notes
from .phases import DEBUGGING
from .usage import usage_sentence

MODULES = {  # the files of each command, in the order of --help
    "train": ("train",),
    "eval": ("eval",),
    "predict": ("predict",),
    "explain": ("explain",),
    "look": ("look",),
    "attack": ("attack",),
    "report": ("report",),
    "export": ("export",),
    "studio": ("studio",),
    "summary": ("summary",),
    "nets": ("nets",),
    "runs": ("runs", "compare", "remove"),
    "data": ("data", "data_suspects"),
    "conv": ("conv",),
    "kernels": ("kernels",),
    "exercise": ("exercise",),
    "info": ("info",),
}


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
        _register(words)
        gc.enable()
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


def _register(words: Sequence[str]) -> None:
    """Import the command that is asked for, or all: for --help, or a name that is none of them."""
    named = next((word for word in words if not word.startswith("-")), "")
    for module in MODULES.get(named) or (module for modules in MODULES.values() for module in modules):
        import_module(f".{module}", __package__)


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
