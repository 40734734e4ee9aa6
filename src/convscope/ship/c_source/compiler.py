"""The C compiler that is there, and what it makes of files."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ...columns import shortened
from ...errors import GateFailed
from ..runner import NotRunnable

FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror")
ADVICE = "CC names another C compiler."

_EMPTY = "#include <math.h>\n#include <stdint.h>\n#include <stdio.h>\nint main(void) { return 0; }\n"


def compiler() -> list[str] | None:
    """The command of a C compiler: `$CC`, else the first there is of cc, gcc and clang; None without one.

    Raises `NotRunnable` where `$CC` is no command, or not there.
    """
    named = os.environ.get("CC", "").strip()
    try:
        commands = [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]
    except ValueError as error:
        raise NotRunnable(f"CC={named} is no command ({error}).") from error
    for command in commands:
        if shutil.which(command[0]):
            return command
    if named:
        raise NotRunnable(f"CC={named} names no program that is here.")
    return None


def program(files: Sequence[Path], command: Sequence[str]) -> Path:
    """The program of C files, beside the first of them.

    Raises `GateFailed` where the compiler refuses them, and `NotRunnable` where it cannot be started, makes
    nothing, or does not compile an empty program either.
    """
    made = files[0].with_name("program.exe")  # an ending that Windows needs and others do not mind
    why = _refusal(files, command, made)
    if why:
        empty = files[0].with_name("empty.c")
        empty.write_text(_EMPTY, "ascii")
        if without := _refusal([empty], command, made):
            raise NotRunnable(
                f"{shlex.join(command)} does not compile an empty C99 program ({without}); {ADVICE}"
            )
        raise GateFailed(f"{shlex.join(command)} does not compile the file: {why}")
    if not made.exists():
        raise NotRunnable(f"{shlex.join(command)} makes no program; {ADVICE}")
    return made


def _refusal(files: Sequence[Path], command: Sequence[str], made: Path) -> str:
    """Why the compiler makes no program of the files; "" where it says that it does."""
    words = [*command, *FLAGS, "-o", str(made), *map(str, files), "-lm"]
    own = {**os.environ, "TMPDIR": str(made.parent)}  # what it leaves where it is stopped goes with the rest
    try:
        done = subprocess.run(
            words,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            check=False,
            env=own,
        )
    except OSError as error:
        raise NotRunnable(f"{command[0]} cannot be started ({reason(error)}); {ADVICE}") from error
    if not done.returncode:
        return ""
    lines = done.stderr.splitlines()
    said = next((line for line in lines if re.search(r"error|undefined|cannot", line)), done.stderr)
    said = said.replace(f"{made.parent}{os.sep}", "").strip()
    return shortened(said, 200) or f"it ends with {done.returncode}"


def reason(error: OSError) -> str:
    """What the system says."""
    return shortened(str(error.strerror or error), 200)
