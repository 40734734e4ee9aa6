"""What typer says of a command line that it cannot read, as one sentence like convscope's own."""

from __future__ import annotations

import re
import shlex
from typing import Any

import typer
from pydantic import ValidationError

from ..wrong_value import wanted


def usage_sentence(error: typer.TyperException) -> str:
    """The option or argument, its value, what is allowed, and where to read more."""
    found = error.__cause__
    if isinstance(error, typer.BadParameter) and isinstance(found, ValidationError):
        problem = found.errors()[0]
        return f"{_name(error.param)} {shlex.quote(str(problem['input']))} {wanted(problem)}."
    context: Any = getattr(error, "ctx", None)
    more = f" `{context.command_path} -h` says more." if context is not None else ""
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):
        if re.match(r"-[\d.]", error.option_name):
            why = "a number with a minus stands behind --, which ends the options"
            return f"unknown option {error.option_name!r}; {why}.{more}"
        near = f": did you mean {error.possibilities[0]!r}?" if error.possibilities else "."
        return f"unknown option {error.option_name!r}{near}{more}"
    message = " ".join(error.format_message().split()).removeprefix("Got ").rstrip(".")
    return f"{message[0].lower()}{message[1:]}.{more}"


def _name(parameter: Any) -> str:
    """The longest of an option's names, or the argument's.

    >>> from types import SimpleNamespace
    >>> _name(SimpleNamespace(opts=["-t", "--top"]))
    '--top'
    """
    return str(max(parameter.opts, key=len))
