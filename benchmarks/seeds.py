"""What the benchmarks over several seeds share: their statistics and their result files."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from convscope.versions import machine, versions

RESULTS = Path(__file__).parent / "results"


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (0 for a single value)."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def write_result(name: str, result: dict[str, Any]) -> None:
    """`results/<name>.json`, with the versions and the machine it was measured with."""
    RESULTS.mkdir(exist_ok=True)
    document = {**result, "versions": versions(), "machine": machine()}
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"written to {path}")
