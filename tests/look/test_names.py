"""What `convscope.look` offers is there, and importing it alone brings nothing along."""

from __future__ import annotations

import subprocess
import sys

from convscope import look


def test_every_name_is_there() -> None:
    assert set(look._HOMES) == set(look.__all__)
    assert all(getattr(look, name) is not None for name in look.__all__)


def test_what_is_heavy_waits() -> None:
    heavy = "{'torch', 'captum', 'PIL', 'scipy', 'matplotlib'}"
    code = f"import sys, convscope.look; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
