"""A C file as a library, compiled with the C compiler that is there, to compare it with its bundle."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...columns import shortened
from ...errors import GateFailed
from ..runner import NotRunnable

FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror")


def compiler() -> list[str] | None:
    """The command of a C compiler: `$CC`, else the first there is of cc, gcc and clang; None without one.

    Raises `NotRunnable` where `$CC` is no command.
    """
    named = os.environ.get("CC")
    try:
        commands = [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]
    except ValueError as error:
        raise NotRunnable(f"CC={named} is no command ({error}).") from error
    for command in commands:
        if command and shutil.which(command[0]):
            return command
    return None


class Compiled:
    """`predict` of a C file as a function of many inputs, which it takes one after another.

    The library is loaded from a temporary folder that is gone when this is made. Not for several threads at
    once: the file's working memory is its own. Raises `GateFailed` where the compiler refuses the file, and
    `NotRunnable` for what is wrong with this machine: a compiler that cannot be started is as good as none,
    and what it makes may not run here.
    """

    def __init__(self, content: bytes, classes: int, command: Sequence[str]) -> None:
        self.classes = classes
        try:
            # the system may hold on to what is loaded
            with tempfile.TemporaryDirectory(prefix="convscope-", ignore_cleanup_errors=True) as folder:
                file = Path(folder) / "network.c"
                file.write_bytes(content)
                self._predict = _predict_of(_library(file, command), command)
        except OSError as error:
            raise NotRunnable(
                f"there is no place for temporary files ({_reason(error)}); TMPDIR names another folder."
            ) from error
        self._predict.restype = None
        self._predict.argtypes = (ctypes.c_void_p, ctypes.c_void_p)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """What the entrance gives of inputs → probabilities, float32 (N, classes)."""
        inputs = np.ascontiguousarray(inputs)
        probabilities = np.empty((len(inputs), self.classes), dtype=np.float32)
        for one, row in zip(inputs, probabilities, strict=True):
            self._predict(one.ctypes.data, row.ctypes.data)
        return probabilities


def _library(file: Path, command: Sequence[str]) -> Path:
    """The file compiled, beside it."""
    library = file.with_suffix(".so")
    words = [*command, *FLAGS, "-shared", "-fPIC", "-o", str(library), str(file), "-lm"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise NotRunnable(
            f"{command[0]} cannot be started ({_reason(error)}); CC names another C compiler."
        ) from error
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
        why = shortened(said.strip(), 200) or f"it ends with {done.returncode}"
        raise GateFailed(f"{command[0]} does not compile the file: {why}")
    return library


def _predict_of(library: Path, command: Sequence[str]) -> Any:
    """The function of the library, which is of another processor where `command` compiles for one."""
    try:
        return ctypes.CDLL(str(library)).predict
    except OSError as error:
        raise NotRunnable(
            f"what {command[0]} makes cannot be loaded here ({_reason(error)}); TMPDIR names another folder "
            "for it, CC another C compiler."
        ) from error
    except AttributeError as error:
        raise GateFailed("the file has no function `predict`.") from error


def _reason(error: OSError) -> str:
    return shortened(str(error.strerror or error), 200)
