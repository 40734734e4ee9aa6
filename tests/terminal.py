"""A terminal of so many columns, as far as a live line needs one: what is on its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

PART = re.compile(
    r"\x1b\[\?25[hl]|\x1b\[[0-9;]*[A-Za-z]|\x1b\][^\x1b\x07]*(?:\x07|\x1b\\)|[\r\n]|[^\x1b\r\n]"
)

COLOURS = {str(code) for code in (*range(30, 39), *range(90, 98))}


class Screen:
    """The lines as a person sees them; `seen` has every one that there was."""

    def __init__(self, width: int) -> None:
        self.width, self.lines, self.row, self.column = width, [""], 0, 0
        self.cursor_shown, self.seen = True, set[str]()
        self.coloured = self.moved = False

    def write(self, text: str) -> None:
        for part in PART.findall(text):
            self._do(part)
        self.seen |= {line.rstrip() for line in self.lines}

    def _do(self, part: str) -> None:
        self.moved |= part.startswith("\x1b")
        if part in ("\x1b[?25h", "\x1b[?25l"):
            self.cursor_shown = part.endswith("h")
        elif part == "\r":
            self.column = 0
        elif part == "\n":
            self._down()
            self.column = 0
        elif part == "\x1b[2K":
            self.seen.add(self.lines[self.row].rstrip())
            self.lines[self.row] = ""
        elif part.startswith("\x1b[") and part.endswith("A"):
            self.row -= int(part[2:-1] or 1)
        elif part.startswith("\x1b[") and part.endswith("m"):
            self.coloured |= bool({*part[2:-1].split(";")} & COLOURS)
        elif part.startswith("\x1b"):
            raise AssertionError(f"this terminal does not know {part!r}")
        else:
            if self.column == self.width:
                self._down()
                self.column = 0
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + part + line[self.column + 1 :]
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    @property
    def text(self) -> list[str]:
        """Its lines without the empty ones at the end."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n").split("\n")


def in_terminal(
    words: list[str],
    folder: Path,
    *,
    width: int = 80,
    typed: Callable[[Screen], bytes] = lambda _: b"",
    **environment: str,
) -> tuple[int, Screen]:
    """`convscope <words>` in a terminal: its exit code, and the screen.

    `typed` is asked for keys whenever something was written.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    known = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "convscope", *words],
        cwd=folder,
        env={**known, "TERM": "xterm-256color", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(theirs)
    screen, waiting = Screen(width), b""
    deadline = time.monotonic() + 120
    try:
        while time.monotonic() < deadline:
            try:
                waiting += os.read(ours, 65536)
            except OSError:  # the process has left
                break
            whole = waiting.decode("utf-8", "ignore")
            cut = whole.rfind("\x1b") if re.search(r"\x1b[^A-Za-z]*$", whole) else len(whole)
            screen.write(whole[:cut])
            waiting = waiting[len(whole[:cut].encode()) :]
            keys = typed(screen)
            if keys:
                os.write(ours, keys)
        code = process.wait(timeout=10)
    finally:
        process.kill()
        os.close(ours)
    return code, screen
