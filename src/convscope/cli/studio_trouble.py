"""What goes wrong inside of a studio that runs: a line on standard error, and for `--debug` its traceback."""

from __future__ import annotations

import logging

from .complaint import complain
from .phases import DEBUGGING

LOGGER = "convscope.studio"


class Trouble(logging.Handler):
    """Says what the server logs; no request's address is among it."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        said = f": {type(error).__name__}: {error}. `convscope --debug studio` shows where" if error else ""
        complain(f"error: {record.getMessage()}{said}.")


def show_trouble() -> None:
    """Begin to listen; with `--debug` Python's own last handler does, which prints tracebacks."""
    if not DEBUGGING.get():
        logger = logging.getLogger(LOGGER)
        logger.addHandler(Trouble())
        logger.propagate = False
