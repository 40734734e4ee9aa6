"""What a person has to read beside the results, on standard error."""

from __future__ import annotations

import contextlib
import shutil
import sys
import textwrap

from ..columns import printable

COMMAND = "  convscope "  # how a line begins that is to be copied, and is never broken


def complain(sentence: str) -> None:
    """A line on standard error, broken between words on a terminal."""
    sentence = "\n".join(map(printable, sentence.splitlines()))
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        sentence = "\n".join(
            line
            if line.startswith(COMMAND)
            else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
            for line in sentence.splitlines()
        )
    with contextlib.suppress(BrokenPipeError):  # nobody reads it
        print(sentence, file=sys.stderr, flush=True)


def notes(error: BaseException) -> str:
    """The notes of an error, which say what is kept, to stand behind a sentence.

    >>> error = KeyboardInterrupt()
    >>> error.add_note("Nothing is kept of this run.")
    >>> notes(error)
    ' Nothing is kept of this run.'
    """
    return "".join(f" {note}" for note in getattr(error, "__notes__", []))
