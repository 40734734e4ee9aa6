"""Writes the tables of docs/benchmarks.md from the result files, between their markers.

    python benchmarks/tables.py             # after the benchmarks
    python benchmarks/tables.py --check     # whether the document is what the files say

A marker `<!-- table: NAME -->` begins a table and `<!-- end -->` ends it; no figure stands anywhere else.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from comparison import Comparison, table
from result_files import read_result

import ship
import studio

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
MARKED = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
BATCH = 64
Row = dict[str, Any]


def conditions() -> list[str]:
    """What the throughput of training was measured with."""
    result = _read("lanes-train")
    versions, machine = result["versions"], result["machine"]
    packages = (f"{name} {versions[name]}" for name in ("torch", "jax", "onnxruntime", "numpy"))
    peaks = {row["threads"]: row["fma_peak_gflops"] for row in result["rows"] if row["fma_peak_gflops"]}
    facts = {
        "processor": f"{machine['processor']}, {machine['cores']} cores",
        "system": machine["system"],
        "instructions of lanes": result["instruction_set"] or "not installed",
        "multiply-adds, measured": "; ".join(
            f"{peak:.0f} GFLOP/s on {_threads(n)}" for n, peak in sorted(peaks.items())
        ),
        "packages": f"Python {versions['python']}, " + ", ".join(packages),
        "compiler": result["compiler"],
        "repeats": f"{_repeats(result['rows'])}, in slices of {result['settings']['seconds']} s or more",
    }
    return _markdown([("", ""), *facts.items()], right=False)


def training() -> list[str]:
    """Batch 64 on all threads."""
    rows = _read("lanes-train")["rows"]
    return _table([r for r in rows if r["batch_size"] == BATCH and r["threads"] == _most_threads(rows)])


def training_by_batch() -> list[str]:
    """Every batch size on all threads."""
    rows = _read("lanes-train")["rows"]
    return _table([r for r in rows if r["threads"] == _most_threads(rows)])


def training_on_one_thread() -> list[str]:
    """Every batch size on one thread."""
    return _table([r for r in _read("lanes-train")["rows"] if r["threads"] == 1])


def forward() -> list[str]:
    """Every batch size on all threads."""
    rows = _read("lanes-forward")["rows"]
    return _table([r for r in rows if r["threads"] == _most_threads(rows)])


def slower() -> list[str]:
    """Each row in which lanes is not the fastest."""
    found = []
    for what in ("train", "forward"):
        for row in _read(f"lanes-{what}")["rows"]:
            comparison = Comparison(row)
            if comparison.disturbed:
                continue
            rivals = {name: comparison.rate(name) for name in row["rates"] if not name.startswith("lanes")}
            name = max(rivals, key=lambda n: rivals[n] or 0, default=None)
            if name and not (ratio := comparison.over(name) or 0) >= 1:
                share = f"{ratio:.2f}× as fast as {name}" if ratio else "cannot run it"
                found.append(
                    f"- {what}, {row['net']}, batch {row['batch_size']}, {_threads(row['threads'])}: {share}"
                )
    return found or ["In none of the rows above."]


def whole_process() -> list[str]:
    """A whole `convscope train`."""
    result = _read("whole-process")
    first, count = result["runs"][0], len(result["runs"])
    settings = ", ".join(f"{name} {value}" for name, value in result["settings"].items()) or "defaults"
    rows = [
        ("data", "network", "settings", "test accuracy", "runs", "seconds, median (range)", "CPU", "memory"),
        (
            result["data"],
            first["net"],
            settings,
            f"{100 * result['mean']:.2f} % ± {100 * result['deviation']:.2f} %",
            str(count),
            f"{result['median']:.2f} ({result['fastest']:.2f} to {result['slowest']:.2f})",
            f"{result['cpu_seconds']:.2f} s",
            f"{result['peak_bytes'] / 1e6:.0f} MB",
        ),
    ]
    return _markdown(rows)


def operations() -> list[str]:
    """Each case of convscope.ops, with its contestants."""
    result = _read("ops")
    rows = [("case", "contestant", "ms", "ours over it", "memory")]
    for row in result["rows"]:
        mine = row["ms"]["ours"]
        for name, taken in row["ms"].items():
            own = name == "ours"
            memory = f"{row['peak_pictures']:.1f} pictures" if own else ""
            rows.append((row["case"], name, f"{taken:.2f}", "" if own else f"{mine / taken:.2f}", memory))
    return _markdown(rows)


def operations_conditions() -> list[str]:
    """What the operations were measured with."""
    result = _read("ops")
    versions, machine = result["versions"], result["machine"]
    packages = ("numpy", "scipy", "torch", "opencv-python-headless")
    instructions = result["instruction_set"] or "nothing compiled"
    return [
        f"{machine['processor']}, {machine['cores']} cores, {instructions}; "
        f"{_threads(result['threads'])}; medians of {result['repeats']}; Python {versions['python']}, "
        + ", ".join(f"{name} {versions[name]}" for name in packages)
        + "."
    ]


def prediction() -> list[str]:
    """Every network, from the bundle."""
    return _markdown(ship.table(_read("ship")["rows"]))


def prediction_conditions() -> list[str]:
    """What prediction was measured with."""
    result = _read("ship")
    versions, machine = result["versions"], result["machine"]
    packages = ", ".join(f"{name} {versions[name]}" for name in ("torch", "onnxruntime", "numpy"))
    return [
        f"{machine['processor']}, {machine['cores']} cores, {result['instruction_set']}, multiply-adds "
        f"measured at {result['fma_peak_gflops']:.0f} GFLOP/s; {_threads(result['threads'])}; "
        f"{_repeats(result['rows'])} repeats; Python {versions['python']}, {packages}. "
        f"The median of ÷torch is {ship.median_over_torch(result['rows']):.1f}."
    ]


def prediction_behind() -> list[str]:
    """Each network on which ONNX Runtime is faster."""
    return ship.behind(_read("ship")["rows"]) or ["On none of them."]


def folder() -> list[str]:
    """A folder of JPEGs to predictions."""
    rows = [("data", "network", "decoder, threads", "decoder, processes", "predictions", "ratio")]
    for row in _read("decoding")["rows"]:
        rates = [f"{row['per_second'][name]:,}" for name in ("threads", "processes", "predictions")]
        disturbed = " (disturbed)" * row["disturbed"]
        rows.append(
            (
                row["data"],
                f"{row['net']} {row['side']}×{row['side']}",
                *rates,
                f"{row['ratio']:.2f}{disturbed}",
            )
        )
    return _markdown(rows)


def start_up() -> list[str]:
    """`convscope predict starter one.png` as a whole process."""
    rows = [("process", "median", "least", "processor")]
    for name, of in _read("start-up")["processes"].items():
        rows.append((name, *(f"{of[what]:.3f} s" for what in ("median", "least", "processor"))))
    return _markdown(rows)


def studio_page() -> list[str]:
    """The studio's first load, and maps that follow a pen."""
    return _markdown(studio.rows(_read("studio")))


