"""A C file as a program of its own, compiled and run to compare it with its bundle."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import GateFailed
from ..entrance import Entrance
from ..runner import NotRunnable
from .compiler import ADVICE, program, reason
from .header import signature

PATIENCE = 300  # seconds for one input; 16 billion multiplications take some 15

# reads inputs one after another, and writes the probabilities of each
MAIN = """#include <stdint.h>
#include <stdio.h>

void {predict}({signature}, float *probabilities);

static {kind} input[{numbers}];
static float probabilities[{classes}];

int main(void)
{{
    while (fread(input, sizeof input, 1, stdin) == 1) {{
        {predict}(input, probabilities);
        if (fwrite(probabilities, sizeof probabilities, 1, stdout) != 1)
            return 1;
    }}
    return 0;
}}
"""


class Compiled:
    """`predict` of a C file as a function of many inputs, in a process of its own for each call.

    The program lies in a temporary folder, which goes with this. Raises `GateFailed` where the compiler
    refuses the file, and `NotRunnable` for what is wrong with this machine: a compiler that cannot be started
    is as good as none, and what it makes may not run here.
    """

    def __init__(
        self,
        content: bytes,
        classes: int,
        entrance: Entrance,
        command: Sequence[str],
        predict: str = "predict",
    ) -> None:
        self.classes = classes
        try:
            folder = Path(tempfile.mkdtemp(prefix="convscope-"))
        except OSError as error:
            raise _no_place(error) from error
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        try:
            file, main = folder / "network.c", folder / "main.c"
            try:
                file.write_bytes(content)
                main.write_text(_main(entrance, classes, predict), "ascii")
            except OSError as error:
                raise _no_place(error) from error
            self._program = program([main, file], command)
            self._try(command)
        except BaseException:
            self._remove()
            raise

    def __call__(self, inputs: np.ndarray) -> np.ndarray:
        """What the entrance gives of inputs → probabilities, float32 (N, classes).

        Raises `GateFailed` where the program crashes, gives too little, or nothing for a long time.
        """
        patience = PATIENCE * max(1, len(inputs))
        try:
            done = self._run(np.ascontiguousarray(inputs).tobytes(), patience)
        except subprocess.TimeoutExpired as error:
            raise GateFailed(f"the program gives no answer within {patience:,} seconds.") from error
        if done.returncode:
            raise GateFailed(f"the program {_ended(done.returncode)}.")
        wanted = 4 * len(inputs) * self.classes
        if len(done.stdout) != wanted:
            raise GateFailed(f"the program gives {len(done.stdout):,} bytes instead of {wanted:,}.")
        return np.frombuffer(done.stdout, np.float32).reshape(len(inputs), self.classes).copy()

    def _run(self, inputs: bytes, patience: float) -> subprocess.CompletedProcess[bytes]:
        """The program, which does not outlive this call."""
        return subprocess.run(
            [self._program], input=inputs, capture_output=True, check=False, timeout=patience
        )

    def _try(self, command: Sequence[str]) -> None:
        """Without an input nothing of the network runs: what fails then is the machine's fault."""
        why = ""
        try:
            done = self._run(b"", PATIENCE)
            if done.returncode:
                why = f"it {_ended(done.returncode)}"
        except OSError as error:  # of another processor, or in a folder in which nothing may run
            why = reason(error)
        if why:
            raise NotRunnable(
                f"what {command[0]} makes cannot be run here ({why}); TMPDIR names another folder for it, "
                f"{ADVICE}"
            )


def _main(entrance: Entrance, classes: int, predict: str) -> str:
    return MAIN.format(
        predict=predict,
        signature=signature(entrance),
        kind="uint8_t" if entrance.takes_pictures else "float",
        numbers=int(np.prod(entrance.shape)),
        classes=classes,
    )


def _ended(code: int) -> str:
    if code > 0:
        return f"ended with exit code {code}"
    names = {one.value: f" ({one.name})" for one in signal.Signals}
    return f"ended by signal {-code}{names.get(-code, '')}"


def _no_place(error: OSError) -> NotRunnable:
    return NotRunnable(
        f"there is no place for temporary files ({reason(error)}); TMPDIR names another folder."
    )
