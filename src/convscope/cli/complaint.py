"""What a person has to read beside the results, on standard error."""

from __future__ import annotations

import shutil
import sys
import textwrap


def complain(sentence: str) -> None:
    """A line on standard error, broken between words on a terminal."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        sentence = "\n".join(
            textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
            for line in sentence.splitlines()
        )
    print(sentence, file=sys.stderr, flush=True)


def notes(error: BaseException, default: str = "") -> str:
    """The notes of an error, which say what is kept, to stand behind a sentence.

    >>> error = KeyboardInterrupt()
    >>> error.add_note("Nothing is kept of this run.")
    >>> notes(error)
    ' Nothing is kept of this run.'
    """
    return "".join(f" {note}" for note in getattr(error, "__notes__", [default] if default else []))
