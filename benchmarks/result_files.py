"""The result files of the benchmarks: JSON, each with what it was measured with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from convscope.versions import machine, versions

RESULTS = Path(__file__).parent / "results"


def write_result(
    name: str, result: dict[str, Any], *, packages: Sequence[str] = (), folder: Path = RESULTS
) -> None:
    """`<name>.json`, with the machine and the versions of convscope's packages and of `packages`."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {**result, "versions": versions() | versions_of(packages), "machine": machine()}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {path}")


def read_result(name: str, folder: Path = RESULTS) -> dict[str, Any] | None:
    """What `write_result` wrote, or None where it has not."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.is_file() else None


def versions_of(packages: Sequence[str]) -> dict[str, str]:
    """Installed versions, without importing the packages."""
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
