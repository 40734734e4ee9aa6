"""What a result was made with: package versions and the machine, without importing the packages."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

PACKAGES = ("convscope", "torch", "numpy", "scikit-learn", "pillow", "safetensors")


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that decide a result; "not installed" where one is missing.

    >>> sorted(versions())[:2]
    ['convscope', 'numpy']
    """
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def machine() -> dict[str, str]:
    """Operating system, processor and number of cores, in words."""
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


@cache
def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


@cache
def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text("utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
