"""The texts that the page's copy buttons give, by Node, and what they do when a person runs them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).parents[2] / "web"
COPYING = WEB / "src/copying"
RUN = """
import { pathToFileURL } from 'node:url';
const made = await import(pathToFileURL(process.argv[2]));
let given = '';
for await (const part of process.stdin) given += part;
const texts = JSON.parse(given).map(({ what, args }) => made[what](...args));
process.stdout.write(JSON.stringify(texts));
"""


def copied(folder: Path, asked: Sequence[tuple[str, Sequence[Any]]]) -> list[dict[str, str]]:
    """Command and Python text of each call of `convolutionTexts` or `networkTexts`; skips without Node."""
    node, bundler = shutil.which("node"), WEB / "node_modules/rolldown/bin/cli.mjs"
    if node is None or not bundler.is_file():
        pytest.skip("the page's texts are made in Node: install it, and `npm ci` in web/")
    entry, made, script = folder / "entry.ts", folder / "texts.mjs", folder / "run.mjs"
    modules = {"convolutionTexts": "convolution_text.ts", "networkTexts": "network_text.ts"}
    entry.write_text(
        "".join(
            f"export {{ {name} }} from {json.dumps(str(COPYING / file))};\n" for name, file in modules.items()
        )
    )
    script.write_text(RUN)
    bundle = [node, str(bundler), str(entry), "--format", "esm", "-o", str(made)]
    done = subprocess.run(bundle, cwd=WEB, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.dumps([{"what": what, "args": list(args)} for what, args in asked])
    done = subprocess.run(
        [node, str(script), str(made)],
        input=told,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    texts: list[dict[str, str]] = json.loads(done.stdout)
    return texts


def words(command: str) -> list[str]:
    """The words that a shell makes of a line."""
    done = subprocess.run(
        ["sh", "-c", f"set -- {command}\nprintf '%s\\0' \"$@\""],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.split("\0")[:-1]


def in_a_shell(command: str, folder: Path) -> str:
    """What a line prints in a shell, in a folder, where `convscope` is a command."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    tool = tools / "convscope"
    tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m convscope "$@"\n')
    tool.chmod(0o755)
    environment: Mapping[str, str] = {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def in_python(script: str) -> tuple[dict[str, Any], str]:
    """What a script leaves, and what it prints."""
    left: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(script, "copied.py", "exec"), left)
    return left, printed.getvalue()
