"""`convscope info`"""

from __future__ import annotations

from typing import Any

from .app import command
from .options import Json
from .output import print_json


@command("info")
def info(json: Json = False) -> None:
    """Say what convscope has to work with: versions, machine, devices, engines, data folders."""
    document = _facts()
    if json:
        print_json(document)
        return
    for section, facts in document.items():
        print(section)
        for name, value in facts.items():
            print(f"  {name:<16}{value}")


def _lanes() -> str:
    """What the native engine has here, or why it is not there."""
    from .. import native

    if not native.available():
        return f"not available: {native.reason()}"
    return f"{native.instruction_set()}, {native.lanes()} pictures side by side"


def _facts() -> dict[str, dict[str, Any]]:
    import os

    import platformdirs
    import torch

    from ..data.opening import DATA_DIR_VARIABLE
    from ..versions import machine, versions

    cuda = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "versions": versions(),
        "machine": machine(),
        "devices": {
            "cpu": f"{torch.get_num_threads()} threads",
            "cuda": ", ".join(cuda) or "none",
            "mps": "available" if torch.backends.mps.is_available() else "none",
        },
        "engines": {"lanes": _lanes(), "torch": "available"},
        "data": {
            DATA_DIR_VARIABLE: os.environ.get(DATA_DIR_VARIABLE, "not set"),
            "cache": platformdirs.user_cache_dir("convscope"),
        },
    }