def studio_conditions() -> list[str]:
    """What the studio was measured with."""
    result = _read("studio")
    versions, machine = result["versions"], result["machine"]
    packages = ", ".join(f"{name} {versions[name]}" for name in ("fastapi", "uvicorn"))
    loads, strokes = len(result["first_load"]["load_ms"]["samples"]), result["maps"]["strokes"]
    return [
        f"{machine['processor']}, {machine['cores']} cores; Chromium {result['chromium']} without a window, "
        f"on the machine that serves; {loads} contexts without a cache, {strokes} strokes; Python "
        f"{versions['python']}, {packages}."
    ]


TABLES: dict[str, tuple[Callable[[], list[str]], str]] = {
    "conditions": (conditions, "lanes.py"),
    "training": (training, "lanes.py"),
    "training-by-batch": (training_by_batch, "lanes.py --batches 16,64,256,1024"),
    "training-on-one-thread": (training_on_one_thread, "lanes.py --threads 1"),
    "forward": (forward, "lanes.py --what forward --batches 1,64,256,1024"),
    "slower": (slower, "lanes.py"),
    "whole-process": (whole_process, "whole_process.py"),
    "prediction": (prediction, "ship.py"),
    "prediction-conditions": (prediction_conditions, "ship.py"),
    "prediction-behind": (prediction_behind, "ship.py"),
    "folder": (folder, "ship.py --parts folder"),
    "start-up": (start_up, "ship.py --parts start-up"),
    "studio": (studio_page, "studio.py"),
    "studio-conditions": (studio_conditions, "studio.py"),
    "operations": (operations, "ops.py"),
    "operations-conditions": (operations_conditions, "ops.py"),
}


class NotMeasured(Exception):
    """There is no result file yet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where it would")
    words = parser.parse_args()
    text = DOCUMENT.read_text("utf-8")
    rendered = MARKED.sub(lambda mark: mark[1] + "\n".join(_lines(mark["name"])) + "\n" + mark[3], text)
    if words.check:
        raise SystemExit(f"{DOCUMENT.name} is not what the result files say" if rendered != text else 0)
    DOCUMENT.write_text(rendered, encoding="utf-8")
    print(f"written to {DOCUMENT}")


def _lines(name: str) -> list[str]:
    render, command = TABLES[name]
    try:
        lines = render()
    except NotMeasured:
        lines = []
    return lines or [f"*Not measured yet: `python benchmarks/{command}`.*"]


def _read(name: str) -> dict[str, Any]:
    result = read_result(name)
    if result is None:
        raise NotMeasured(name)
    return result


def _table(rows: Sequence[Row]) -> list[str]:
    return _markdown(table(rows)) if rows else []


def _markdown(rows: Sequence[Sequence[str]], *, right: bool = True) -> list[str]:
    """The first row is the head; columns after the first are set to the right."""
    rule = ["---", *(["--:" if right else "---"] * (len(rows[0]) - 1))]
    return [f"| {' | '.join(cells)} |" for cells in (rows[0], rule, *rows[1:])]


def _repeats(rows: Sequence[Row]) -> str:
    counts = sorted({len(rates["samples"]) for row in rows for rates in row["rates"].values()})
    return f"{counts[0]} to {counts[-1]}" if counts[0] < counts[-1] else str(counts[0])


def _most_threads(rows: Sequence[Row]) -> int:
    return max(row["threads"] for row in rows)


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"


if __name__ == "__main__":
    main()
