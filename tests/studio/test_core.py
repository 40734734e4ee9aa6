"""The core of the page against `convscope.ops`: the same numbers, steps, texts and refusals."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .core_cases import cases

WEB = Path(__file__).parents[2] / "web"


def test_core_is_ops(tmp_path: Path) -> None:
    node, vitest = shutil.which("node"), WEB / "node_modules/vitest/vitest.mjs"
    if node is None or not vitest.exists():
        pytest.skip("the page's core runs in Node: install it, and `npm ci` in web/")
    made = cases()
    refused = [case for kind in made.values() for case in kind if "error" in (case["expected"] or ())]
    total = sum(map(len, made.values()))
    assert total > 600
    assert total // 8 < len(refused) < total // 2  # most can be computed
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(made, allow_nan=False))
    done = subprocess.run(
        [node, str(vitest), "run", "tests/core/cases.test.ts", "--no-color"],
        cwd=WEB,
        env={**os.environ, "CONVSCOPE_CASES": str(path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
