"""Which line of a person's own code an error came from."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path

#: Where code lies that is not the person's own.
INSTALLED = tuple(
    f"{folder}{os.sep}"
    for folder in (Path(__file__).parent, *map(sysconfig.get_path, ("stdlib", "purelib", "platlib")))
)


def user_line(error: BaseException) -> str:
    """The innermost line outside of libraries, as ` (file.py, line 7)`; nothing where there is none."""
    if isinstance(error, SyntaxError):
        return f" ({Path(error.filename or '').name}, line {error.lineno})"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(("<", *INSTALLED)):
            return f" ({Path(frame.filename).name}, line {frame.lineno})"
    return ""
