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

import numpy as np

from ...columns import shortened
from ...errors import GateFailed

FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror")


def compiler() -> list[str] | None:
    """The command of a C compiler: `$CC`, else the first there is of cc, gcc and clang; None without one."""
    named = os.environ.get("CC")
    for command in [shlex.split(named)] if named else [["cc"], ["gcc"], ["clang"]]:
        if command and shutil.which(command[0]):
            return command
    return None


class Compiled:
    """`predict` of a C file as a function of many inputs, which it takes one after another.

    The library is loaded from a temporary folder that is gone when this is made. Not for several threads at
    once: the file's working memory is its own.
    """

    def __init__(self, file: Path, classes: int, command: Sequence[str]) -> None:
        self.classes = classes
        with tempfile.TemporaryDirectory(prefix="convscope-") as folder:
            library = Path(folder) / "network.so"
            words = [*command, *FLAGS, "-shared", "-fPIC", "-o", str(library), str(file), "-lm"]
            done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode:
                said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr)
                raise GateFailed(f"{command[0]} does not compile the file: {shortened(said.strip(), 200)}")
            self._predict = ctypes.CDLL(str(library)).predict
        self._predict.restype = None
        self._predict.argtypes = (ctypes.c_void_p, ctypes.c_void_p)

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """What the entrance gives of inputs → probabilities, float32 (N, classes)."""
        inputs = np.ascontiguousarray(inputs)
        probabilities = np.empty((len(inputs), self.classes), dtype=np.float32)
        for one, row in zip(inputs, probabilities, strict=True):
            self._predict(one.ctypes.data, row.ctypes.data)
        return probabilities
